/**
 * What a progress reporter is told, and the interface to write one. All of it is plain data: a reporter sees the
 * experiment and cannot change it.
 */
import type { Mode } from "../schedulers/types.ts";
import type { TrialView } from "../trial/types.ts";

/** What is known before the first trial. */
export interface ReporterSetup {
  readonly experimentName: string;
  /** Directory of the experiment's files. */
  readonly experimentPath: string;
  readonly metric: string | undefined;
  readonly mode: Mode | undefined;
  /** Number of trials there will be; undefined when a searcher decides that on the way. */
  readonly totalTrials: number | undefined;
}

/** One hyperparameter that a scheduler changed. */
export interface PerturbedValue {
  /** Flattened with `/`. */
  readonly key: string;
  /** What the trial had. */
  readonly before: unknown;
  /** What the donor has; the operation was done to it. */
  readonly donor: unknown;
  /** What the trial has now. */
  readonly after: unknown;
  /** How, as the scheduler said it: `* 1.2`, `resample`, `shift left`; undefined: taken over from the donor as it is. */
  readonly operation: string | undefined;
}

/** A trial took over (perturbed) hyperparameters of another. */
export interface Perturbation {
  /** Ordinal in the experiment, from 0; reporters tell by it which ones they have shown. */
  readonly index: number;
  readonly trialName: string;
  readonly donorName: string;
  /** Values that differ from what the trial had before. */
  readonly changes: readonly PerturbedValue[];
}

/** The best trial so far by the experiment's metric. */
export interface BestSoFar {
  readonly trial: TrialView;
  /** The metric's value. */
  readonly value: number;
}

/** The state of an experiment at one moment. */
export interface ProgressState {
  /** All trials in order of creation. */
  readonly trials: readonly TrialView[];
  readonly metric: string | undefined;
  readonly mode: Mode | undefined;
  readonly best: BestSoFar | undefined;
  readonly resources: {
    readonly used: Readonly<Record<string, number>>;
    readonly total: Readonly<Record<string, number>>;
  };
  /** Seconds since the experiment began. */
  readonly elapsedSeconds: number;
  /** What the scheduler says of itself; one line or a few. */
  readonly schedulerText: string;
  /** The latest perturbations, oldest first; the controller keeps some ten of them. */
  readonly perturbations: readonly Perturbation[];
  readonly experimentPath: string;
  /** Something that the user should know now, e.g. why nothing runs. */
  readonly message: string | undefined;
}

/**
 * Shows how an experiment comes along. The controller calls it after every step; throttling is the reporter's affair.
 * A reporter that throws is warned about and no longer called; the experiment goes on.
 */
export interface ProgressReporter {
  /** Called once, before any trial; awaited. */
  setup(info: ReporterSetup): void | Promise<void>;
  /** Called after every step and, with `done` true, once at the end. */
  onProgress(state: ProgressState, done: boolean): void;
  /** A line that users, workers or Manta print while the experiment runs. */
  onMessage(line: string): void;
}

/** Time as the reporter needs it; injected in tests. */
export interface ReporterClock {
  /** Milliseconds; only differences count. */
  now(): number;
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
}
