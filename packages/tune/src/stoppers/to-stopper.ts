/** Whatever `run({ stop })` accepts, as one stopper. */
import { InvalidArgumentError } from "@mantajs/runtime";

import { isPlainObject } from "../trial/metrics.ts";
import { BoundsStopper } from "./bounds.ts";
import { CombinedStopper } from "./combined.ts";
import { FunctionStopper } from "./function-stopper.ts";
import type { StopCondition, Stopper } from "./types.ts";

/**
 * A stopper from bounds by metric, a function, a stopper, a list of these, or nothing (which never stops).
 * @throws InvalidArgumentError (MANTA_INVALID_ARGUMENT) for anything else.
 * @example toStopper([{ training_iteration: 100 }, (trialId, result) => result.done])
 */
export function toStopper(stop: StopCondition | undefined): Stopper {
  if (stop === undefined) return new CombinedStopper();
  if (Array.isArray(stop)) return new CombinedStopper(...stop.map((item: StopCondition) => toStopper(item)));
  if (isStopper(stop)) return stop;
  if (typeof stop === "function") return new FunctionStopper(stop);
  if (isPlainObject(stop)) return new BoundsStopper(stop);
  throw InvalidArgumentError.forValue(
    "stop",
    "bounds by metric, a function, a Stopper or a list of these",
    stop,
  );
}

function isStopper(value: unknown): value is Stopper {
  return (
    typeof value === "object" &&
    value !== null &&
    "onResult" in value &&
    typeof value.onResult === "function" &&
    "stopAll" in value &&
    typeof value.stopAll === "function"
  );
}
