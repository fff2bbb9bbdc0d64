/** First come, first served: which PENDING or PAUSED trial gets the next slot when a scheduler has no preference. */
import { isLive, type TrialView } from "../trial/types.ts";

/** Finds waiting trials; remembers that the first trials are over, so that a long experiment is not searched anew. */
export class WaitingTrials {
  /** Every trial before this position is TERMINATED or failed. Only a shortcut: not part of a scheduler's state. */
  #over = 0;

  /** A trial was added, perhaps again after a failure. */
  add(trial: TrialView): void {
    this.#over = Math.min(this.#over, trial.index);
  }

  /** The first PENDING trial, else the first PAUSED one. */
  first(trials: readonly TrialView[]): TrialView | undefined {
    let paused: TrialView | undefined;
    for (let at = this.#over; at < trials.length; at += 1) {
      const trial = trials[at];
      if (trial === undefined) break;
      if (trial.status === "PENDING") return trial;
      if (trial.status === "PAUSED") paused ??= trial;
      if (at === this.#over && !isLive(trial)) this.#over += 1;
    }
    return paused;
  }
}
