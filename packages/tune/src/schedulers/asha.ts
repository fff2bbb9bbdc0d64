/**
 * Asynchronous successive halving (ASHA), the stopping variant: a trial that reaches a rung is stopped when it is
 * worse than the best 1/rf of the trials that were there before it. Nothing waits for anything.
 *
 * Li et al., "A System for Massively Parallel Hyperparameter Tuning", https://arxiv.org/abs/1810.05934
 */
import { InvalidArgumentError } from "@mantajs/runtime";

import {
  checkBoolean,
  checkFinite,
  checkOptions,
  checkPositive,
  checkText,
  checkWhole,
} from "../search-space/checks.ts";
import { metricOf } from "../trial/metrics.ts";
import type { TrialResult, TrialView } from "../trial/types.ts";
import { Objective, type ObjectiveOptions } from "./objective.ts";
import { Bracket, milestonesOf, type BracketState } from "./rungs.ts";
import type {
  Mode,
  SchedulerContext,
  SchedulerDecision,
  SchedulerState,
  SchedulerSummary,
  TrialScheduler,
} from "./types.ts";
import { WaitingTrials } from "./waiting-trials.ts";

/** Options of `AsyncHyperBandScheduler`. Times are in units of `timeAttr`. */
export interface AsyncHyperBandOptions extends ObjectiveOptions {
  /** The field of a result that says how far a trial is. Default: `"training_iteration"`. */
  readonly timeAttr?: string;
  /** R of the paper: trials end here (see `stopLastTrials`). Default: 100. */
  readonly maxT?: number;
  /** r of the paper: no trial is stopped before this time. Default: 1. */
  readonly gracePeriod?: number;
  /** η of the paper: one in so many trials survives a rung. Default: 4. */
  readonly reductionFactor?: number;
  /** Number of brackets; bracket s starts at gracePeriod·reductionFactor^s. Default: 1. */
  readonly brackets?: number;
  /** Whether trials end at `maxT`. Default: true. */
  readonly stopLastTrials?: boolean;
}

const keys = [
  "timeAttr",
  "metric",
  "mode",
  "maxT",
  "gracePeriod",
  "reductionFactor",
  "brackets",
  "stopLastTrials",
] as const;

/**
 * Stops trials that fall behind, without ever pausing one. Also known as ASHA.
 *
 * A report without the time or the metric is let through. A NaN score is never below a cutoff: it is recorded, and
 * counts for nothing. Rungs are found by multiplication, so that exact powers (maxT 243, factor 3) have their rung,
 * which Ray misses.
 *
 * @throws InvalidArgumentError (MANTA_INVALID_ARGUMENT) for options out of range and unknown options.
 * @see https://arxiv.org/abs/1810.05934
 * @example new AsyncHyperBandScheduler({ metric: "loss", mode: "min", maxT: 64, gracePeriod: 1 })
 */
export class AsyncHyperBandScheduler implements TrialScheduler {
  readonly name: string = "AsyncHyperBand";
  readonly #objective: Objective;
  readonly #timeAttr: string;
  readonly #maxT: number;
  readonly #reductionFactor: number;
  readonly #stopLastTrials: boolean;
  readonly #brackets: readonly Bracket[];
  /** Which bracket a trial is in, by id. */
  readonly #assigned = new Map<string, number>();
  readonly #waiting = new WaitingTrials();
  #numStopped = 0;

  constructor(options: AsyncHyperBandOptions = {}) {
    const owner = "AsyncHyperBandScheduler";
    checkOptions(owner, keys, options);
    const { maxT = 100, gracePeriod = 1, reductionFactor = 4, brackets = 1 } = options;
    this.#objective = new Objective(owner, options);
    this.#timeAttr = checkText(`${owner}({ timeAttr })`, options.timeAttr ?? "training_iteration");
    this.#maxT = checkPositive(`${owner}({ maxT })`, maxT);
    checkPositive(`${owner}({ gracePeriod })`, gracePeriod);
    if (gracePeriod > maxT) {
      throw InvalidArgumentError.forValue(`${owner}({ gracePeriod })`, `<= maxT = ${maxT}`, gracePeriod);
    }
    this.#reductionFactor = checkFinite(`${owner}({ reductionFactor })`, reductionFactor);
    if (reductionFactor <= 1) {
      throw InvalidArgumentError.forValue(`${owner}({ reductionFactor })`, "a number > 1", reductionFactor);
    }
    checkWhole(`${owner}({ brackets })`, 1, brackets);
    this.#stopLastTrials = checkBoolean(`${owner}({ stopLastTrials })`, options.stopLastTrials ?? true);
    this.#brackets = Array.from(
      { length: brackets },
      (_, s) => new Bracket(milestonesOf(gracePeriod, maxT, reductionFactor, s)),
    );
  }

  get metric(): string | undefined {
    return this.#objective.metric;
  }

  get mode(): Mode | undefined {
    return this.#objective.mode;
  }

  setSearchProperties(metric: string | undefined, mode: Mode | undefined): void {
    this.#objective.set(metric, mode);
  }

  onTrialAdd(context: SchedulerContext, trial: TrialView): void {
    this.#objective.check();
    this.#waiting.add(trial);
    if (!this.#assigned.has(trial.id)) this.#assigned.set(trial.id, this.#drawBracket(context, trial));
  }

  onTrialResult(_context: SchedulerContext, trial: TrialView, result: TrialResult): SchedulerDecision {
    const time = metricOf(result, this.#timeAttr);
    const score = this.#objective.scoreOf(result);
    if (typeof time !== "number" || score === undefined) return "CONTINUE";
    const isOver = this.#stopLastTrials && time >= this.#maxT;
    if (!isOver && !this.#fallsBehind(trial, time, score)) return "CONTINUE";
    this.#numStopped += 1;
    return "STOP";
  }

  onTrialComplete(_context: SchedulerContext, trial: TrialView, result: TrialResult | undefined): void {
    const time = result === undefined ? undefined : metricOf(result, this.#timeAttr);
    const score = result === undefined ? undefined : this.#objective.scoreOf(result);
    // Its last report is what later trials are compared with, too.
    if (typeof time === "number" && score !== undefined) this.#fallsBehind(trial, time, score);
    this.#assigned.delete(trial.id);
  }

  onTrialError(): void {}

  /** What the trial reported stays in the rungs. */
  onTrialRemove(_context: SchedulerContext, trial: TrialView): void {
    this.#assigned.delete(trial.id);
  }

  chooseTrialToRun(context: SchedulerContext): TrialView | undefined {
    return this.#waiting.first(context.trials);
  }

  summary(): SchedulerSummary {
    const brackets = this.#brackets.map((bracket) => bracket.describe(this.#reductionFactor));
    return { text: [`Using ${this.name}: num_stopped=${this.#numStopped}`, ...brackets].join("\n") };
  }

  save(): SchedulerState {
    return {
      numStopped: this.#numStopped,
      assigned: [...this.#assigned],
      brackets: this.#brackets.map((bracket) => bracket.save()),
    };
  }

  restore(state: SchedulerState): void {
    // Only states that `save` of this class made are handed in.
    const saved = state as {
      numStopped: number;
      assigned: readonly (readonly [string, number])[];
      brackets: readonly BracketState[];
    };
    this.#numStopped = saved.numStopped;
    this.#assigned.clear();
    for (const [trialId, bracket] of saved.assigned) this.#assigned.set(trialId, bracket);
    for (const [at, bracket] of this.#brackets.entries()) {
      const rungs = saved.brackets[at];
      if (rungs !== undefined) bracket.restore(rungs);
    }
  }

  #fallsBehind(trial: TrialView, time: number, score: number): boolean {
    const bracket = this.#brackets[this.#assigned.get(trial.id) ?? 0];
    return bracket?.report(trial.id, time, score, this.#reductionFactor, !this.#stopLastTrials) ?? false;
  }

  /** Brackets with more rungs are likelier: softmax over the numbers of rungs, as in Ray. */
  #drawBracket(context: SchedulerContext, trial: TrialView): number {
    if (this.#brackets.length === 1) return 0;
    const most = Math.max(...this.#brackets.map(({ size }) => size));
    const weights = this.#brackets.map(({ size }) => Math.exp(size - most));
    let left =
      context.random.derive(`asha/trial-${trial.index}`).float() * weights.reduce((sum, w) => sum + w, 0);
    const drawn = weights.findIndex((weight) => (left -= weight) < 0);
    return drawn === -1 ? 0 : drawn;
  }
}

/** Ray's other name of `AsyncHyperBandScheduler`. */
export const ASHAScheduler: typeof AsyncHyperBandScheduler = AsyncHyperBandScheduler;
/** Ray's other name of `AsyncHyperBandScheduler`. */
export type ASHAScheduler = AsyncHyperBandScheduler;
