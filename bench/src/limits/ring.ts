/**
 * The raw ring: a single-producer, single-consumer byte ring in shared memory and nothing else. It is the physical
 * limit that the runtime's transport is held against, so it shares no code with it.
 *
 * A frame is a 32-bit length and the payload, padded to 8 bytes; payloads have at most 4 bytes. The capacity is a
 * multiple of 8, so a frame never wraps. Indices count bytes without end, modulo 2^32.
 */

const FRAME = 8;
/** Words of the header; each writer's word has a cache line of its own. */
const WRITTEN = 0;
const READ = 16;
const ASLEEP = 32;
const HEADER_WORDS = 48;

export interface RingMemory {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
}

/** @param capacity - bytes, a power of two >= 8 */
export function makeRing(capacity: number): RingMemory {
  if (!Number.isInteger(Math.log2(capacity)) || capacity < FRAME) {
    throw new RangeError(`the capacity of a ring must be a power of two >= ${FRAME}, not ${capacity}`);
  }
  return {
    words: new Int32Array(new SharedArrayBuffer(HEADER_WORDS * 4)),
    bytes: new Uint8Array(new SharedArrayBuffer(capacity)),
  };
}

/** Writes a frame; false when there is no room. The reader sees it at once. */
export function push({ words, bytes }: RingMemory, payload: Uint8Array): boolean {
  if (payload.length > FRAME - 4) throw new RangeError(`a payload has at most ${FRAME - 4} bytes`);
  const written = Atomics.load(words, WRITTEN);
  if (((written - Atomics.load(words, READ)) | 0) >= bytes.length) return false;
  const at = written & (bytes.length - 1);
  bytes[at] = payload.length;
  bytes.set(payload, at + 4);
  Atomics.store(words, WRITTEN, (written + FRAME) | 0);
  return true;
}

/** Hands every frame that is there to `take`, which must not keep the view, and says how many there were. */
export function drain({ words, bytes }: RingMemory, take: (payload: Uint8Array) => void): number {
  let read = Atomics.load(words, READ);
  const written = Atomics.load(words, WRITTEN);
  let count = 0;
  for (; read !== written; count++) {
    const at = read & (bytes.length - 1);
    take(bytes.subarray(at + 4, at + 4 + (bytes[at] ?? 0)));
    read = (read + FRAME) | 0;
    Atomics.store(words, READ, read);
  }
  return count;
}

/** The reader says that it stops looking. False when something came in meanwhile: then it must look again. */
export function fallAsleep({ words }: RingMemory): boolean {
  Atomics.store(words, ASLEEP, 1);
  if (Atomics.load(words, WRITTEN) === Atomics.load(words, READ)) return true;
  Atomics.store(words, ASLEEP, 0);
  return false;
}

/** The writer asks, after a push, whether the reader must be woken by a message. True once for each sleep. */
export function mustWake({ words }: RingMemory): boolean {
  return Atomics.load(words, ASLEEP) === 1 && Atomics.exchange(words, ASLEEP, 0) === 1;
}
