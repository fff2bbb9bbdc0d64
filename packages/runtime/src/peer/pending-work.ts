/**
 * The tasks and calls that were sent to other threads and not answered, by their count. Each has its place in a table
 * by the last bits of its count. Most are answered soon; those that take longer than a round of the table move to a
 * map, unless so many are under way that the table had better be larger.
 */
import type { Work } from "./work.ts";

const SMALLEST = 4096;
const LARGEST = 2 ** 18;

export class PendingWork {
  #table = emptyTable(SMALLEST);
  /** How many are in the table. */
  #size = 0;
  readonly #older = new Map<number, Work>();
  #count = 0;

  /** The count of the next task or call. */
  next(): number {
    return this.#count++;
  }

  expect(work: Work): void {
    if (this.#size * 2 > this.#table.length && this.#table.length < LARGEST) this.#grow();
    const at = work.count % this.#table.length;
    const before = this.#table[at];
    if (before === undefined) this.#size++;
    else this.#older.set(before.count, before);
    this.#table[at] = work;
  }

  get(count: number): Work | undefined {
    const work = this.#table[count % this.#table.length];
    return work?.count === count ? work : this.#older.get(count);
  }

  *all(): Iterable<Work> {
    for (const work of this.#table) if (work !== undefined) yield work;
    yield* this.#older.values();
  }

  /** The answer has come. Undefined when nobody waits for it any more. */
  take(count: number): Work | undefined {
    const at = count % this.#table.length;
    const work = this.#table[at];
    if (work?.count === count) {
      this.#table[at] = undefined;
      this.#size--;
      return work;
    }
    const older = this.#older.get(count);
    if (older !== undefined) this.#older.delete(count);
    return older;
  }

  forget(work: Work): void {
    this.take(work.count);
  }

  clear(): void {
    this.#table = emptyTable(SMALLEST);
    this.#size = 0;
    this.#older.clear();
  }

  #grow(): void {
    const before = this.#table;
    const table = emptyTable(before.length * 4);
    // Two that had places of their own still have them.
    for (const work of before) if (work !== undefined) table[work.count % table.length] = work;
    this.#table = table;
  }
}

const emptyTable = (length: number): (Work | undefined)[] => Array<Work | undefined>(length).fill(undefined);
