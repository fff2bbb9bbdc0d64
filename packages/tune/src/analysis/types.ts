/**
 * What the analysis is made of and what it gives out: records of trials in, names of metrics and rows of plain
 * values out. Data only.
 */
import type { Mode } from "../schedulers/types.ts";
import type { AutoFields, CheckpointView, Config, Metrics, TrialView } from "../trial/types.ts";
import type { TrialHistory } from "./trial-history.ts";

/** One trial of a finished (or interrupted) experiment, as the controller hands it over. */
export interface TrialRecord<C extends Config = Config> {
  readonly trial: TrialView<C>;
  readonly history: TrialHistory;
  /** The checkpoints that are still on disk, oldest first; default: the trial's latest one, if any. */
  readonly checkpoints?: readonly CheckpointView[];
}

/** A finished (or interrupted) experiment, as the controller hands it over. */
export interface ExperimentRecord<C extends Config = Config> {
  readonly trials: readonly TrialRecord<C>[];
  /** The metric that `run` was given, the default of every question about the best trial. */
  readonly metric?: string | undefined;
  readonly mode?: Mode | undefined;
  /** Directory of the experiment's files. */
  readonly experimentPath: string;
  /** Seconds from the start of the experiment to its end; default 0. */
  readonly elapsedSeconds?: number;
}

/** Figures about an experiment. */
export interface ExperimentStats {
  readonly numTrials: number;
  readonly numTerminated: number;
  readonly numErrors: number;
  /** Reports of all trials together; what a trainable returned at its end is a part of its last report. */
  readonly numResults: number;
  /** Seconds that trials trained, added up over all trials. */
  readonly trainingSeconds: number;
  /** Seconds from the start of the experiment to its end. */
  readonly elapsedSeconds: number;
}

/** The name of a metric: one that the trainable reports, one of Manta's fields, or a nested one as `a/b`. */
export type MetricName<M extends Metrics> =
  (keyof M & string) | Exclude<keyof AutoFields, "config"> | `${string}/${string}`;

type Nested = Readonly<Record<string, unknown>>;

/**
 * One trial as one flat row: its metrics (nested ones as `a/b`), Manta's fields, its configuration as
 * `config/<key>`, and `logdir`, the directory of its files. A metric is undefined where it was not reported.
 */
export type DataframeRow<C extends Config = Config, M extends Metrics = Metrics> = {
  readonly [K in keyof M & string as M[K] extends Nested ? never : K]?: M[K];
} & {
  readonly [K in keyof Omit<AutoFields, "config">]?: AutoFields[K];
} & {
  readonly [K in keyof C & string as C[K] extends Nested ? never : `config/${K}`]: C[K];
} & {
  readonly logdir: string;
  readonly [column: `${string}/${string}`]: unknown;
};
