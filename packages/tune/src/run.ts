/**
 * `run`: trials of a trainable over a search space. The machinery is loaded when it is called, because this module is
 * also loaded inside workers.
 */
import { ExperimentAnalysis } from "./analysis/experiment-analysis.ts";
import type { RunOptions } from "./execution/run-options.ts";
import type { AnyTrainable } from "./execution/trainable.ts";
import type { ConfigOf, SearchSpace } from "./search-space/types.ts";
import type { Config, Metrics } from "./trial/types.ts";

/** The configuration that trials of a search space get. */
export type ConfigFor<S> = ConfigOf<S> extends infer C extends Config ? C : Config;

/**
 * Runs trials of `trainable` over the search space `config`, and resolves to their analysis. Starts the runtime when
 * it is not running. Everything is written below `storagePath` whatever happens.
 *
 * Ctrl-C, and `signal`, end the experiment at the trials' next reports; what was learnt is returned. A second Ctrl-C
 * ends the process.
 *
 * Rejects with `InvalidArgumentError` (`MANTA_INVALID_ARGUMENT`) for options that cannot be, and with `TuneError`
 * (`MANTA_TUNE`) when trials failed (its `cause` is an AggregateError; see `raiseOnFailedTrial`), when the metric was
 * never reported, when a callback threw, and when the resources can never be had.
 *
 * @see https://docs.ray.io/en/latest/tune/api/doc/ray.tune.run.html
 * @example
 * const analysis = await tune.run(train, {
 *   metric: "accuracy", mode: "max", numSamples: 8, config: { lr: tune.loguniform(1e-4, 1e-1) },
 * });
 * console.log(analysis.bestConfig);
 */
export async function run<S extends SearchSpace = SearchSpace, M extends Metrics = Metrics>(
  trainable: AnyTrainable<ConfigFor<S>, M>,
  options: RunOptions<S, M> = {},
): Promise<ExperimentAnalysis<ConfigFor<S>, M>> {
  const { fillOptions, runExperiment } = await import("./execution/driver.ts");
  // Options of one search space and one trainable are options.
  const { record, error } = await runExperiment(fillOptions(trainable, options as RunOptions));
  if (error !== undefined) throw error;
  // Every configuration came from this search space.
  return new ExperimentAnalysis<Config, M>(record) as ExperimentAnalysis<ConfigFor<S>, M>;
}
