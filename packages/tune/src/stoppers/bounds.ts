/** Bounds by metric as a stopper: `stop: { accuracy: 0.9, training_iteration: 100 }`. */
import { InvalidArgumentError } from "@mantajs/runtime";

import { metricOf } from "../trial/metrics.ts";
import type { TrialResult } from "../trial/types.ts";
import type { StopBounds, Stopper, StopperState } from "./types.ts";

/**
 * Ends a trial when one of its metrics is at or above its bound (`>=`, whatever the mode, as in Ray). A metric that
 * was not reported, or is no number, ends nothing.
 * @throws InvalidArgumentError (MANTA_INVALID_ARGUMENT) for a bound that is no number (NaN included); for a nested
 * metric write the path: `{ "test/loss": 6 }`.
 */
export class BoundsStopper implements Stopper {
  readonly #bounds: readonly (readonly [string, number])[];

  constructor(bounds: StopBounds) {
    this.#bounds = Object.entries(bounds);
    for (const [key, bound] of Object.entries<unknown>(bounds)) {
      if (typeof bound === "object" && bound !== null) {
        throw InvalidArgumentError.forValue(
          `stop.${key}`,
          `a number; write "${key}/..." for a nested metric`,
          bound,
        );
      }
      if (typeof bound !== "number" || Number.isNaN(bound)) {
        throw InvalidArgumentError.forValue(`stop.${key}`, "a number", bound);
      }
    }
  }

  onResult(_trialId: string, result: TrialResult): boolean {
    return this.#bounds.some(([key, bound]) => {
      const value = metricOf(result, key);
      return typeof value === "number" && value >= bound;
    });
  }

  stopAll(): boolean {
    return false;
  }

  save(): StopperState {
    return {};
  }

  restore(): void {}
}
