/**
 * The answer of `tune.run`: what the trials did and which was best. Built from plain records when the experiment
 * has ended; it reads no files and changes nothing.
 */
import { InvalidArgumentError } from "@mantajs/runtime";

import type { Mode } from "../schedulers/types.ts";
import type { CheckpointView, Config, Metrics, TrialResult, TrialView } from "../trial/types.ts";
import { findBest, resolveQuery, type BestQueryOptions } from "./best-trial.ts";
import { bestCheckpointOf } from "./checkpoints.ts";
import { configColumns, toRows } from "./dataframe.ts";
import type { Scope } from "./metric-summary.ts";
import type { DataframeRow, ExperimentRecord, ExperimentStats, MetricName, TrialRecord } from "./types.ts";

/**
 * The trials of an experiment and the best of them. `C` is the configuration, `M` what the trainable reports.
 * @example
 * const analysis = await tune.run(train, { metric: "accuracy", mode: "max", numSamples: 8, config });
 * analysis.bestConfig; // the configuration of the trial with the highest last accuracy
 * analysis.getBestConfig("loss", "min", "last-5-avg");
 * console.table(analysis.dataframe());
 */
export class ExperimentAnalysis<C extends Config = Config, M extends Metrics = Metrics> {
  readonly #experiment: ExperimentRecord<C>;

  constructor(experiment: ExperimentRecord<C>) {
    this.#experiment = experiment;
  }

  /** All trials in order of creation. */
  get trials(): readonly TrialView<C>[] {
    return this.#experiment.trials.map(({ trial }) => trial);
  }

  /**
   * The trial with the best last value of `run`'s metric; with a single trial and no metric, that trial.
   * @throws InvalidArgumentError when there are several trials and `run` was given no metric or no mode
   * @throws TuneError when no trial has a usable value, saying why
   */
  get bestTrial(): TrialView<C> {
    return this.#best("bestTrial", {}).trial;
  }

  /** The configuration that the best trial ended with. Throws as `bestTrial` does. */
  get bestConfig(): C {
    return this.#best("bestConfig", {}).trial.config;
  }

  /** The last result of the best trial. Throws as `bestTrial` does. */
  get bestResult(): TrialResult<M> {
    const { trial } = this.#best("bestResult", {});
    if (trial.lastResult === undefined) {
      throw new InvalidArgumentError("bestResult", `the only trial, ${trial.name}, has reported no result`);
    }
    return typedResult<M>(trial.lastResult);
  }

  /** The best checkpoint of the best trial; undefined when it made none. Throws as `bestTrial` does. */
  get bestCheckpoint(): CheckpointView | undefined {
    const best = this.#best("bestCheckpoint", {});
    // A single trial is the best one without any metric; then its latest checkpoint is the one to have.
    if (this.#experiment.metric === undefined) return best.trial.checkpoint;
    return bestCheckpointOf("bestCheckpoint", this.#experiment, best, {});
  }

  /** The last result of each trial that has reported, by trial id. */
  get results(): Readonly<Record<string, TrialResult<M>>> {
    const entries = this.trials.flatMap(({ id, lastResult }) =>
      lastResult === undefined ? [] : [[id, typedResult<M>(lastResult)] as const],
    );
    return Object.fromEntries(entries);
  }

  /** Figures about the experiment. */
  get stats(): ExperimentStats {
    const { trials, elapsedSeconds } = this.#experiment;
    const sum = (of: (record: TrialRecord<C>) => number) =>
      trials.reduce((total, record) => total + of(record), 0);
    return {
      numTrials: trials.length,
      numTerminated: sum(({ trial }) => Number(trial.status === "TERMINATED")),
      numErrors: sum(({ trial }) => Number(trial.status === "ERROR")),
      numResults: sum(({ trial }) => trial.lastResult?.reports_total ?? 0),
      trainingSeconds: sum(({ trial }) => trial.lastResult?.time_total_s ?? 0),
      elapsedSeconds: elapsedSeconds ?? 0,
    };
  }

  /** Directory of the experiment's files. */
  get experimentPath(): string {
    return this.#experiment.experimentPath;
  }

  /**
   * One flat row for each trial that has reported: metrics, Manta's fields, `config/<key>` columns and `logdir`.
   * Without options the trials' last results; with a metric or a mode the results at which that metric was best.
   * @throws InvalidArgumentError when the metric was never reported
   * @example analysis.dataframe({ metric: "loss", mode: "min" }).map((row) => row["config/lr"])
   */
  dataframe(options: { readonly metric?: MetricName<M>; readonly mode?: Mode } = {}): DataframeRow<C, M>[] {
    return toRows<C, M>("dataframe", this.#experiment, options);
  }

  /**
   * The best trial by any metric; the first of equals.
   * @param metric default: `run`'s own; not needed for a single trial
   * @param mode default: `run`'s own
   * @param scope which figure of each trial counts; default `last`
   * @param options.filterNanAndInf leave out trials whose score is NaN or infinite; default true
   * @throws InvalidArgumentError when there are several trials and no metric or mode
   * @throws TuneError when no trial has a usable score, saying why
   */
  getBestTrial(
    metric?: MetricName<M>,
    mode?: Mode,
    scope?: Scope,
    options: { readonly filterNanAndInf?: boolean } = {},
  ): TrialView<C> {
    return this.#best("getBestTrial", { metric, mode, scope, ...options }).trial;
  }

  /** The configuration that the best trial ended with; see `getBestTrial`. */
  getBestConfig(
    metric?: MetricName<M>,
    mode?: Mode,
    scope?: Scope,
    options: { readonly filterNanAndInf?: boolean } = {},
  ): C {
    return this.#best("getBestConfig", { metric, mode, scope, ...options }).trial.config;
  }

  /**
   * The checkpoint of a trial whose own result was best, the later of equals; undefined when it made none.
   * Metric and mode default to `run`'s own.
   * @throws InvalidArgumentError when the trial is not of this experiment, or there is no metric or mode
   */
  getBestCheckpoint(trial: TrialView<C>, metric?: MetricName<M>, mode?: Mode): CheckpointView | undefined {
    const record = this.#recordOf("getBestCheckpoint(trial)", trial);
    return bestCheckpointOf("getBestCheckpoint", this.#experiment, record, { metric, mode });
  }

  /** The latest checkpoint of a trial, default the best trial; undefined when it made none. */
  getLastCheckpoint(trial?: TrialView<C>): CheckpointView | undefined {
    const record =
      trial === undefined
        ? this.#best("getLastCheckpoint", {})
        : this.#recordOf("getLastCheckpoint(trial)", trial);
    return record.trial.checkpoint;
  }

  /**
   * The configuration of every trial, by the directory of its files. With `prefix` (default false) flattened, each
   * key as `config/a/b`.
   */
  getAllConfigs(options?: { readonly prefix?: false }): Readonly<Record<string, C>>;
  getAllConfigs(options: {
    readonly prefix: true;
  }): Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  getAllConfigs(options: { readonly prefix?: boolean } = {}): Readonly<Record<string, Config>> {
    return Object.fromEntries(
      this.trials.map(({ path, config }) => [path, options.prefix === true ? configColumns(config) : config]),
    );
  }

  #best(caller: string, asked: BestQueryOptions): TrialRecord<C> {
    const { trials, metric } = this.#experiment;
    const only = trials.length === 1 ? trials[0] : undefined;
    if (only !== undefined && (asked.metric ?? metric) === undefined) return only;
    return findBest(trials, resolveQuery(caller, this.#experiment, asked));
  }

  #recordOf(argument: string, trial: TrialView<C>): TrialRecord<C> {
    const record = this.#experiment.trials.find((candidate) => candidate.trial.id === trial.id);
    if (record === undefined) {
      throw InvalidArgumentError.forValue(argument, "a trial of this experiment", trial.id);
    }
    return record;
  }
}

function typedResult<M extends Metrics>(result: TrialResult): TrialResult<M> {
  // The trainable of this experiment reported it, and M is inferred from the trainable.
  return result as TrialResult<M>;
}
