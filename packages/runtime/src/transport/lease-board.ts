/**
 * Parked leases: what a holder and the node agree on without messages, in one shared word for each worker and one for
 * the node. The holder of a parked lease has nothing to run and keeps the way open for its next task; the node may
 * take the worker back at any time. Both move the word by compare-and-exchange, so exactly one of them gets it.
 *
 * The word carries the lease's number beside its state: whoever still has an older lease in mind moves nothing.
 */
import { countOf, type LeaseId } from "../core/ids.ts";

const STRIDE = 16;
/** Slot of the node's own word: whether somebody waits for workers or resources. */
const NODE = 0;

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

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  // The holder's side.

  /** False when the node waits for workers, or has ended the lease: then it is to be returned. */
  park(slot: number, lease: LeaseId): boolean {
    if (!this.#move(slot, lease, HELD, PARKED)) return false;
    return Atomics.load(this.#words, NODE) === 0 || !this.resume(slot, lease);
  }

  /** Takes a parked lease up again; false when the node was faster. */
  resume(slot: number, lease: LeaseId): boolean {
    return this.#move(slot, lease, PARKED, HELD);
  }

  get nodeWaits(): boolean {
    return Atomics.load(this.#words, NODE) !== 0;
  }

  // The node's side.

  /** Somebody waits for a worker or for resources: leases come back instead of being parked. */
  setNodeWaits(waits: boolean): void {
    Atomics.store(this.#words, NODE, waits ? 1 : 0);
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
