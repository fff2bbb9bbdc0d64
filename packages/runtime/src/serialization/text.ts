/**
 * UTF-8, and so msgpack, cannot hold a lone surrogate; such strings travel as their code units. This file says which
 * strings those are and makes the two forms from one another.
 */

/** `String.prototype.isWellFormed` is in every Node that we support, and not yet in the ES2023 typings. */
interface WellFormedString {
  isWellFormed(): boolean;
}

/** Whether UTF-8 carries the string exactly. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as WellFormedString).isWellFormed();
}

/** The UTF-16 code units of any string. */
export function toCodeUnits(text: string): Uint8Array {
  return Buffer.from(text, "utf16le");
}

/** The inverse of {@link toCodeUnits}; `units` may lie in shared memory. */
export function fromCodeUnits(units: Uint8Array): string {
  return Buffer.from(units.buffer, units.byteOffset, units.byteLength).toString("utf16le");
}
