/** `Tuner`: the same as `run`, with its options in three groups and a list of results as its answer. */
import { ResultGrid } from "./analysis/result-grid.ts";
import type { CheckpointConfig } from "./checkpoints/config.ts";
import type { RunOptions } from "./execution/run-options.ts";
import type { AnyTrainable } from "./execution/trainable.ts";
import type { ConfigFor } from "./run.ts";
import type { SearchSpace } from "./search-space/types.ts";
import type { Config, Metrics } from "./trial/types.ts";

/** What is tried, and how. Each option means what it means in `run`. */
export type TuneConfig<M extends Metrics = Metrics> = Pick<
  RunOptions<SearchSpace, M>,
  | "metric"
  | "mode"
  | "searchAlg"
  | "scheduler"
  | "numSamples"
  | "maxConcurrentTrials"
  | "timeBudgetS"
  | "trialNameCreator"
  | "seed"
  | "deterministic"
>;

/** What happens when trials fail; as in `run`. */
export type FailureConfig = Pick<RunOptions, "maxFailures" | "failFast">;

/** Where and how it runs. Each option means what it means in `run`. */
export interface RunConfig extends Pick<
  RunOptions,
  | "name"
  | "storagePath"
  | "verbose"
  | "stop"
  | "callbacks"
  | "progressReporter"
  | "resourcesPerTrial"
  | "signal"
  | "trialIsolation"
  | "gracePeriodS"
  | "maxParkedTrials"
> {
  readonly failureConfig?: FailureConfig;
  readonly checkpointConfig?: CheckpointConfig;
}

/** Options of a `Tuner`. */
export interface TunerOptions<S extends SearchSpace = SearchSpace, M extends Metrics = Metrics> {
  /** The search space. @defaultValue `{}` */
  readonly paramSpace?: S;
  readonly tuneConfig?: TuneConfig<M>;
  readonly runConfig?: RunConfig;
}

/**
 * An experiment to be run with `fit()`.
 *
 * @see https://docs.ray.io/en/latest/tune/api/doc/ray.tune.Tuner.html
 * @example
 * const tuner = new tune.Tuner(train, { paramSpace: { lr: tune.uniform(0, 1) }, tuneConfig: { metric: "loss", mode: "min" } });
 * const results = await tuner.fit();
 */
export class Tuner<S extends SearchSpace = SearchSpace, M extends Metrics = Metrics> {
  readonly #trainable: AnyTrainable<ConfigFor<S>, M>;
  readonly #options: TunerOptions<S, M>;

  constructor(trainable: AnyTrainable<ConfigFor<S>, M>, options: TunerOptions<S, M> = {}) {
    this.#trainable = trainable;
    this.#options = options;
  }

  /**
   * Runs the experiment. A failed trial does not reject: its error is in its result.
   *
   * Rejects as `run` does otherwise.
   */
  async fit(): Promise<ResultGrid<ConfigFor<S>, M>> {
    const { checkTunerOptions, fillOptions, runExperiment } = await import("./execution/driver.ts");
    checkTunerOptions(this.#options);
    const { paramSpace, tuneConfig, runConfig: { failureConfig, ...runConfig } = {} } = this.#options;
    const options: RunOptions<S, M> = {
      ...tuneConfig,
      ...runConfig,
      ...failureConfig,
      raiseOnFailedTrial: false,
      ...(paramSpace === undefined ? {} : { config: paramSpace }),
    };
    // Options of one search space and one trainable are options.
    const filled = fillOptions(this.#trainable, options as RunOptions, "Tuner");
    const { record, error } = await runExperiment(filled);
    if (error !== undefined) throw error;
    // Every configuration came from this search space.
    return new ResultGrid<Config, M>(record) as ResultGrid<ConfigFor<S>, M>;
  }
}
