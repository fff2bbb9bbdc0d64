/**
 * The seam between the controller (a pure loop: trial events in, decisions and effects out) and what really runs
 * trials: actors of the runtime (`actor-executor.ts`) or a simulation on a virtual clock (`testing/`).
 */
import type { CheckpointView, Checkpointing, Config, Metrics } from "../trial/types.ts";

/** How to begin or continue a trial on an executor. */
export interface TrialStart {
  readonly trialId: string;
  readonly trialName: string;
  readonly experimentName: string;
  readonly config: Config;
  readonly resources: Readonly<Record<string, number>>;
  /** Directory of the trial's files. */
  readonly path: string;
  /** Continue from here; undefined starts from scratch. */
  readonly checkpoint: CheckpointView | undefined;
}

/** The answer to a trial that is parked at its report. */
export interface TrialContinue {
  readonly config: Config;
  /** True when the configuration changed since the trial's last report. */
  readonly perturbed: boolean;
  /** Set when the trial must load this (an exploit by checkpoint) before it trains on. */
  readonly checkpoint?: CheckpointView;
}

/** What a trial did. Each event names its trial; a trial is silent after `ended` or `failed`. */
export type TrialEvent =
  | {
      readonly type: "started";
      readonly trialId: string;
      readonly pid: number;
      readonly checkpointing: Checkpointing;
    }
  | {
      /** The trial is parked at this report until `continueTrial`, `stopTrial` or `killTrial`. */
      readonly type: "report";
      readonly trialId: string;
      readonly metrics: Metrics;
      /** Directory that holds the checkpoint handed over with the report; the controller moves it into place. */
      readonly checkpointPath: string | undefined;
      /** Seconds of training since the previous report or the start. */
      readonly timeSeconds: number;
    }
  | { readonly type: "saved"; readonly trialId: string; readonly checkpointPath: string }
  | { readonly type: "warning"; readonly trialId: string; readonly message: string }
  | { readonly type: "ended"; readonly trialId: string; readonly final: Metrics | undefined }
  | { readonly type: "failed"; readonly trialId: string; readonly error: Error };

/** Runs trials. All commands return at once; what comes of them arrives as events. */
export interface TrialExecutor {
  /** Tries to reserve one slot's resources for a trial; false when they are not free now. Events wake the controller when they may be. */
  acquire(trialId: string, resources: Readonly<Record<string, number>>): boolean;
  /** Gives the slot of a trial back (paused, ended, failed). */
  release(trialId: string): void;
  startTrial(start: TrialStart): void;
  continueTrial(trialId: string, answer: TrialContinue): void;
  /** Asks a trial that is parked at a report, and whose checkpointing is `on-demand`, to save; answers with `saved`. */
  saveTrial(trialId: string): void;
  /** Ends a trial that is parked at a report: its cleanup runs; answers with `ended`. */
  stopTrial(trialId: string): void;
  /** Ends a trial whatever it does; no event follows. */
  killTrial(trialId: string): void;
  /** The events that have happened, at least one, in the order in which they happened; aborts with the signal's reason. */
  nextEvents(signal?: AbortSignal): Promise<readonly TrialEvent[]>;
  /** Reserved and total resources, for reporters. */
  resources(): {
    readonly used: Readonly<Record<string, number>>;
    readonly total: Readonly<Record<string, number>>;
  };
  /** Seconds on the executor's clock (virtual in a simulation). */
  now(): number;
  shutdown(): Promise<void>;
}
