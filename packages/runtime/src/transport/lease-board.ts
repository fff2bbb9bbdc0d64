/**
 * Parked leases: what a holder and the node agree on without messages, in one shared word for each worker and one for
 * the node. The holder of a parked lease has nothing to run and keeps the way open for its next task; the node may
 * take the worker back at any time. Both move the word by compare-and-exchange, so exactly one of them gets it.
 *
 * The word carries the lease's number beside its state: whoever still has an older lease in mind moves nothing.
 */
import { countOf, type LeaseId } from "../core/ids.ts";

const STRIDE = 16;
/** Slot of the node's own word: who waits for workers or resources. */
const NODE = 0;
const NOBODY = 0;
const MANY = -1;

const HELD = 0;
const PARKED = 1;
const ENDED = 2;
const STATES = 4;
const NUMBERS = 2 ** 29;

/** Memory for as many threads as there are slots. */
export function makeLeaseBoard(slots: number): SharedArrayBuffer {
  return new SharedArrayBuffer(slots * STRIDE * Int32Array.BYTES_PER_ELEMENT);
}

const word = (lease: LeaseId, state: number): number => (countOf(lease) % NUMBERS) * STATES + state;

export class LeaseBoard {
  readonly #words: Int32Array;
  readonly #slot: number;

  /** @param slot of the thread that uses this board */
  constructor(memory: SharedArrayBuffer, slot: number) {
    this.#words = new Int32Array(memory);
    this.#slot = slot;
  }

  // The holder's side.

  /** False when others wait for workers, or the node has ended the lease: then it is to be returned. */
  park(slot: number, lease: LeaseId): boolean {
    if (!this.#move(slot, lease, HELD, PARKED)) return false;
    return !this.othersWait || !this.resume(slot, lease);
  }

  /** Takes a parked lease up again; false when the node was faster. */
  resume(slot: number, lease: LeaseId): boolean {
    return this.#move(slot, lease, PARKED, HELD);
  }

  /** Whether anybody but this thread waits for a worker. */
  get othersWait(): boolean {
    const who = Atomics.load(this.#words, NODE);
    return who !== NOBODY && who !== this.#slot;
  }

  // The node's side.

  /** Whoever waits: nobody, one thread for itself, or several. Returns whether that is new. */
  setWaiting(who: number | "nobody" | "many"): boolean {
    const word = who === "nobody" ? NOBODY : who === "many" ? MANY : who;
    return Atomics.exchange(this.#words, NODE, word) !== word;
  }

  grant(slot: number, lease: LeaseId): void {
    Atomics.store(this.#words, slot * STRIDE, word(lease, HELD));
  }

  isParked(slot: number, lease: LeaseId): boolean {
    return Atomics.load(this.#words, slot * STRIDE) === word(lease, PARKED);
  }

  /** Ends a parked lease; false when it is in use. */
  reclaim(slot: number, lease: LeaseId): boolean {
    return this.#move(slot, lease, PARKED, ENDED);
  }

  #move(slot: number, lease: LeaseId, from: number, to: number): boolean {
    const before = word(lease, from);
    return Atomics.compareExchange(this.#words, slot * STRIDE, before, word(lease, to)) === before;
  }
}
