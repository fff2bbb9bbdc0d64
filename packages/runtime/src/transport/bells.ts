/**
 * How threads wake each other: two shared words for each thread of a session. The first counts what was handed to it,
 * so that a thread that looks around knows whether to look further. The second says whether it looks around by itself
 * (awake), must be called by a message (asleep), or blocks on the first word.
 *
 * The second word has an epoch, which grows each time the thread falls asleep: whoever rang may note "rung" only for
 * the sleep that it rang for. The call is made before it is noted, so a thread that ends in between leaves one call
 * too many and never one too few.
 */

export type Bells = SharedArrayBuffer;

/** How many threads can take part in a session at once. */
export const MAX_THREADS = 16_384;

const STRIDE = 16;
const STATE = 1;
/** In the node's line: how many threads are awake. */
const AWAKE_THREADS = 2;

const AWAKE = 0;
const ASLEEP = 1;
const RUNG = 2;
const BLOCKED = 3;
const STATES = 4;

export function makeBells(): Bells {
  return new SharedArrayBuffer(MAX_THREADS * STRIDE * Int32Array.BYTES_PER_ELEMENT);
}

/** One thread's own words. */
export class OwnBell {
  readonly #words: Int32Array;
  readonly #count: number;
  #epoch = 0;

  constructor(bells: Bells, slot: number) {
    this.#words = new Int32Array(bells);
    this.#count = slot * STRIDE;
    this.#set(ASLEEP);
  }

  /** How often it was rung. */
  get count(): number {
    return Atomics.load(this.#words, this.#count);
  }

  awake(): void {
    this.#set(AWAKE);
    Atomics.add(this.#words, AWAKE_THREADS, 1);
  }

  /** How many threads are awake, this one included. */
  get awakeThreads(): number {
    return Atomics.load(this.#words, AWAKE_THREADS);
  }

  /** From now on others call. The caller looks at `count` once more afterwards. */
  asleep(): void {
    this.#epoch = (this.#epoch + 1) & 0x0fff_ffff;
    Atomics.sub(this.#words, AWAKE_THREADS, 1);
    this.#set(ASLEEP);
  }

  /** An awake thread blocks until it was rung after `seen`, or the time is up. */
  block(seen: number, timeoutMs: number): void {
    Atomics.sub(this.#words, AWAKE_THREADS, 1);
    this.#set(BLOCKED);
    Atomics.wait(this.#words, this.#count, seen, timeoutMs);
    this.awake();
  }

  #set(state: number): void {
    Atomics.store(this.#words, this.#count + STATE, this.#epoch * STATES + state);
  }
}

/** A thread has ended: if it was awake, it is not counted any more. */
export function retireBell(bells: Bells, slot: number): void {
  const words = new Int32Array(bells);
  const state = Atomics.exchange(words, slot * STRIDE + STATE, ASLEEP);
  if (state % STATES === AWAKE) Atomics.sub(words, AWAKE_THREADS, 1);
}

/** Another thread's bell. */
export class RemoteBell {
  readonly #words: Int32Array;
  readonly #count: number;
  readonly #call: () => void;

  /** @param call wakes the thread's event loop */
  constructor(bells: Bells, slot: number, call: () => void) {
    this.#words = new Int32Array(bells);
    this.#count = slot * STRIDE;
    this.#call = call;
  }

  /**
   * Something was handed over. `heard` says that the call will be heard; as long as the other thread may not have its
   * end of the channel yet, the call is made and not noted, so that others who ring make theirs.
   */
  ring(heard: boolean): void {
    Atomics.add(this.#words, this.#count, 1);
    const state = Atomics.load(this.#words, this.#count + STATE);
    switch (state & (STATES - 1)) {
      case ASLEEP:
        this.#call();
        if (heard) Atomics.compareExchange(this.#words, this.#count + STATE, state, state - ASLEEP + RUNG);
        break;
      case BLOCKED:
        Atomics.notify(this.#words, this.#count);
    }
  }

  /** Rings whatever state the words are in: a thread that died may have left them wrong. */
  insist(): void {
    Atomics.add(this.#words, this.#count, 1);
    Atomics.notify(this.#words, this.#count);
    this.#call();
  }
}
