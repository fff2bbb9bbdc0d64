/** A user's function as a stopper. */
import { InvalidArgumentError, quote } from "@mantajs/runtime";

import { TuneError } from "../errors.ts";
import type { TrialResult } from "../trial/types.ts";
import type { StopFunction, Stopper, StopperState } from "./types.ts";

/**
 * Ends a trial when a function of its id and its result says so.
 * @throws InvalidArgumentError (MANTA_INVALID_ARGUMENT) when it is no function; TuneError (MANTA_TUNE) on a report when
 * the function answers with something else than true or false, for instance with a promise.
 * @example run(train, { stop: (trialId, result) => result.loss < 0.01 })
 */
export class FunctionStopper implements Stopper {
  readonly #decide: StopFunction;

  constructor(decide: StopFunction) {
    if (typeof decide !== "function") {
      throw InvalidArgumentError.forValue("FunctionStopper(decide)", "a function (trialId, result)", decide);
    }
    this.#decide = decide;
  }

  onResult(trialId: string, result: TrialResult): boolean {
    const answer: unknown = this.#decide(trialId, result);
    // A promise would count as true and end every trial at its first report.
    if (typeof answer === "boolean") return answer;
    throw new TuneError(
      `the stop function must answer true or false at once, got ${quote(answer)} for trial ${trialId}`,
      {
        fields: { trialId },
      },
    );
  }

  stopAll(): boolean {
    return false;
  }

  save(): StopperState {
    return {};
  }

  restore(): void {}
}
