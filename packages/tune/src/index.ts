/**
 * `@mantajs/tune`: hyperparameter tuning on Manta: search spaces, trials, ASHA and Population Based Training.
 *
 * This module is also loaded inside workers, by `tune.report`; what only a driver needs is loaded by `run`.
 *
 * @packageDocumentation
 */
export { run, type ConfigFor } from "./run.ts";
export { Tuner, type FailureConfig, type RunConfig, type TuneConfig, type TunerOptions } from "./tuner.ts";
export type { RunOptions, TrialIsolation } from "./execution/run-options.ts";
export { TuneError } from "./errors.ts";

export {
  getCheckpoint,
  getContext,
  report,
  reportSync,
  type ReportAnswer,
  type ReportOptions,
  type TrialContext,
} from "./session.ts";
export {
  Trainable,
  type AnyTrainable,
  type ClassTrainable,
  type FunctionTrainable,
  type GeneratorTrainable,
  type TrainableInstance,
} from "./execution/trainable.ts";
export { withParameters, withResources, type TrialResources } from "./with-parameters.ts";
export { Checkpoint } from "./checkpoints/checkpoint.ts";
export type { CheckpointConfig } from "./checkpoints/config.ts";

export {
  choice,
  lograndint,
  loguniform,
  qlograndint,
  qloguniform,
  qrandint,
  qrandn,
  quniform,
  randint,
  randn,
  sampleFrom,
  uniform,
} from "./search-space/distributions.ts";
export { gridSearch, type GridSearch } from "./search-space/grid-search.ts";
export { Domain } from "./search-space/domain.ts";
export type { ConfigOf, SearchSpace } from "./search-space/types.ts";

export {
  BasicVariantGenerator,
  type BasicVariantGeneratorOptions,
} from "./search/basic-variant-generator.ts";
export type { Searcher, SearcherState, SearchProperties } from "./search/types.ts";

export { ASHAScheduler, AsyncHyperBandScheduler, type AsyncHyperBandOptions } from "./schedulers/asha.ts";
export { FIFOScheduler } from "./schedulers/fifo.ts";
export { PopulationBasedTraining } from "./schedulers/pbt/scheduler.ts";
export type { PopulationBasedTrainingOptions } from "./schedulers/pbt/options.ts";
export type { DonorSelection } from "./schedulers/pbt/donors.ts";
export type { PolicyEntry } from "./schedulers/pbt/members.ts";
export type { Mutation, MutationFunction, Mutations } from "./schedulers/pbt/mutations.ts";
export type {
  ExploitOrder,
  Mode,
  SchedulerContext,
  SchedulerDecision,
  SchedulerState,
  SchedulerSummary,
  TrialScheduler,
} from "./schedulers/types.ts";

export { CombinedStopper } from "./stoppers/combined.ts";
export { ExperimentPlateauStopper, type ExperimentPlateauOptions } from "./stoppers/experiment-plateau.ts";
export { FunctionStopper } from "./stoppers/function-stopper.ts";
export { MaximumIterationStopper } from "./stoppers/maximum-iteration.ts";
export { TimeoutStopper, type TimeoutOptions } from "./stoppers/timeout.ts";
export { TrialPlateauStopper, type TrialPlateauOptions } from "./stoppers/trial-plateau.ts";
export type { StopBounds, StopCondition, StopFunction, Stopper, StopperState } from "./stoppers/types.ts";

export { CLIReporter } from "./reporters/cli-reporter.ts";
export type { CLIReporterOptions } from "./reporters/options.ts";
export type { Perturbation, ProgressReporter, ProgressState, ReporterSetup } from "./reporters/types.ts";
export type { Callback, ExperimentInfo } from "./callbacks/types.ts";

export { ExperimentAnalysis } from "./analysis/experiment-analysis.ts";
export { Result, ResultGrid } from "./analysis/result-grid.ts";
export type { DataframeRow, MetricName } from "./analysis/types.ts";

export { flatten, metricOf } from "./trial/metrics.ts";
export { randomStream, type RandomState, type RandomStream } from "./random.ts";
export type {
  AutoFields,
  CheckpointView,
  Config,
  Metrics,
  TrialResult,
  TrialStatus,
  TrialView,
} from "./trial/types.ts";
