/**
 * When worker threads start. One that a request waits for starts at once. Those that only fill the pool start one after
 * another, each when the one before has loaded: booting takes a core for as long as a short program runs.
 */
import type { PeerId } from "../core/ids.ts";

/** A worker that replaces one that was just given away does not disturb what is done with that one first. */
const REFILL_MS = 50;

export class ThreadStarts {
  readonly #start: () => PeerId | undefined;
  /** Started, and not online. */
  readonly #coming = new Set<PeerId>();
  /** Started, and not done with loading. */
  readonly #loading = new Set<PeerId>();
  #postponed = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param start starts one; returns undefined when that failed */
  constructor(start: () => PeerId | undefined) {
    this.#start = start;
  }

  now(): void {
    const workerId = this.#start();
    if (workerId === undefined) return;
    this.#coming.add(workerId);
    this.#loading.add(workerId);
  }

  later(): void {
    this.#postponed++;
    this.#awaitTurn();
  }

  /** So many requests wait for a thread. */
  needed(threads: number): void {
    while (this.#postponed > 0 && this.#coming.size < threads) {
      this.#postponed--;
      this.now();
    }
  }

  online(workerId: PeerId): void {
    this.#coming.delete(workerId);
  }

  /** It has loaded, or has ended. */
  settled(workerId: PeerId): void {
    this.#coming.delete(workerId);
    if (this.#loading.delete(workerId)) this.#awaitTurn();
  }

  #awaitTurn(): void {
    if (this.#postponed === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => this.#takeTurn(), REFILL_MS);
  }

  #takeTurn(): void {
    this.#timer = undefined;
    if (this.#postponed === 0 || this.#loading.size > 0) return;
    this.#postponed--;
    this.now();
    this.#awaitTurn();
  }
}
