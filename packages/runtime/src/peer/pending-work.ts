/** The tasks and calls that were sent to other threads and not answered, by their count. */
import type { Work } from "./work.ts";

export class PendingWork {
  readonly #work = new Map<number, Work>();
  #count = 0;

  /** The count of the next task or call. */
  next(): number {
    return this.#count++;
  }

  expect(work: Work): void {
    this.#work.set(work.count, work);
  }

  get(count: number): Work | undefined {
    return this.#work.get(count);
  }

  /** The answer has come. Undefined when nobody waits for it any more. */
  take(count: number): Work | undefined {
    const work = this.#work.get(count);
    if (work !== undefined) this.#work.delete(count);
    return work;
  }

  forget(work: Work): void {
    this.#work.delete(work.count);
  }

  clear(): void {
    this.#work.clear();
  }
}
