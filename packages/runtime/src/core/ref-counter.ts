/**
 * Counts, per thread, how many times a thing was handed to it minus how often it was given back. Used by the owner of
 * an object for its borrowers and by the node for actor handles.
 *
 * A borrower that passes a reference on tells the counter itself (`add`), and its message may arrive after the
 * receiver has already given the reference back; so one thread's count may be negative for a while. The thing is in
 * use as long as any count is not zero: the thread that passed it on still has its own count until its message, sent
 * before its own give-back over the same ordered channel, has arrived.
 */
export class RefCounter {
  /** Most things are with one thread only; a table is made for the second. */
  #only: string | undefined;
  #count = 0;
  #counts: Map<string, number> | undefined;

  /** `times` more references were handed to `peer` (negative: given back). Returns whether the thing is still in use. */
  add(peer: string, times: number): boolean {
    if (this.#counts === undefined) {
      if (this.#count === 0) this.#only = peer;
      if (this.#only === peer) {
        this.#count += times;
        return this.inUse;
      }
      this.#counts = new Map();
      if (this.#only !== undefined) this.#counts.set(this.#only, this.#count);
    }
    const count = (this.#counts.get(peer) ?? 0) + times;
    if (count === 0) this.#counts.delete(peer);
    else this.#counts.set(peer, count);
    return this.inUse;
  }

  /** The thread has ended: whatever it had is given back. Returns whether the thing is still in use. */
  drop(peer: string): boolean {
    if (this.#counts !== undefined) this.#counts.delete(peer);
    else if (this.#only === peer) this.#count = 0;
    return this.inUse;
  }

  get inUse(): boolean {
    return this.#counts === undefined ? this.#count !== 0 : this.#counts.size > 0;
  }

  /** Whether this thread's count is not zero. */
  has(peer: string): boolean {
    return this.#counts === undefined ? this.#only === peer && this.#count !== 0 : this.#counts.has(peer);
  }

  /** How often each thread has it. */
  counts(): readonly (readonly [peer: string, times: number])[] {
    if (this.#counts !== undefined) return [...this.#counts];
    return this.#only === undefined || this.#count === 0 ? [] : [[this.#only, this.#count]];
  }

  peers(): readonly string[] {
    return this.counts().map(([peer]) => peer);
  }
}
