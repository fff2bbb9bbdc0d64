/**
 * The seam between the controller (a pure loop: trial events in, decisions and effects out) and what really runs
 * trials: actors of the runtime (`actor-executor.ts`) or a simulation on a virtual clock (`testing/`).
 */
import type { CheckpointView, Checkpointing, Config, Metrics } from "../trial/types.ts";

/** A checkpoint to load: a trial needs no more of it than where it is. */
export type CheckpointSource = Pick<CheckpointView, "path">;

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
  readonly checkpoint: CheckpointSource | undefined;
  /** Number of reports that the trial made before this start. */
  readonly iteration: number;
}

/** The answer to a trial that is parked at its report. */
export interface TrialContinue {
  readonly config: Config;
  /** True when the configuration changed since the trial's last report. */
  readonly perturbed: boolean;
  /** Set when the trial must load this (an exploit by checkpoint) before it trains on. */
  readonly checkpoint?: CheckpointSource;
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

/** How long to wait for events. */
export interface WaitOptions {
  /** Aborting rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Time on the executor's clock at which the wait ends with an empty list. */
  readonly until?: number | undefined;
}

/** Runs trials. All commands return at once; what comes of them arrives as events. */
export interface TrialExecutor {
  /**
   * Tries to reserve one slot's resources for a trial; false when none is ready now, and then the controller is woken
   * (by an empty list of events) when one may be.
   */
  acquire(trialId: string, resources: Readonly<Record<string, number>>): boolean;
  /** Gives the slot of a trial back (paused, ended, failed). */
  release(trialId: string): void;
  /**
   * True while a slot is on its way that the resources allow. A controller that must not depend on timing waits for
   * it before it decides anything.
   */
  settling(): boolean;
  startTrial(start: TrialStart): void;
  continueTrial(trialId: string, answer: TrialContinue): void;
  /** Asks a trial that is parked at a report, and whose checkpointing is `on-demand`, to save; answers with `saved`. */
  saveTrial(trialId: string): void;
  /** Ends a trial that is parked at a report: its cleanup runs; answers with `ended`. */
  stopTrial(trialId: string): void;
  /** Ends a trial whatever it does; no event follows. */
  killTrial(trialId: string): void;
  /**
   * The events that have happened, in the order in which they happened. An empty list wakes the controller: a slot
   * may be free, or the time `until` is there.
   */
  nextEvents(options?: WaitOptions): Promise<readonly TrialEvent[]>;
  /** Reserved and total resources, for reporters. */
  resources(): {
    readonly used: Readonly<Record<string, number>>;
    readonly total: Readonly<Record<string, number>>;
  };
  /** Seconds on the executor's clock: Unix time, or virtual time from 0 in a simulation. */
  now(): number;
  shutdown(): Promise<void>;
}

/** Where checkpoints are kept. */
export interface CheckpointStore {
  /** Makes what lies at `from` the checkpoint directory `to`. */
  adopt(from: string, to: string): void | Promise<void>;
  remove(path: string): void | Promise<void>;
}
