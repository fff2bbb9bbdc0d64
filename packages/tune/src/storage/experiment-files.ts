/**
 * The files of an experiment: `<storagePath>/<name>/` with one directory for each trial, the journal, and a snapshot
 * of the whole state that is replaced at once.
 */
import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import type { ExperimentEvent, JournalEntry } from "../execution/effects.ts";
import type { ExploitOrder } from "../schedulers/types.ts";
import { formatDate } from "../trial/trial.ts";
import type { TrialView } from "../trial/types.ts";
import { Journal } from "./journal.ts";
import { toJson } from "./json.ts";
import { logPolicy } from "./policy-log.ts";
import { TrialFiles } from "./trial-files.ts";

/** Where experiments lie unless `storagePath` says otherwise. */
export const defaultStoragePath = (): string => join(homedir(), "manta_results");

/** Snapshots are at least this far apart, and far enough that writing them takes at most a twentieth of the time. */
const snapshotPeriodS = 10;
const snapshotShare = 19;

/** Facts and states that go into a snapshot besides the trials. */
export type SnapshotFacts = Readonly<Record<string, unknown>>;

/** Writes everything about one experiment. */
export class ExperimentFiles {
  readonly path: string;
  readonly #journal: Journal;
  readonly #trials = new Map<string, TrialFiles>();
  #nextSnapshot = 0;

  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    const journal = join(path, "journal.jsonl");
    // An earlier experiment of this name: its journal stays readable beside the new one.
    if (existsSync(journal))
      renameSync(journal, join(path, `journal-${Math.floor(statSync(journal).mtimeMs)}.jsonl`));
    this.#journal = new Journal(journal);
  }

  journal(entries: readonly JournalEntry[]): void {
    this.#journal.append(entries);
  }

  /** `now`: Unix time in seconds. */
  notify(event: ExperimentEvent, now: number): void {
    switch (event.type) {
      case "trialAdd":
        return this.#of(event.trial).params(event.trial.config);
      case "trialResult":
        return this.#of(event.trial).result(event.row);
      case "trialComplete":
        return this.#close(event.trial);
      case "trialError":
        this.#of(event.trial).error(event.error, event.trial.numFailures, formatDate(now));
        return event.recovers ? this.#of(event.trial).flush() : this.#close(event.trial);
      case "perturbation":
        return this.#of(event.order.trial).params(event.order.config);
      case "trialStart":
      case "trialSave":
      case "warning":
        return undefined;
    }
  }

  /** Adds an exploit to the logs of Population Based Training. */
  policy(order: ExploitOrder): void {
    logPolicy(this.path, order);
  }

  /** Writes a snapshot when one is due. `now`: seconds on any clock. */
  snapshotIfDue(now: number, trials: readonly TrialView[], facts: () => SnapshotFacts): void {
    if (now < this.#nextSnapshot) return;
    const begin = performance.now();
    if (this.#nextSnapshot > 0) this.snapshot(trials, facts());
    const took = (performance.now() - begin) / 1000;
    this.#nextSnapshot = now + Math.max(snapshotPeriodS, snapshotShare * took);
  }

  /** Writes what is buffered, and replaces `experiment_state.json`. A running trial is shown as PENDING, as in Ray. */
  snapshot(trials: readonly TrialView[], facts: SnapshotFacts): void {
    for (const files of this.#trials.values()) files.flush();
    const state = { version: 1, ...facts, trials: trials.map(trialState) };
    const path = join(this.path, "experiment_state.json");
    writeFileSync(`${path}.new`, `${toJson(state)}\n`);
    renameSync(`${path}.new`, path);
  }

  close(): void {
    for (const files of this.#trials.values()) files.flush();
    this.#journal.close();
  }

  #of(trial: TrialView): TrialFiles {
    let files = this.#trials.get(trial.id);
    if (files === undefined) this.#trials.set(trial.id, (files = new TrialFiles(trial.path)));
    return files;
  }

  #close(trial: TrialView): void {
    this.#of(trial).flush();
    this.#trials.delete(trial.id);
  }
}

function trialState(trial: TrialView): Readonly<Record<string, unknown>> {
  const { id, name, index, config, evaluatedParams, experimentTag, resources, path, numFailures } = trial;
  return {
    id,
    name,
    index,
    status: trial.status === "RUNNING" ? "PENDING" : trial.status,
    config,
    evaluatedParams,
    experimentTag,
    resources,
    path,
    numFailures,
    lastResult: trial.lastResult,
    checkpoint: trial.checkpoint?.path,
    error: trial.error?.message,
  };
}
