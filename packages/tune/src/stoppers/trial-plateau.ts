/** Ends a trial whose metric does not move any more. */
import { InvalidArgumentError } from "@mantajs/runtime";

import type { Mode } from "../schedulers/types.ts";
import {
  checkFinite,
  checkOneOf,
  checkOptions,
  checkPositive,
  checkText,
  checkWhole,
} from "../search-space/checks.ts";
import { metricOf } from "../trial/metrics.ts";
import type { TrialResult } from "../trial/types.ts";
import { standardDeviation } from "./plateau.ts";
import type { Stopper, StopperState } from "./types.ts";

/** Options of `TrialPlateauStopper`. */
export interface TrialPlateauOptions {
  /** A nested metric is `"test/loss"`. */
  readonly metric: string;
  /** Ends the trial when the standard deviation of the last reports is below this. Default: 0.01. */
  readonly std?: number;
  /** How many reports to look at. Default: 4. */
  readonly numResults?: number;
  /** Reports that a trial has at least. Default: 4. */
  readonly gracePeriod?: number;
  /** Only trials that reached this value are ended; needs `mode`. Default: any value. */
  readonly metricThreshold?: number;
  /** Whether reaching the threshold means from below (`max`) or from above (`min`). */
  readonly mode?: Mode;
}

interface Progress {
  reports: number;
  window: readonly number[];
}

const keys = ["metric", "std", "numResults", "gracePeriod", "metricThreshold", "mode"];

/**
 * Ends a trial when its last `numResults` reports of the metric lie within a standard deviation of `std`. Reports
 * without the metric, or with one that is not finite, do not count.
 * @throws InvalidArgumentError (MANTA_INVALID_ARGUMENT) for options out of range, and a threshold without mode.
 * @see https://docs.ray.io/en/latest/tune/api/stoppers.html
 * @example new TrialPlateauStopper({ metric: "loss", std: 0.001, numResults: 8 })
 */
export class TrialPlateauStopper implements Stopper {
  readonly #metric: string;
  readonly #std: number;
  readonly #numResults: number;
  readonly #gracePeriod: number;
  readonly #threshold: number | undefined;
  readonly #mode: Mode | undefined;
  readonly #trials = new Map<string, Progress>();

  constructor(options: TrialPlateauOptions) {
    const owner = "TrialPlateauStopper";
    checkOptions(owner, keys, options);
    this.#metric = checkText(`${owner}({ metric })`, options.metric);
    this.#std = checkPositive(`${owner}({ std })`, options.std ?? 0.01);
    this.#numResults = checkWhole(`${owner}({ numResults })`, 1, options.numResults ?? 4);
    this.#gracePeriod = checkWhole(`${owner}({ gracePeriod })`, 0, options.gracePeriod ?? 4);
    this.#threshold = options.metricThreshold;
    if (options.mode !== undefined) checkOneOf(`${owner}({ mode })`, ["min", "max"], options.mode);
    this.#mode = options.mode;
    if (this.#threshold === undefined) return;
    checkFinite(`${owner}({ metricThreshold })`, this.#threshold);
    if (this.#mode === undefined) {
      throw new InvalidArgumentError(
        `${owner}({ mode })`,
        'must be "min" or "max" when metricThreshold is given',
      );
    }
  }

  onResult(trialId: string, result: TrialResult): boolean {
    const value = metricOf(result, this.#metric);
    if (typeof value !== "number" || !Number.isFinite(value)) return false;
    const { reports, window } = this.#trials.get(trialId) ?? { reports: 0, window: [] };
    const progress = { reports: reports + 1, window: [...window, value].slice(-this.#numResults) };
    this.#trials.set(trialId, progress);
    if (progress.reports < this.#gracePeriod || progress.window.length < this.#numResults) return false;
    return this.#hasReachedThreshold(value) && standardDeviation(progress.window) < this.#std;
  }

  stopAll(): boolean {
    return false;
  }

  save(): StopperState {
    return { trials: [...this.#trials] };
  }

  restore(state: StopperState): void {
    // Only states that `save` of this class made are handed in.
    const { trials } = state as { trials: readonly (readonly [string, Progress])[] };
    this.#trials.clear();
    for (const [trialId, progress] of trials) this.#trials.set(trialId, progress);
  }

  #hasReachedThreshold(value: number): boolean {
    if (this.#threshold === undefined) return true;
    return this.#mode === "min" ? value <= this.#threshold : value >= this.#threshold;
  }
}
