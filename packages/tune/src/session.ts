/**
 * What a trainable calls while it runs: `report`, `reportSync`, `getCheckpoint`, `getContext`. The session of the
 * calling trial is found through `AsyncLocalStorage`, so that several trials may share a thread. Loaded inside
 * workers: it must import nothing heavy.
 */
import { AsyncLocalStorage } from "node:async_hooks";

import type { Checkpoint } from "./checkpoints/checkpoint.ts";
import { TuneError } from "./errors.ts";
import type { Config, Metrics } from "./trial/types.ts";

/** What a trial knows about itself. */
export interface TrialContext {
  readonly trialId: string;
  readonly trialName: string;
  /** Directory of the trial's files. */
  readonly trialDir: string;
  readonly trialResources: Readonly<Record<string, number>>;
  readonly experimentName: string;
  /** Number of reports that the trial has made so far. */
  readonly iteration: number;
  /** Aborted when the trial is told to end. */
  readonly signal: AbortSignal;
}

/** What `report` resolves to when the trial may go on. */
export interface ReportAnswer<C = Config> {
  /** The trial's configuration from now on: the live view that the trainable was called with. */
  readonly config: C;
  /** Whether the configuration changed since the last report. */
  readonly perturbed: boolean;
}

/** Options of `report`. */
export interface ReportOptions {
  /** The trial's state at this report, to go on from after a failure or in another trial. */
  readonly checkpoint?: Checkpoint;
}

/** The session of one running trial. */
export interface Session {
  report(metrics: Metrics, options?: ReportOptions): Promise<ReportAnswer>;
  reportSync(metrics: Metrics, options?: ReportOptions): ReportAnswer;
  getCheckpoint(): Checkpoint | undefined;
  readonly context: TrialContext;
}

const key = Symbol.for("@mantajs/tune/session");
// Shared by all copies of this package in the thread, so that a trainable finds its session whichever it imports.
const shared = globalThis as { [key]?: AsyncLocalStorage<Session> };
const sessions: AsyncLocalStorage<Session> = (shared[key] ??= new AsyncLocalStorage<Session>());

/** Runs `body` so that the functions of this module find `session`. */
export function withSession<T>(session: Session, body: () => T): T {
  return sessions.run(session, body);
}

function current(caller: string): Session {
  const session = sessions.getStore();
  if (session === undefined) {
    throw new TuneError(
      `${caller}() was called outside of a trial; call it from the function that tune.run() runs`,
    );
  }
  return session;
}

/**
 * Reports metrics of the running trial: one call is one `training_iteration`. It resolves when the trial may train
 * on; a trial that the scheduler pauses waits here and holds no CPU. When the trial is told to end, it rejects with
 * an internal error that must be let through, so that `finally` blocks run.
 *
 * Throws `InvalidArgumentError` (`MANTA_INVALID_ARGUMENT`) when `metrics` is not an object, `TuneError`
 * (`MANTA_TUNE`) outside of a trial.
 *
 * @example const { config, perturbed } = await tune.report({ epoch, loss });
 */
export async function report<C = Config>(
  metrics: Metrics,
  options?: ReportOptions,
): Promise<ReportAnswer<C>> {
  // The caller says what its configuration is; the session carries whatever the search space made.
  return (await current("report").report(metrics, options)) as ReportAnswer<C>;
}

/**
 * `report` for a training loop that is not async: blocks its thread until the trial may train on.
 *
 * @example const { perturbed } = tune.reportSync({ epoch, loss });
 */
export function reportSync<C = Config>(metrics: Metrics, options?: ReportOptions): ReportAnswer<C> {
  return current("reportSync").reportSync(metrics, options) as ReportAnswer<C>;
}

/**
 * The checkpoint that the trial is to continue from: its own after a failure, or a donor's; undefined when it
 * starts from scratch.
 *
 * @example const weights = tune.getCheckpoint()?.toValue<Weights>() ?? initialWeights();
 */
export function getCheckpoint(): Checkpoint | undefined {
  return current("getCheckpoint").getCheckpoint();
}

/**
 * Ids, directory and resources of the running trial.
 *
 * @example const { trialId, iteration } = tune.getContext();
 */
export function getContext(): TrialContext {
  return current("getContext").context;
}
