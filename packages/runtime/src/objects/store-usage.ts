/**
 * What each thread has in the object store, in one shared table, so that any thread can check the budget and the node
 * can strike out what a dead thread had. Small values live in their refs and are not counted.
 *
 * Three figures a thread: bytes of the large objects that it owns; bytes of shared memory that it keeps, free segments
 * of its pool included, which the budget limits; bytes of its spill files.
 */
import { MAX_THREADS } from "../transport/bells.ts";
import { removeSpillFiles } from "./spill-files.ts";

const SLOTS = MAX_THREADS;
const COLUMNS = 3;
type Column = 0 | 1 | 2;
const OWNED = 0;
const RESIDENT = 1;
const SPILLED = 2;
/** After the table: the highest slot in use, and how often some thread ran out of memory. */
const HIGHEST = SLOTS * COLUMNS;
const PRESSURE = HIGHEST + 1;

export interface StoreUsageHandle {
  readonly memory: SharedArrayBuffer;
  readonly slot: number;
  readonly limitBytes: number;
  /** Spill files of the session lie here; made by who first needs it. */
  readonly spillDirectory: string;
}

export class StoreUsage {
  readonly handle: StoreUsageHandle;
  readonly #words: BigInt64Array;

  constructor(handle: StoreUsageHandle) {
    this.handle = handle;
    this.#words = new BigInt64Array(handle.memory);
  }

  static create(limitBytes: number, spillDirectory: string): StoreUsage {
    const memory = new SharedArrayBuffer((PRESSURE + 1) * BigInt64Array.BYTES_PER_ELEMENT);
    return new StoreUsage({ memory, slot: 0, limitBytes, spillDirectory });
  }

  /** The table as seen by the thread that has this slot. Slots are handed out by the node, from 1. */
  forSlot(slot: number): StoreUsageHandle {
    if (slot >= SLOTS) throw new Error(`more than ${SLOTS - 1} threads took part at once`);
    if (BigInt(slot) > Atomics.load(this.#words, HIGHEST)) Atomics.store(this.#words, HIGHEST, BigInt(slot));
    return { ...this.handle, slot };
  }

  /** Bytes of objects that this thread owns (negative: fewer). */
  add(bytes: number): void {
    this.#add(OWNED, bytes);
  }

  addResident(bytes: number): void {
    this.#add(RESIDENT, bytes);
  }

  addSpilled(bytes: number): void {
    this.#add(SPILLED, bytes);
  }

  /** Counts memory that this thread is about to allocate, if the budget allows it. */
  reserve(bytes: number): boolean {
    this.#add(RESIDENT, bytes); // first, so that two threads cannot both take what is left
    if (this.residentBytes <= this.handle.limitBytes) return true;
    this.#add(RESIDENT, -bytes);
    return false;
  }

  /** A thread has ended: what it had is gone with it, its spill files too. */
  strike(slot: number): void {
    for (const column of [OWNED, RESIDENT, SPILLED] as const) {
      Atomics.store(this.#words, slot * COLUMNS + column, 0n);
    }
    removeSpillFiles(this.handle.spillDirectory, slot);
  }

  /** Bytes of large objects of all threads, in memory or spilled. */
  get usedBytes(): number {
    return this.#sum(OWNED);
  }

  /** Bytes of shared memory of all threads, free segments included. */
  get residentBytes(): number {
    return this.#sum(RESIDENT);
  }

  /** The share of this thread. */
  get ownResidentBytes(): number {
    return Number(Atomics.load(this.#words, this.handle.slot * COLUMNS + RESIDENT));
  }

  /** Bytes of spill files of all threads. */
  get spilledBytes(): number {
    return this.#sum(SPILLED);
  }

  /** Grows when a thread finds no memory within the budget: the others should let go of what they do not need. */
  get pressure(): bigint {
    return Atomics.load(this.#words, PRESSURE);
  }

  raisePressure(): void {
    Atomics.add(this.#words, PRESSURE, 1n);
  }

  #add(column: Column, bytes: number): void {
    Atomics.add(this.#words, this.handle.slot * COLUMNS + column, BigInt(bytes));
  }

  #sum(column: Column): number {
    const highest = Number(Atomics.load(this.#words, HIGHEST));
    let sum = 0n;
    for (let slot = 0; slot <= highest; slot++) sum += Atomics.load(this.#words, slot * COLUMNS + column);
    return Number(sum);
  }
}
