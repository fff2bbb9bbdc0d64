/**
 * The results of an experiment as `Tuner.fit` gives them: a read-only list of `Result`s, one for each trial in
 * order of creation, with the best one on request.
 */
import { InvalidArgumentError } from "@mantajs/runtime";

import { TuneError } from "../errors.ts";
import type { Mode } from "../schedulers/types.ts";
import type { CheckpointView, Config, Metrics, TrialResult } from "../trial/types.ts";
import { findBest, resolveQuery } from "./best-trial.ts";
import { bestCheckpointOf, checkpointsOf } from "./checkpoints.ts";
import { toRows } from "./dataframe.ts";
import type { Scope } from "./metric-summary.ts";
import type { DataframeRow, ExperimentRecord, MetricName, TrialRecord } from "./types.ts";

/** What became of one trial. */
export class Result<C extends Config = Config, M extends Metrics = Metrics> {
  readonly #record: TrialRecord<C>;
  readonly #experiment: ExperimentRecord<C>;

  constructor(record: TrialRecord<C>, experiment: ExperimentRecord<C>) {
    this.#record = record;
    this.#experiment = experiment;
  }

  /** The trial's id. */
  get trialId(): string {
    return this.#record.trial.id;
  }

  /** The last result with Manta's fields; undefined when the trial reported nothing. */
  get metrics(): TrialResult<M> | undefined {
    // The trainable of this experiment reported it, and M is inferred from the trainable.
    return this.#record.trial.lastResult as TrialResult<M> | undefined;
  }

  /** The configuration that the trial ended with. */
  get config(): C {
    return this.#record.trial.config;
  }

  /** The latest checkpoint; undefined when the trial made none. */
  get checkpoint(): CheckpointView | undefined {
    return this.#record.trial.checkpoint;
  }

  /** The checkpoints that are still on disk, oldest first, each with the result it was reported with. */
  get bestCheckpoints(): readonly CheckpointView[] {
    return checkpointsOf(this.#record);
  }

  /** Why the trial failed; undefined when it did not. */
  get error(): Error | undefined {
    return this.#record.trial.error;
  }

  /** Directory of the trial's files. */
  get path(): string {
    return this.#record.trial.path;
  }

  /**
   * The checkpoint whose result was best by a metric; metric and mode default to `run`'s own.
   * @throws InvalidArgumentError when there is neither a metric nor a default
   */
  getBestCheckpoint(metric?: MetricName<M>, mode?: Mode): CheckpointView | undefined {
    return bestCheckpointOf("getBestCheckpoint", this.#experiment, this.#record, { metric, mode });
  }
}

/**
 * The results of all trials.
 * @example
 * for (const result of grid) console.log(result.config, result.metrics?.accuracy);
 * console.log(grid.getBestResult("accuracy", "max").config);
 */
export class ResultGrid<C extends Config = Config, M extends Metrics = Metrics> implements Iterable<
  Result<C, M>
> {
  readonly #experiment: ExperimentRecord<C>;
  readonly #results: readonly Result<C, M>[];

  constructor(experiment: ExperimentRecord<C>) {
    this.#experiment = experiment;
    this.#results = experiment.trials.map((record) => new Result<C, M>(record, experiment));
  }

  /** Number of trials. */
  get length(): number {
    return this.#results.length;
  }

  /** The results in order of the trials' creation. */
  [Symbol.iterator](): Iterator<Result<C, M>> {
    return this.#results[Symbol.iterator]();
  }

  /**
   * The result of the trial with this index; negative indices count from the end.
   * @throws InvalidArgumentError when there is no such trial
   */
  get(index: number): Result<C, M> {
    const result = this.#results.at(index);
    if (result === undefined || !Number.isInteger(index)) {
      throw InvalidArgumentError.forValue("get(index)", `the index of one of ${this.length} results`, index);
    }
    return result;
  }

  /**
   * The result of the best trial.
   * @param metric default: `run`'s own; not needed for a single trial
   * @param mode default: `run`'s own
   * @param scope which figure of each trial counts; default `last`
   * @param options.filterNanAndInf leave out trials whose score is NaN or infinite; default true
   * @throws InvalidArgumentError when there are several trials and no metric or mode
   * @throws TuneError when no trial has a usable score, saying why
   */
  getBestResult(
    metric?: MetricName<M>,
    mode?: Mode,
    scope?: Scope,
    options: { readonly filterNanAndInf?: boolean } = {},
  ): Result<C, M> {
    const { trials } = this.#experiment;
    const asked = { metric, mode, scope, filterNanAndInf: options.filterNanAndInf };
    if (trials.length === 1 && (metric ?? this.#experiment.metric) === undefined) return this.get(0);
    const best = findBest(trials, resolveQuery("getBestResult", this.#experiment, asked));
    return this.get(trials.indexOf(best));
  }

  /**
   * One flat row for each trial that has reported: its last result or, with a filter metric or mode, the result at
   * which that metric was best.
   */
  getDataframe(
    options: { readonly filterMetric?: MetricName<M>; readonly filterMode?: Mode } = {},
  ): DataframeRow<C, M>[] {
    const asked = { metric: options.filterMetric, mode: options.filterMode };
    return toRows<C, M>("getDataframe", this.#experiment, asked);
  }

  /** The errors of the trials that failed. */
  get errors(): readonly Error[] {
    return this.#experiment.trials
      .filter(({ trial }) => trial.status === "ERROR")
      .map(({ trial }) => trial.error ?? new TuneError(`Trial ${trial.name} failed`));
  }

  /** Number of trials that failed. */
  get numErrors(): number {
    return this.errors.length;
  }

  /** Number of trials that ended as they should. */
  get numTerminated(): number {
    return this.#experiment.trials.filter(({ trial }) => trial.status === "TERMINATED").length;
  }

  /** Directory of the experiment's files. */
  get experimentPath(): string {
    return this.#experiment.experimentPath;
  }
}
