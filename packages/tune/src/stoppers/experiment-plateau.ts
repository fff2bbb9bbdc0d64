/** Ends the experiment when the best results do not get better any more. */
import type { Mode } from "../schedulers/types.ts";
import { checkOneOf, checkOptions, checkPositive, checkText, checkWhole } from "../search-space/checks.ts";
import { metricOf } from "../trial/metrics.ts";
import type { TrialResult } from "../trial/types.ts";
import { standardDeviation } from "./plateau.ts";
import type { Stopper, StopperState } from "./types.ts";

/** Options of `ExperimentPlateauStopper`. */
export interface ExperimentPlateauOptions {
  /** A nested metric is `"test/loss"`. */
  readonly metric: string;
  /** The best values are on a plateau when their standard deviation is at most this. Default: 0.001. */
  readonly std?: number;
  /** How many of the best values to look at; at least 2. Default: 10. */
  readonly top?: number;
  /** Default: `"min"`. */
  readonly mode?: Mode;
  /** Reports on the plateau before the experiment ends. Default: 0. */
  readonly patience?: number;
}

/**
 * Ends the experiment when the `top` best values of all trials lie within a standard deviation of `std`, for
 * `patience` reports. Reports without the metric, or with one that is not finite, do not count.
 * @throws InvalidArgumentError (MANTA_INVALID_ARGUMENT) for options out of range.
 * @see https://docs.ray.io/en/latest/tune/api/stoppers.html
 * @example new ExperimentPlateauStopper({ metric: "loss", top: 5, patience: 20 })
 */
export class ExperimentPlateauStopper implements Stopper {
  readonly #metric: string;
  readonly #std: number;
  readonly #top: number;
  readonly #mode: Mode;
  readonly #patience: number;
  /** Best first. */
  #best: readonly number[] = [];
  /** Reports since the plateau began. */
  #onPlateau = 0;

  constructor(options: ExperimentPlateauOptions) {
    const owner = "ExperimentPlateauStopper";
    checkOptions(owner, ["metric", "std", "top", "mode", "patience"], options);
    this.#metric = checkText(`${owner}({ metric })`, options.metric);
    this.#std = checkPositive(`${owner}({ std })`, options.std ?? 0.001);
    this.#top = checkWhole(`${owner}({ top })`, 2, options.top ?? 10);
    this.#mode = checkOneOf(`${owner}({ mode })`, ["min", "max"], options.mode ?? "min");
    this.#patience = checkWhole(`${owner}({ patience })`, 0, options.patience ?? 0);
  }

  onResult(_trialId: string, result: TrialResult): boolean {
    const value = metricOf(result, this.#metric);
    if (typeof value === "number" && Number.isFinite(value)) {
      const sign = this.#mode === "min" ? 1 : -1;
      this.#best = [...this.#best, value].toSorted((a, b) => sign * (a - b)).slice(0, this.#top);
      this.#onPlateau = this.#hasPlateaued() ? this.#onPlateau + 1 : 0;
    }
    return this.stopAll();
  }

  stopAll(): boolean {
    return this.#hasPlateaued() && this.#onPlateau >= this.#patience;
  }

  save(): StopperState {
    return { best: this.#best, onPlateau: this.#onPlateau };
  }

  restore(state: StopperState): void {
    // Only states that `save` of this class made are handed in.
    const { best, onPlateau } = state as { best: readonly number[]; onPlateau: number };
    this.#best = best;
    this.#onPlateau = onPlateau;
  }

  #hasPlateaued(): boolean {
    return this.#best.length === this.#top && standardDeviation(this.#best) <= this.#std;
  }
}
