/**
 * How many bytes of large objects each thread owns, in one shared table, so that any thread can check the budget and
 * the node can strike out what a dead thread had. Small values live in their refs and are not counted.
 */
import { ObjectStoreFullError } from "../core/errors.ts";
import { MAX_THREADS } from "../transport/bells.ts";

const SLOTS = MAX_THREADS;

export interface StoreUsageHandle {
  readonly memory: SharedArrayBuffer;
  readonly slot: number;
  readonly limitBytes: number;
}

export class StoreUsage {
  readonly handle: StoreUsageHandle;
  readonly #words: BigInt64Array;

  constructor(handle: StoreUsageHandle) {
    this.handle = handle;
    this.#words = new BigInt64Array(handle.memory);
  }

  static create(limitBytes: number): StoreUsage {
    const bytes = (SLOTS + 1) * BigInt64Array.BYTES_PER_ELEMENT;
    return new StoreUsage({ memory: new SharedArrayBuffer(bytes), slot: 0, limitBytes });
  }

  /** The table as seen by the thread that has this slot. Slots are handed out by the node, from 1. */
  forSlot(slot: number): StoreUsageHandle {
    if (slot >= SLOTS) throw new Error(`more than ${SLOTS - 1} threads took part at once`);
    const used = SLOTS; // the last word: the highest slot in use
    if (BigInt(slot) > Atomics.load(this.#words, used)) Atomics.store(this.#words, used, BigInt(slot));
    return { ...this.handle, slot };
  }

  add(bytes: number): void {
    Atomics.add(this.#words, this.handle.slot, BigInt(bytes));
  }

  /** What a thread had is gone with it. */
  strike(slot: number): void {
    Atomics.store(this.#words, slot, 0n);
  }

  get usedBytes(): number {
    const highest = Number(Atomics.load(this.#words, SLOTS));
    let sum = 0n;
    for (let slot = 0; slot <= highest; slot++) sum += Atomics.load(this.#words, slot);
    return Number(sum);
  }

  /** Shared memory for one large buffer. */
  allocate(byteLength: number): SharedArrayBuffer {
    const used = this.usedBytes;
    const { limitBytes } = this.handle;
    if (used + byteLength > limitBytes) {
      throw new ObjectStoreFullError(
        `the object store is full: ${byteLength} bytes asked for, ${used} of ${limitBytes} bytes in use; ` +
          "drop refs that are no longer needed (`using ref`), or raise init({ objectStoreMemory })",
        { fields: { requestedBytes: byteLength, usedBytes: used, limitBytes } },
      );
    }
    return new SharedArrayBuffer(byteLength);
  }
}
