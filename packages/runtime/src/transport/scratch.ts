/** Where messages are encoded, and how numbers and texts lie in their bytes. */
const SCRATCH_BYTES = 128 * 1024;

/** Where the last message was encoded: one for the thread, used again for the next. */
export const scratch: { bytes: Buffer } = { bytes: Buffer.allocUnsafeSlow(SCRATCH_BYTES) };

export function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start);
  if (end - start > 64) bytes.copy(copy, 0, start, end);
  else for (let i = start; i < end; i++) copy[i - start] = bytes[i] ?? 0; // cheaper than a call
  return copy;
}

/** Makes room for `length` bytes at `at`: {@link scratch} may have other memory afterwards. */
export function reserve(at: number, length: number): void {
  const end = at + length;
  if (end <= scratch.bytes.length) return;
  const larger = Buffer.allocUnsafeSlow(2 * end);
  larger.set(scratch.bytes.subarray(0, at));
  scratch.bytes = larger;
}

export function append(at: number, source: Uint8Array): number {
  const { length } = source;
  const end = at + length;
  reserve(at, length);
  const { bytes } = scratch;
  if (length > 64) bytes.set(source, at);
  else for (let i = 0; i < length; i++) bytes[at + i] = source[i] ?? 0; // cheaper than a call
  return end;
}

export function put16(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

export function put32(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}

export const get16 = (bytes: Buffer, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

export const get32 = (bytes: Buffer, at: number): number =>
  ((bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)) >>>
  0;

const TWO_32 = 2 ** 32;
export const MAX_32: number = TWO_32 - 1;

/** Counts have 48 bits: at a million a second they last for nine years. */
export function putCount(bytes: Buffer, at: number, count: number): void {
  put32(bytes, at, count >>> 0);
  put16(bytes, at + 4, Math.floor(count / TWO_32));
}

export const getCount = (bytes: Buffer, at: number): number =>
  get32(bytes, at) + (bytes[at + 4] === 0 && bytes[at + 5] === 0 ? 0 : get16(bytes, at + 4) * TWO_32);

/** Ids and the like: up to 255 characters of ASCII, after their number. */
export function putText(bytes: Buffer, at: number, text: string): number {
  const { length } = text;
  bytes[at] = length;
  for (let i = 0; i < length; i++) bytes[at + 1 + i] = text.charCodeAt(i);
  return at + 1 + length;
}

export const getText = (bytes: Buffer, at: number): string =>
  bytes.toString("latin1", at + 1, at + 1 + (bytes[at] ?? 0));
