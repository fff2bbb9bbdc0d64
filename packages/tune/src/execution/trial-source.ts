/**
 * Where trials come from, as the controller sees it: configurations one after another, and word of how they did.
 */
import type { Config, TrialResult } from "../trial/types.ts";

/** A configuration for a new trial. */
export interface Suggestion {
  readonly config: Config;
  /** Keys that the search space decided, flattened with `/`. */
  readonly evaluatedParams: Readonly<Record<string, unknown>>;
}

/** Gives configurations. `wait`: none until a running trial has told more. */
export interface TrialSource {
  next(trialId: string): Suggestion | "wait" | "finished";
  /** Experiment tag of a trial: its index and what the search space decided. */
  tag(index: number, config: Config): string;
  onTrialResult(trialId: string, result: TrialResult): void;
  onTrialComplete(trialId: string, result: TrialResult | undefined, error?: Error): void;
}
