/** Whether and how far objects are closed: not extensible, sealed, frozen. */
import { Integrity } from "./wire.ts";

/** How far an object is closed. */
export function integrityOf(value: object): number {
  if (Object.isExtensible(value)) return Integrity.open;
  // V8 takes a sealed empty array for frozen, although its length is writable.
  if (Object.isFrozen(value) && !hasWritableLength(value)) return Integrity.frozen;
  return Object.isSealed(value) ? Integrity.sealed : Integrity.notExtensible;
}

function hasWritableLength(value: object): boolean {
  return Array.isArray(value) && Object.getOwnPropertyDescriptor(value, "length")?.writable === true;
}

/** Freezes, seals or closes an object. */
export function closeObject(object: object, integrity: number): void {
  if (integrity === Integrity.frozen) Object.freeze(object);
  else if (integrity === Integrity.sealed) Object.seal(object);
  else Object.preventExtensions(object);
}
