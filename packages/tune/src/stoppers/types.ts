/** The public interface of stoppers: rules that end one trial or the whole experiment. */
import type { Metrics, TrialResult } from "../trial/types.ts";

/** Opaque, JSON-able state of a stopper. */
export type StopperState = Readonly<Record<string, unknown>>;

/**
 * Implement this to write a stopper. It sees every report once, in the order in which reports are handled, before the
 * scheduler does.
 */
export interface Stopper {
  /** Whether the trial that reported ends here. */
  onResult(trialId: string, result: TrialResult): boolean;
  /** Whether the whole experiment ends. Asked after each report and when the clock moves. */
  stopAll(): boolean;
  save(): StopperState;
  restore(state: StopperState): void;
}

/** A function that says whether the trial that reported ends here. */
export type StopFunction<M extends Metrics = Metrics> = (trialId: string, result: TrialResult<M>) => boolean;

/** Bounds by metric: a trial ends when `result[key] >= bound`. A nested metric is `"test/loss"`. */
export type StopBounds = Readonly<Record<string, number>>;

/** What `run({ stop })` accepts: bounds, a function, a stopper, or a list of these. */
export type StopCondition = StopBounds | StopFunction | Stopper | readonly StopCondition[];
