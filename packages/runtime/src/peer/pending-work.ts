/**
 * The tasks and calls that were sent to other threads and not answered, by their count. Most are answered soon, so
 * each has its place in a table by the last bits of its count; those that take longer than a round of the table move
 * to a map.
 */
import type { Work } from "./work.ts";

const TABLE = 4096;

export class PendingWork {
  readonly #table: (Work | undefined)[] = Array.from({ length: TABLE }, () => undefined);
  readonly #older = new Map<number, Work>();
  #count = 0;

  /** The count of the next task or call. */
  next(): number {
    return this.#count++;
  }

  expect(work: Work): void {
    const at = work.count % TABLE;
    const before = this.#table[at];
    if (before !== undefined) this.#older.set(before.count, before);
    this.#table[at] = work;
  }

  get(count: number): Work | undefined {
    const work = this.#table[count % TABLE];
    return work?.count === count ? work : this.#older.get(count);
  }

  /** The answer has come. Undefined when nobody waits for it any more. */
  take(count: number): Work | undefined {
    const at = count % TABLE;
    const work = this.#table[at];
    if (work?.count === count) {
      this.#table[at] = undefined;
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
    this.#table.fill(undefined);
    this.#older.clear();
  }
}
