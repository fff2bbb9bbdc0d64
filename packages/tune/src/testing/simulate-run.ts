/**
 * `run` in virtual time: the same options, searchers, schedulers, files and analysis, with the simulated executor in
 * the place of actors. A comparison of schedulers that would take hours of training takes seconds.
 */
import { ExperimentAnalysis } from "../analysis/experiment-analysis.ts";
import { runExperiment } from "../execution/experiment.ts";
import { fillOptions } from "../execution/options.ts";
import type { RunOptions } from "../execution/run-options.ts";
import type { AnyTrainable } from "../execution/trainable.ts";
import type { ConfigFor } from "../run.ts";
import type { SearchSpace } from "../search-space/types.ts";
import type { Config, Metrics } from "../trial/types.ts";
import { SimulatedExecutor, type SimulationOptions } from "./simulated-executor.ts";

/**
 * Runs an experiment as `run` would, on a simulated machine. Rejects as `run` does.
 *
 * @example
 * const analysis = await simulateRun(train, options, { capacity: { CPU: 16 }, duration: () => 60 });
 * analysis.stats.elapsedSeconds; // virtual seconds
 */
export async function simulateRun<S extends SearchSpace = SearchSpace, M extends Metrics = Metrics>(
  trainable: AnyTrainable<ConfigFor<S>, M>,
  options: RunOptions<S, M>,
  simulation: SimulationOptions,
): Promise<ExperimentAnalysis<ConfigFor<S>, M>> {
  // Options of one search space and one trainable are options.
  const filled = fillOptions(trainable, options as RunOptions, "simulateRun");
  const { record, error } = await runExperiment(filled, (bound) => {
    const executor = new SimulatedExecutor(bound, simulation);
    return { executor, checkpoints: executor.checkpoints };
  });
  if (error !== undefined) throw error;
  // Every configuration came from this search space.
  return new ExperimentAnalysis<Config, M>(record) as ExperimentAnalysis<ConfigFor<S>, M>;
}
