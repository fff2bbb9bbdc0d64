/**
 * Free segments of one thread, by capacity. Their memory was touched before, which is what makes them worth keeping:
 * the first touch of fresh shared memory costs more than thirty times what a copy into it costs.
 */

/** A free segment may be this much longer than what is asked for. */
const SLACK = 1.25;

export class SegmentPool {
  readonly #free = new Map<number, SharedArrayBuffer[]>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A free segment of this capacity, or one slightly above. */
  take(capacity: number): SharedArrayBuffer | undefined {
    const exact = this.#pop(capacity);
    if (exact !== undefined || this.#bytes < capacity) return exact;
    for (const size of this.#free.keys()) {
      if (size > capacity && size <= capacity * SLACK) return this.#pop(size);
    }
    return undefined;
  }

  /** Takes a segment in. Returns the bytes of those that had to go for it. */
  give(base: SharedArrayBuffer): number {
    const capacity = base.byteLength;
    if (capacity > this.#maxBytes) return capacity;
    const gone = this.trim(this.#bytes + capacity - this.#maxBytes);
    const list = this.#free.get(capacity);
    if (list === undefined) this.#free.set(capacity, [base]);
    else list.push(base);
    this.#bytes += capacity;
    return gone;
  }

  /** Lets go of at least `bytes`, when there are as many; sizes that were not asked for lately go first. Returns how many. */
  trim(bytes: number): number {
    let gone = 0;
    while (gone < bytes) {
      const [size] = this.#free.keys();
      if (size === undefined) break;
      this.#pop(size);
      gone += size;
    }
    return gone;
  }

  #pop(capacity: number): SharedArrayBuffer | undefined {
    const list = this.#free.get(capacity);
    const base = list?.pop();
    if (list === undefined || base === undefined) return undefined;
    this.#free.delete(capacity);
    if (list.length > 0) this.#free.set(capacity, list); // asked for last: trimmed last
    this.#bytes -= capacity;
    return base;
  }
}
