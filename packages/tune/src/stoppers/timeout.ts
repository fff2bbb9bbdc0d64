/** Ends the experiment when its time is used up. */
import { checkFinite, checkOptions, checkPositive } from "../search-space/checks.ts";
import type { Stopper, StopperState } from "./types.ts";

/** Options of `TimeoutStopper`. */
export interface TimeoutOptions {
  /** A clock in seconds that never goes back. Default: `performance.now() / 1000`. */
  readonly now?: () => number;
}

/**
 * Ends the experiment after a number of seconds. The time between a `save` and the `restore` of a resumed experiment
 * does not count. The clock starts when the stopper is first asked.
 * @throws InvalidArgumentError (MANTA_INVALID_ARGUMENT) when it is not a finite number > 0.
 * @see https://docs.ray.io/en/latest/tune/api/stoppers.html
 * @example run(train, { stop: new TimeoutStopper(3600) })
 */
export class TimeoutStopper implements Stopper {
  readonly #timeoutSeconds: number;
  readonly #now: () => number;
  /** Seconds that were used up until `#since`. */
  #used = 0;
  #since: number | undefined;

  constructor(timeoutSeconds: number, options: TimeoutOptions = {}) {
    this.#timeoutSeconds = checkPositive("TimeoutStopper(timeoutSeconds)", timeoutSeconds);
    checkOptions("TimeoutStopper", ["now"], options);
    this.#now = options.now ?? (() => performance.now() / 1000);
  }

  onResult(): boolean {
    return this.stopAll();
  }

  stopAll(): boolean {
    this.#advance();
    return this.#used >= this.#timeoutSeconds;
  }

  save(): StopperState {
    if (this.#since !== undefined) this.#advance();
    return { used: this.#used };
  }

  restore(state: StopperState): void {
    this.#used = checkFinite("TimeoutStopper.restore(state.used)", state.used);
    this.#since = undefined;
    this.#advance();
  }

  #advance(): void {
    const now = this.#now();
    this.#used += now - (this.#since ?? now);
    this.#since = now;
  }
}
