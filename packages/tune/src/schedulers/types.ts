/**
 * The public interface of trial schedulers. A scheduler is pure: it sees read-only views, draws randomness only from
 * the context, answers with a decision, and orders effects through the context. It does no I/O and keeps no clock, so
 * that the same reports in the same order always give the same decisions, and its state can be saved and restored.
 */
import type { RandomStream } from "../random.ts";
import type { Config, TrialResult, TrialView } from "../trial/types.ts";

/** Whether larger (`max`) or smaller (`min`) is better. */
export type Mode = "min" | "max";

/**
 * What happens to the trial that reported. `CONTINUE`: it trains on. `PAUSE`: it parks at its report and gives its
 * resources back until `chooseTrialToRun` names it. `STOP`: it ends as TERMINATED. A trial that the scheduler
 * exploits is treated as paused until it is chosen again, whatever the decision (Ray's NOOP is not needed).
 */
export type SchedulerDecision = "CONTINUE" | "PAUSE" | "STOP";

/** An order to replace a trial's hyperparameters (and, where both make checkpoints, its state) by a donor's. */
export interface ExploitOrder {
  readonly trial: TrialView;
  readonly donor: TrialView;
  /** The donor's configuration, perturbed. */
  readonly config: Config;
  /** What changed and how, per key, e.g. `{ lr: "* 1.2", hiddenUnits: "resample" }`. */
  readonly operations: Readonly<Record<string, string>>;
  /** Experiment tag of the trial from now on. */
  readonly experimentTag: string;
}

/** What a scheduler may look at and order while it decides. */
export interface SchedulerContext {
  /** All trials of the experiment in order of creation, whatever their state. */
  readonly trials: readonly TrialView[];
  /** The experiment's stream for scheduling decisions; its state is saved with the experiment. */
  readonly random: RandomStream;
  /** Takes effect before the trial runs again. The trial must not be the donor; both must be of this experiment. */
  exploit(order: ExploitOrder): void;
  /** Asks for a checkpoint of a trial at its present report and keeps it while a scheduler may still hand it out. */
  checkpoint(trial: TrialView): void;
  /** Changes a trial's configuration before its first start (PBT fills in missing keys). */
  setConfig(trial: TrialView, config: Config): void;
  /** Shows a message to the user once per distinct text. */
  warn(message: string): void;
}

/** Opaque, JSON-able state of a scheduler. */
export type SchedulerState = Readonly<Record<string, unknown>>;

/** What a reporter may show of a perturbation that a scheduler ordered. */
export interface SchedulerSummary {
  /** One line or a few: `PopulationBasedTraining: 3 checkpoints, 2 perturbs`. */
  readonly text: string;
}

/** Implement this to write a scheduler; `schedulerConformance()` of `@mantajs/tune/testing` checks an implementation. */
export interface TrialScheduler {
  /** Name for logs and reporters. */
  readonly name: string;
  /** The metric this scheduler needs; `run`'s own is filled in through `setSearchProperties` when undefined. */
  readonly metric: string | undefined;
  readonly mode: Mode | undefined;
  /** Called once, before any trial, with what `run` was given. Throws InvalidArgumentError when both set a metric. */
  setSearchProperties(metric: string | undefined, mode: Mode | undefined): void;
  onTrialAdd(context: SchedulerContext, trial: TrialView): void;
  /** The trial reported; `result` holds Manta's fields; `trial.lastResult` is already `result`. */
  onTrialResult(context: SchedulerContext, trial: TrialView, result: TrialResult): SchedulerDecision;
  /** The trial ended by itself or by a stop condition. */
  onTrialComplete(context: SchedulerContext, trial: TrialView, result: TrialResult | undefined): void;
  /** The trial failed; it may be added again. */
  onTrialError(context: SchedulerContext, trial: TrialView): void;
  /** The trial was removed while PENDING or PAUSED. */
  onTrialRemove(context: SchedulerContext, trial: TrialView): void;
  /** The PENDING or PAUSED trial that gets the next free slot; undefined: none for now. */
  chooseTrialToRun(context: SchedulerContext): TrialView | undefined;
  summary(): SchedulerSummary;
  save(): SchedulerState;
  restore(state: SchedulerState): void;
}
