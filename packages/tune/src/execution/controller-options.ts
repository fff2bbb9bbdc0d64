/** What the controller is told: everything is checked and filled in by then. */
import type { CheckpointConfig } from "../checkpoints/config.ts";
import type { RandomStream } from "../random.ts";
import type { TrialScheduler } from "../schedulers/types.ts";
import type { Stopper } from "../stoppers/types.ts";
import type { TrialSource } from "./trial-source.ts";

/** Options of a `TrialController`. */
export interface ControllerOptions {
  readonly experimentName: string;
  /** Directory of the experiment's files. */
  readonly experimentPath: string;
  /** Name of the trainable, the first part of a trial's name. */
  readonly trainableName: string;
  readonly metric: string | undefined;
  readonly scheduler: TrialScheduler;
  readonly source: TrialSource;
  readonly stopper: Stopper | undefined;
  /** The stream of scheduling decisions. */
  readonly random: RandomStream;
  /** Id of a trial from its index. */
  readonly trialId: (index: number) => string;
  /** Name of a trial; default `<trainable>_<id>`. */
  readonly trialName: ((trial: { readonly id: string; readonly index: number }) => string) | undefined;
  readonly resources: Readonly<Record<string, number>>;
  readonly checkpointConfig: CheckpointConfig;
  /** -1: any number. */
  readonly maxFailures: number;
  readonly failFast: boolean | "raise";
  /** How many trials may be RUNNING at once. */
  readonly maxConcurrentTrials: number;
  /** How many trials may be PENDING: more are created when these have started. */
  readonly maxPendingTrials: number;
  /** Beyond this many parked trials, those that can go on from a checkpoint give up their actor. */
  readonly maxParkedTrials: number;
  readonly timeBudgetS: number | undefined;
  /** How long an ending waits for trials to reach their next report. */
  readonly gracePeriodS: number;
  readonly place: { readonly hostname: string; readonly nodeIp: string };
}
