/** The public interface of callbacks: code of the user's that is told what happens in an experiment. */
import type { ExploitOrder } from "../schedulers/types.ts";
import type { CheckpointView, TrialResult, TrialView } from "../trial/types.ts";

/** Facts about an experiment that do not change while it runs. */
export interface ExperimentInfo {
  readonly name: string;
  /** Directory of the experiment's files. */
  readonly path: string;
  readonly metric: string | undefined;
  readonly mode: "min" | "max" | undefined;
  /** -1: no limit. */
  readonly numSamples: number;
  readonly seed: number;
}

/**
 * Is told what happens, in order, in the driver's thread. Methods may be async; the experiment waits for them, so slow
 * ones slow it down. What a method throws ends the run with a `TuneError` that names the callback, unless `optional`.
 *
 * @example
 * const log: tune.Callback = { onTrialResult: (trial, result) => console.log(trial.name, result.loss) };
 */
export interface Callback {
  /** Name for error messages. @defaultValue name of its class */
  readonly name?: string;
  /** True: what it throws is shown as a warning and the run goes on. @defaultValue false */
  readonly optional?: boolean;
  onExperimentStart?(experiment: ExperimentInfo): void | Promise<void>;
  /** `restored`: the checkpoint that it goes on from. */
  onTrialStart?(trial: TrialView, restored: CheckpointView | undefined): void | Promise<void>;
  /** Each report, and what the trainable returned, merged over its last report. */
  onTrialResult?(trial: TrialView, result: TrialResult): void | Promise<void>;
  onTrialComplete?(trial: TrialView): void | Promise<void>;
  /** `recovers`: it will be started again. */
  onTrialError?(trial: TrialView, error: Error, recovers: boolean): void | Promise<void>;
  onTrialSave?(trial: TrialView, checkpoint: CheckpointView): void | Promise<void>;
  /** A scheduler replaced a trial's hyperparameters; they take effect when it runs next. */
  onPerturbation?(order: ExploitOrder): void | Promise<void>;
  /** After each round of the controller. */
  onStep?(trials: readonly TrialView[]): void | Promise<void>;
  /** Always called, also when the run fails. */
  onExperimentEnd?(trials: readonly TrialView[]): void | Promise<void>;
}
