/**
 * A byte ring in shared memory for one writing and one reading thread. Frames are contiguous, so that the reader looks
 * at them in place; a frame that would wrap leaves a mark behind and begins at the start.
 *
 * Positions count bytes for ever (modulo 2^32), so that an empty ring and a full one differ. What is written becomes
 * visible with `publish`: a thread that ends in the middle of a frame leaves nothing half-written behind.
 */
import { Place } from "./place.ts";

/** Words of the header, each in a cache line of its own. */
const HEAD = 0;
const TAIL = 16;
const WRITER_WAITS = 32;
const PLACE = 48;
const HEADER_BYTES = 256;

/** Every frame starts with a word: its length and these bits. */
const MORE = 0x8000_0000;
const ATTACHED = 0x4000_0000;
const LENGTH = 0x3fff_ffff;
/** Instead of a length: the rest up to the end is not used. */
const WRAP = LENGTH;
const WORD = 4;

/** What a frame says about itself beside its bytes. */
export interface FrameFlags {
  /** Another piece of the same message follows. */
  readonly more: boolean;
  /** Attachments for this message were handed over before it. */
  readonly attached: boolean;
}

/** Memory for a ring that holds `capacity` bytes: a power of two of at least 64. */
export function makeRing(capacity: number): SharedArrayBuffer {
  if (capacity < 64 || !Number.isInteger(Math.log2(capacity))) {
    throw new RangeError(`a ring's capacity is a power of two of at least 64, not ${capacity}`);
  }
  return new SharedArrayBuffer(HEADER_BYTES + capacity);
}

/** The longest piece that a ring of this memory takes, whatever its position. */
export function longestFrame(memory: SharedArrayBuffer): number {
  return (memory.byteLength - HEADER_BYTES) / 2 - WORD;
}

const padded = (length: number): number => WORD + ((length + WORD - 1) & ~(WORD - 1));

export class RingWriter {
  readonly #header: Int32Array;
  readonly #words: Uint32Array;
  readonly #bytes: Buffer;
  readonly #capacity: number;
  #head: number;
  #tail: number;
  #published: number;

  constructor(memory: SharedArrayBuffer) {
    this.#header = new Int32Array(memory, 0, HEADER_BYTES / WORD);
    this.#capacity = memory.byteLength - HEADER_BYTES;
    this.#words = new Uint32Array(memory, HEADER_BYTES);
    this.#bytes = Buffer.from(memory, HEADER_BYTES);
    this.#head = Atomics.load(this.#header, HEAD);
    this.#tail = Atomics.load(this.#header, TAIL);
    this.#published = this.#head;
  }

  /** Copies `source[start, end)` in as one frame; false when there is no room now. */
  write(source: Buffer, start: number, end: number, flags: FrameFlags): boolean {
    const length = end - start;
    const needed = padded(length);
    let at = (this.#head >>> 0) % this.#capacity;
    const skipped = at + needed > this.#capacity ? this.#capacity - at : 0;
    if (!this.#hasRoom(skipped + needed)) return false;
    if (skipped > 0) {
      this.#words[at / WORD] = WRAP;
      at = 0;
    }
    this.#words[at / WORD] = (length | (flags.more ? MORE : 0) | (flags.attached ? ATTACHED : 0)) >>> 0;
    const target = at + WORD;
    if (length > 96) source.copy(this.#bytes, target, start, end);
    else for (let i = 0; i < length; i++) this.#bytes[target + i] = source[start + i] ?? 0; // cheaper than a call
    this.#head = (this.#head + skipped + needed) | 0;
    return true;
  }

  /** A word that both ends share beside the frames. */
  get place(): Place {
    return new Place(this.#header, PLACE);
  }

  /** Bytes that the reader cannot see yet. */
  get unpublished(): number {
    return (this.#head - this.#published) >>> 0;
  }

  /** Shows the reader what was written. Returns whether there was anything new. */
  publish(): boolean {
    if (this.#head === this.#published) return false;
    this.#published = this.#head;
    Atomics.store(this.#header, HEAD, this.#head);
    return true;
  }

  /** Asks the reader to ring once it has made room. Returns whether there is room already. */
  waitForRoom(): boolean {
    const before = this.#tail;
    Atomics.store(this.#header, WRITER_WAITS, 1);
    this.#tail = Atomics.load(this.#header, TAIL);
    return this.#tail !== before;
  }

  #hasRoom(bytes: number): boolean {
    if (((this.#head - this.#tail) >>> 0) + bytes <= this.#capacity) return true;
    this.#tail = Atomics.load(this.#header, TAIL);
    return ((this.#head - this.#tail) >>> 0) + bytes <= this.#capacity;
  }
}

/** Looks at one frame; the bytes are only valid during the call. */
export type FrameVisitor = (bytes: Buffer, start: number, end: number, flags: number) => void;

export const isMore = (flags: number): boolean => flags >>> 31 === 1;
export const isAttached = (flags: number): boolean => (flags & ATTACHED) !== 0;

export class RingReader {
  readonly #header: Int32Array;
  readonly #words: Uint32Array;
  readonly #bytes: Buffer;
  readonly #capacity: number;
  #tail: number;

  constructor(memory: SharedArrayBuffer) {
    this.#header = new Int32Array(memory, 0, HEADER_BYTES / WORD);
    this.#capacity = memory.byteLength - HEADER_BYTES;
    this.#words = new Uint32Array(memory, HEADER_BYTES);
    this.#bytes = Buffer.from(memory, HEADER_BYTES);
    this.#tail = Atomics.load(this.#header, TAIL);
  }

  /** The same word as the writer's. */
  get place(): Place {
    return new Place(this.#header, PLACE);
  }

  /**
   * Visits the next frame; false when there is none. The frame counts as read before it is visited, so a visitor may
   * read on; its room goes back to the writer with `release`.
   */
  read(visit: FrameVisitor): boolean {
    const head = Atomics.load(this.#header, HEAD);
    if (head === this.#tail) return false;
    let at = (this.#tail >>> 0) % this.#capacity;
    let word = this.#words[at / WORD] ?? 0;
    if (word === WRAP) {
      this.#tail = (this.#tail + this.#capacity - at) | 0;
      at = 0;
      word = this.#words[0] ?? 0;
    }
    const length = word & LENGTH;
    this.#tail = (this.#tail + padded(length)) | 0;
    visit(this.#bytes, at + WORD, at + WORD + length, word);
    return true;
  }

  /** Gives the room of everything read back. Returns whether the writer waits for it and wants to be rung. */
  release(): boolean {
    Atomics.store(this.#header, TAIL, this.#tail);
    return (
      Atomics.load(this.#header, WRITER_WAITS) === 1 && Atomics.exchange(this.#header, WRITER_WAITS, 0) === 1
    );
  }
}
