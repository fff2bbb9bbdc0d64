/**
 * What the tuner's own tests use, for yours: schedulers driven by hand, checked for conformance, and whole
 * experiments on a virtual clock.
 */
export {
  schedulerConformance,
  type ConformanceCheck,
  type SchedulerConformanceOptions,
} from "./scheduler-conformance.ts";
export {
  HarnessTrial,
  resultOf,
  SchedulerHarness,
  type HarnessTrialOptions,
  type SchedulerHarnessOptions,
  type TrainOptions,
} from "./scheduler-harness.ts";
export * from "./simulate.ts";
export { simulateRun } from "./simulate-run.ts";
export { SimulatedExecutor, type SimulatedStep, type SimulationOptions } from "./simulated-executor.ts";
