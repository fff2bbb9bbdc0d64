/**
 * One per thread: all of its channels, and the bell on which the thread can sleep while it blocks. Every sender rings
 * the bell of the receiving thread after it has handed a message over, so a blocked `getSync` wakes for whatever
 * arrives on any channel and goes on serving it.
 */
import type { Channel } from "./channel.ts";

/** The bells of all threads of a session: one shared counter each. */
export type Bells = SharedArrayBuffer;

/** How many threads can take part in a session at once. */
export const MAX_THREADS = 16_384;

export function makeBells(): Bells {
  return new SharedArrayBuffer(MAX_THREADS * Int32Array.BYTES_PER_ELEMENT);
}

/** Wakes the thread at this slot, if it sleeps. */
export function ring(bells: Int32Array, slot: number): void {
  Atomics.add(bells, slot, 1);
  Atomics.notify(bells, slot);
}

export class Inbox {
  readonly bells: Int32Array;
  readonly #slot: number;
  readonly #channels = new Set<Channel>();

  constructor(bells: Bells, slot: number) {
    this.bells = new Int32Array(bells);
    this.#slot = slot;
  }

  add(channel: Channel): void {
    this.#channels.add(channel);
  }

  remove(channel: Channel): void {
    this.#channels.delete(channel);
  }

  /** Sends what is queued on every channel. */
  flush(): void {
    for (const channel of this.#channels) channel.flush();
  }

  /** Handles everything that has arrived. */
  drain(): void {
    for (let any = true; any;) {
      any = false;
      for (const channel of this.#channels) if (channel.drain()) any = true;
    }
  }

  /**
   * Blocks this thread, serving messages, until `done()` or the deadline (`performance.now()` milliseconds).
   * Returns whether it was done in time.
   */
  waitSync(done: () => boolean, deadline: number = Infinity): boolean {
    for (;;) {
      const seen = Atomics.load(this.bells, this.#slot);
      this.drain();
      if (done()) return true;
      this.flush();
      const left = deadline - performance.now();
      if (left <= 0) return false;
      Atomics.wait(this.bells, this.#slot, seen, left);
    }
  }
}
