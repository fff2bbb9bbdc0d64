/** Several stoppers as one. */
import type { TrialResult } from "../trial/types.ts";
import type { Stopper, StopperState } from "./types.ts";

/**
 * Ends what any of its stoppers ends. Each of them sees every report.
 * @see https://docs.ray.io/en/latest/tune/api/stoppers.html
 * @example new CombinedStopper(new MaximumIterationStopper(100), new TimeoutStopper(3600))
 */
export class CombinedStopper implements Stopper {
  readonly #stoppers: readonly Stopper[];

  constructor(...stoppers: readonly Stopper[]) {
    this.#stoppers = stoppers;
  }

  onResult(trialId: string, result: TrialResult): boolean {
    // Not `some`, which would hide the report from the stoppers after the first that agrees.
    return this.#stoppers.filter((stopper) => stopper.onResult(trialId, result)).length > 0;
  }

  stopAll(): boolean {
    return this.#stoppers.filter((stopper) => stopper.stopAll()).length > 0;
  }

  save(): StopperState {
    return { stoppers: this.#stoppers.map((stopper) => stopper.save()) };
  }

  restore(state: StopperState): void {
    // Only states that `save` of this class made are handed in.
    const { stoppers } = state as { stoppers: readonly StopperState[] };
    for (const [at, stopper] of this.#stoppers.entries()) stopper.restore(stoppers[at] ?? {});
  }
}
