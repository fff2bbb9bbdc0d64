/**
 * The sizes of shared segments: four for each doubling, so that at most a fifth of a segment is unused and a freed one
 * fits the next object of about that size. Multiples of 64 bytes, the length of a cache line.
 */

const LARGE_BYTES = 64 * 1024 * 1024;
const LARGE_STEP_BYTES = 1024 * 1024;
const LINE_BYTES = 64;

/** Bytes of the segment for an object of this size. Above 64 MiB sizes are rounded to whole MiB. */
export function capacityFor(byteLength: number): number {
  if (byteLength > LARGE_BYTES) return roundUp(byteLength, LARGE_STEP_BYTES);
  if (byteLength <= 4 * LINE_BYTES) return Math.max(LINE_BYTES, roundUp(byteLength, LINE_BYTES));
  const power = 2 ** Math.floor(Math.log2(byteLength));
  return roundUp(byteLength, power / 4);
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}
