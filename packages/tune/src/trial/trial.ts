/**
 * The mutable record behind a `TrialView`. Its status changes only through the machine of `machine.ts`; its counters
 * only through `recordReport`, `recordFinal` and `restoreFrom`. It does no I/O and knows no executor.
 */
import { join } from "node:path";

import {
  failuresOf,
  initialTrialState,
  nextTrialState,
  statusOf,
  type TrialMachineEvent,
  type TrialMachineState,
} from "./machine.ts";
import type {
  Checkpointing,
  CheckpointView,
  Config,
  Metrics,
  TrialResult,
  TrialStatus,
  TrialView,
} from "./types.ts";

/** Where a trial stands with the executor, which is finer than its status. */
export type Seat =
  /** It has no actor: not begun, evicted, or over. */
  | "none"
  /** Its function runs. */
  | "training"
  /** It waits at its report. */
  | "parked"
  /** It waits at its report and writes a checkpoint. */
  | "saving"
  /** It was told to end, and its cleanup runs. */
  | "stopping"
  /** Its actor was told to end to save memory; the trial is paused and goes on from its checkpoint. */
  | "evicting";

/** What is fixed when a trial is created. */
export interface TrialInit {
  readonly id: string;
  readonly name: string;
  readonly index: number;
  readonly config: Config;
  readonly evaluatedParams: Readonly<Record<string, unknown>>;
  readonly experimentTag: string;
  readonly resources: Readonly<Record<string, number>>;
  readonly path: string;
  readonly maxFailures: number;
}

/** Where and when a result was made. */
export interface ResultPlace {
  readonly hostname: string;
  readonly nodeIp: string;
  /** Unix time in seconds. */
  readonly now: number;
}

/** A trial; schedulers, searchers and reporters see it as a `TrialView`. */
export class Trial implements TrialView {
  readonly id: string;
  readonly name: string;
  readonly index: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly path: string;
  config: Config;
  evaluatedParams: Readonly<Record<string, unknown>>;
  experimentTag: string;
  lastResult: TrialResult | undefined = undefined;
  checkpointing: Checkpointing = "none";
  checkpoint: CheckpointView | undefined = undefined;
  error: Error | undefined = undefined;
  pid = 0;
  seat: Seat = "none";
  /** Whether it holds a slot of the executor. */
  holdsSlot = false;
  /** Keys of the last report of the user, for messages about a metric that is missing. */
  reportedKeys: readonly string[] = [];
  /** Number of reports, whatever was restored; what `reports_total` shows. */
  reports = 0;
  #state: TrialMachineState;
  #status: TrialStatus;
  #iteration = 0;
  #timeTotal = 0;
  #iterationsSinceRestore = 0;
  #timeSinceRestore = 0;

  constructor(init: TrialInit) {
    this.id = init.id;
    this.name = init.name;
    this.index = init.index;
    this.resources = init.resources;
    this.path = init.path;
    this.config = init.config;
    this.evaluatedParams = init.evaluatedParams;
    this.experimentTag = init.experimentTag;
    this.#state = initialTrialState(init.maxFailures);
    this.#status = statusOf(this.#state);
  }

  /** Kept beside the state because schedulers ask every trial for it again and again. */
  get status(): TrialStatus {
    return this.#status;
  }

  get numFailures(): number {
    return failuresOf(this.#state);
  }

  /** Number of reports, continued from the donor's after a checkpoint exploit. */
  get iteration(): number {
    return this.#iteration;
  }

  /** Whether RECOVER is legal now. */
  get mayRecover(): boolean {
    return this.#state.can({ type: "RECOVER" });
  }

  /** The only way in which the status changes. Throws TuneError when the event is illegal. */
  happen(type: TrialMachineEvent["type"]): void {
    this.#state = nextTrialState(this.#state, { type }, this.id);
    this.#status = statusOf(this.#state);
  }

  /** Takes a report in: counts it, adds Manta's fields, and makes it the last result. */
  recordReport(metrics: Metrics, timeSeconds: number, place: ResultPlace): TrialResult {
    this.reports += 1;
    this.#iteration += 1;
    this.#iterationsSinceRestore += 1;
    this.#timeTotal += timeSeconds;
    this.#timeSinceRestore += timeSeconds;
    this.reportedKeys = Object.keys(metrics);
    this.lastResult = { ...metrics, ...this.#fields(timeSeconds, place, metrics["done"] === true) };
    return this.lastResult;
  }

  /**
   * Takes in what the trainable returned. Returned keys go over the last result in memory; the row is what a file
   * gets: the returned keys and Manta's fields, so that the user's own keys of the last report are not repeated.
   * A trial that returns without having reported counts as one report.
   */
  recordFinal(
    final: Metrics,
    place: ResultPlace,
  ): { readonly result: TrialResult; readonly row: TrialResult } {
    if (this.reports === 0) {
      this.reports = 1;
      this.#iteration += 1;
      this.#iterationsSinceRestore += 1;
    }
    this.reportedKeys = [...new Set([...this.reportedKeys, ...Object.keys(final)])];
    const row = { ...final, ...this.#fields(0, place, true) };
    this.lastResult = { ...this.lastResult, ...row };
    return { result: this.lastResult, row };
  }

  /** Marks the last result as the final one, for a trial that returned nothing or was stopped. */
  markDone(): void {
    if (this.lastResult !== undefined) this.lastResult = { ...this.lastResult, done: true };
  }

  /** Sets the counters to those of a checkpoint's result; undefined: the trial starts from scratch. */
  restoreFrom(result: TrialResult | undefined): void {
    this.#iteration = result?.training_iteration ?? 0;
    this.#timeTotal = result?.time_total_s ?? 0;
    this.#iterationsSinceRestore = 0;
    this.#timeSinceRestore = 0;
  }

  /** Whether its latest checkpoint holds the state of its last report. */
  get isSaved(): boolean {
    return this.checkpoint !== undefined && this.checkpoint.result.reports_total === this.reports;
  }

  /** Makes the checkpoint of the last report, with this ordinal, the latest one. */
  nextCheckpoint(index: number): CheckpointView {
    if (this.lastResult === undefined) throw new Error(`trial ${this.id} saves before it has reported`);
    const name = checkpointDirname(index);
    this.lastResult = { ...this.lastResult, checkpoint_dir_name: name };
    const path = join(this.path, name);
    this.checkpoint = { path, index, trialId: this.id, result: this.lastResult };
    return this.checkpoint;
  }

  #fields(timeSeconds: number, place: ResultPlace, done: boolean): TrialResult {
    return {
      training_iteration: this.#iteration,
      reports_total: this.reports,
      time_this_iter_s: timeSeconds,
      time_total_s: this.#timeTotal,
      time_since_restore: this.#timeSinceRestore,
      iterations_since_restore: this.#iterationsSinceRestore,
      done,
      trial_id: this.id,
      trial_name: this.name,
      date: formatDate(place.now),
      timestamp: Math.floor(place.now),
      pid: this.pid,
      hostname: place.hostname,
      node_ip: place.nodeIp,
      experiment_tag: this.experimentTag,
      config: this.config,
    };
  }
}

/** `checkpoint_000000`: the directory of a trial's checkpoint. */
export const checkpointDirname = (index: number): string => `checkpoint_${String(index).padStart(6, "0")}`;

const two = (value: number): string => String(value).padStart(2, "0");

/** `YYYY-mm-dd_HH-MM-SS` in local time, from Unix seconds: Ray's form of a date in results and directory names. */
export function formatDate(seconds: number): string {
  const date = new Date(seconds * 1000);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}_${two(date.getHours())}-${two(date.getMinutes())}-${two(date.getSeconds())}`;
}
