/** Events that wait for the controller, and the controller that waits for events. */
import type { TrialEvent, WaitOptions } from "./types.ts";

/** A queue with one reader. */
export class EventQueue {
  readonly #now: () => number;
  #events: TrialEvent[] = [];
  #woken = false;
  #error: Error | undefined = undefined;
  #notify: () => void = () => undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  push(events: readonly TrialEvent[]): void {
    this.#events.push(...events);
    this.#notify();
  }

  /** Ends the reader's wait without an event. */
  wake(): void {
    this.#woken = true;
    this.#notify();
  }

  /** The reader gets this error from now on. */
  fail(error: Error): void {
    this.#error = error;
    this.#notify();
  }

  /** Forgets the events of a trial. */
  drop(trialId: string): void {
    this.#events = this.#events.filter((event) => event.trialId !== trialId);
  }

  /** All events since the last call; empty when woken, or when the clock reaches `until`. Rejects when aborted. */
  async next({ signal, until }: WaitOptions): Promise<readonly TrialEvent[]> {
    signal?.throwIfAborted();
    if (this.#events.length === 0 && !this.#woken && this.#error === undefined)
      await this.#wait(signal, until);
    signal?.throwIfAborted();
    if (this.#error !== undefined) throw this.#error;
    this.#woken = false;
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #wait(signal: AbortSignal | undefined, until: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        this.#notify = () => undefined;
        resolve();
      };
      this.#notify = done;
      signal?.addEventListener("abort", done, { once: true });
      // Longer waits than a timer can hold end early, and the reader waits again.
      if (until !== undefined) timer = setTimeout(done, Math.min((until - this.#now()) * 1000, 2 ** 31 - 1));
    });
  }
}
