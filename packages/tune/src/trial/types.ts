/**
 * What the rest of the tuner sees of a trial: a read-only view, its results and its checkpoints. The state machine
 * that changes them is in `machine.ts`, and nowhere else.
 */

/** States of a trial, as in Ray. */
export type TrialStatus = "PENDING" | "RUNNING" | "PAUSED" | "TERMINATED" | "ERROR";

/** A configuration: what a trainable is called with. */
export type Config = Record<string, unknown>;

/** What a trainable reports. Keys stay as the user wrote them. */
export type Metrics = Record<string, unknown>;

/** The fields that Manta adds to every report, in Ray's spelling, in memory and on disk. Times in seconds. */
export interface AutoFields {
  /** Number of reports so far, this one included; continues from the donor's after a checkpoint exploit. */
  training_iteration: number;
  /** Number of reports of this trial so far whatever was exploited: never goes back. */
  reports_total: number;
  time_this_iter_s: number;
  time_total_s: number;
  time_since_restore: number;
  iterations_since_restore: number;
  done: boolean;
  trial_id: string;
  trial_name: string;
  /** `YYYY-mm-dd_HH-MM-SS`, local time. */
  date: string;
  /** Unix time in whole seconds. */
  timestamp: number;
  pid: number;
  hostname: string;
  node_ip: string;
  experiment_tag?: string;
  checkpoint_dir_name?: string;
  config: Config;
}

/** One report with Manta's fields added. Nested metrics are reachable by `a/b` through `metricOf`. */
export type TrialResult<M extends Metrics = Metrics> = M & AutoFields;

/**
 * How a trial's state can be moved to another trial. `none`: it never made a checkpoint, hyperparameters are
 * exchanged in place. `reported`: a function that hands checkpoints to `report`. `on-demand`: a class with
 * `saveCheckpoint`, which can be asked at any report.
 */
export type Checkpointing = "none" | "reported" | "on-demand";

/** A checkpoint on disk that a trial can continue from. */
export interface CheckpointView {
  /** Absolute path of its directory. */
  readonly path: string;
  /** Ordinal within the trial that made it. */
  readonly index: number;
  readonly trialId: string;
  /** The result that was reported with it. */
  readonly result: TrialResult;
}

/** Read-only view of a trial for schedulers, searchers, stoppers, callbacks and reporters. */
export interface TrialView<C extends Config = Config> {
  readonly id: string;
  /** `<trainable>_<id>`. */
  readonly name: string;
  /** Position in the order of creation, from 0. */
  readonly index: number;
  readonly status: TrialStatus;
  readonly config: C;
  /** `<index>_<k=v,...>`; after a perturbation `<original>@perturbed[<k=v,...>]`. */
  readonly experimentTag: string;
  /** Keys that the search space decided, flattened with `/`. */
  readonly evaluatedParams: Readonly<Record<string, unknown>>;
  readonly resources: Readonly<Record<string, number>>;
  readonly lastResult: TrialResult | undefined;
  readonly checkpointing: Checkpointing;
  readonly checkpoint: CheckpointView | undefined;
  readonly numFailures: number;
  readonly error: Error | undefined;
  /** Directory of the trial's files. */
  readonly path: string;
}

/** Whether the trial can still report: not TERMINATED and not ERROR. */
export const isLive = (trial: Pick<TrialView, "status">): boolean =>
  trial.status !== "TERMINATED" && trial.status !== "ERROR";
