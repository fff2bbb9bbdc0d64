/**
 * The tasks that were sent to one leased worker and have not finished, in the order in which it runs them, and how
 * many it may have: as many as it runs in about a millisecond, judged by those that it has finished. Pure bookkeeping.
 */
import { Fifo } from "../core/fifo.ts";

/** Work that a worker may have ahead. */
const AHEAD_US = 1000;
const LONGEST = 256;
/** Weight of the newest duration in the average. */
const WEIGHT = 0.25;

/** What is known of how long tasks of a shape take, from all of its workers. */
export interface Pace {
  averageUs: number | undefined;
}

/** What runs in a pipeline: knows its place in the order of the channel. */
export interface Placed {
  place: number;
}

export class Pipeline<T extends Placed> {
  /** A worker never has more than this many tasks ahead. */
  static readonly longest: number = LONGEST;

  readonly #tasks = new Fifo<T>();
  readonly #pace: Pace;
  #next: number;
  #room: number;

  /** @param place of the first task */
  constructor(place: number, pace: Pace) {
    this.#next = place;
    this.#pace = pace;
    this.#room = fits(pace);
  }

  get length(): number {
    return this.#tasks.length;
  }

  get hasRoom(): boolean {
    return this.#tasks.length < this.#room;
  }

  /** A task is sent; it gets its place. */
  push(task: T): void {
    task.place = this.#next;
    this.#next = (this.#next + 1) | 0;
    this.#tasks.push(task);
  }

  /** The first task has finished, after as many microseconds. */
  finished(task: T, tookUs: number): void {
    if (this.#tasks.peek() !== task) throw new Error("a worker finished a task out of order");
    this.#tasks.shift();
    const { averageUs = tookUs } = this.#pace;
    this.#pace.averageUs = averageUs + WEIGHT * (tookUs - averageUs);
    // Grows by doubling: one short task does not yet tell that the next ones are.
    this.#room = Math.min(fits(this.#pace), 2 * this.#room);
  }

  /** Takes everything out: what has begun, and what has not, when `place` is the first that has not. */
  clear(place: number): { readonly begun: T[]; readonly rest: T[] } {
    const all = this.#tasks.clear();
    const at = all.findIndex((task) => ((task.place - place) | 0) >= 0);
    return at < 0 ? { begun: all, rest: [] } : { begun: all.slice(0, at), rest: all.slice(at) };
  }

  /**
   * Takes back all tasks that have not begun. `exchange` tells the worker the place from which it goes on, and returns
   * the first place that it had not begun.
   */
  takeBack(exchange: (next: number) => number): T[] {
    const { begun, rest } = this.clear(exchange(this.#next));
    for (const task of begun) this.#tasks.push(task);
    return rest;
  }
}

/** How many tasks of this pace a worker may have. */
function fits({ averageUs }: Pace): number {
  return averageUs === undefined ? 1 : Math.max(1, Math.min(LONGEST, Math.floor(AHEAD_US / averageUs)));
}
