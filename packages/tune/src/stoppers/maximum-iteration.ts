/** Ends a trial after a number of reports. */
import { checkWhole } from "../search-space/checks.ts";
import type { Stopper, StopperState } from "./types.ts";

/**
 * Ends each trial at its `maxIterations`-th report, whatever it reports.
 * @throws InvalidArgumentError (MANTA_INVALID_ARGUMENT) when it is not a whole number >= 1.
 * @see https://docs.ray.io/en/latest/tune/api/stoppers.html
 * @example run(train, { stop: new MaximumIterationStopper(100) })
 */
export class MaximumIterationStopper implements Stopper {
  readonly #maxIterations: number;
  readonly #reports = new Map<string, number>();

  constructor(maxIterations: number) {
    this.#maxIterations = checkWhole("MaximumIterationStopper(maxIterations)", 1, maxIterations);
  }

  onResult(trialId: string): boolean {
    const reports = (this.#reports.get(trialId) ?? 0) + 1;
    this.#reports.set(trialId, reports);
    return reports >= this.#maxIterations;
  }

  stopAll(): boolean {
    return false;
  }

  save(): StopperState {
    return { reports: [...this.#reports] };
  }

  restore(state: StopperState): void {
    // Only states that `save` of this class made are handed in.
    const { reports } = state as { reports: readonly (readonly [string, number])[] };
    this.#reports.clear();
    for (const [trialId, count] of reports) this.#reports.set(trialId, count);
  }
}
