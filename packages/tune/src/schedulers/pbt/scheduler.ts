/**
 * Population Based Training: a population trains, and from time to time a bad trial takes over a good trial's state
 * and hyperparameters (exploit) and changes them a little (explore).
 *
 * Jaderberg et al. 2017, "Population Based Training of Neural Networks", https://arxiv.org/abs/1711.09846
 *
 * The order of decisions is Ray's (https://docs.ray.io/en/latest/tune/api/doc/ray.tune.schedulers.PopulationBasedTraining.html).
 * Differences: a trial that never made a checkpoint takes hyperparameters in place and keeps its own progress; the
 * barrier of `synch` depends on no order of arrival; random draws are tied to trials and generations.
 */
import { quote } from "@mantajs/runtime";

import { TuneError } from "../../errors.ts";
import type { RandomStream } from "../../random.ts";
import { copyPlain } from "../../search-space/paths.ts";
import { formatTag } from "../../search-space/tags.ts";
import { metricOf } from "../../trial/metrics.ts";
import type { TrialResult, TrialView } from "../../trial/types.ts";
import { Objective } from "../objective.ts";
import type {
  Mode,
  SchedulerContext,
  SchedulerDecision,
  SchedulerState,
  SchedulerSummary,
  TrialScheduler,
} from "../types.ts";
import { recentScores, selectDonor } from "./donors.ts";
import { explore } from "./explore.ts";
import {
  newMember,
  restoreMember,
  saveMember,
  type Member,
  type Perturbation,
  type PolicyEntry,
  type SavedMember,
} from "./members.ts";
import { fillMissing } from "./mutations.ts";
import { checkPbtOptions, type PbtSettings, type PopulationBasedTrainingOptions } from "./options.ts";
import {
  isAnyBehind,
  playersOf,
  standingOf,
  takesState,
  type Contender,
  type Player,
  type Standing,
} from "./standing.ts";

/** How many perturbations are kept for reporters. */
const keptPerturbations = 100;

/** JSON-able state. */
interface PbtState {
  readonly members: readonly SavedMember[];
  readonly nextBarrier: number;
  readonly generation: number;
  readonly numCheckpoints: number;
  readonly numPerturbs: number;
  readonly policyLog: readonly PolicyEntry[];
  readonly perturbations: readonly Perturbation[];
}

/**
 * Evolves hyperparameters while trials train.
 *
 * Every `perturbationInterval`, a trial in the bottom quantile copies a trial in the top quantile: both make
 * checkpoints, it goes on from the donor's; otherwise it takes the donor's hyperparameters and trains on from where it
 * is. The copied hyperparameters are perturbed. A population larger than the machine has slots takes turns.
 *
 * With `synch: true` and a seed, runs are reproducible whichever trial is faster. Without it decisions depend on the
 * order of reports, but on nothing else.
 *
 * @throws InvalidArgumentError (MANTA_INVALID_ARGUMENT) from the constructor for every option out of range, unknown
 * options, and combinations that make no sense; TuneError (MANTA_TUNE) at a report without time or metric, unless
 * `requireAttrs: false`.
 * @see https://arxiv.org/abs/1711.09846
 * @example
 * new PopulationBasedTraining({
 *   timeAttr: "epoch", metric: "accuracy", mode: "max", perturbationInterval: 2,
 *   hyperparamMutations: { lr: uniform(0.001, 0.1), hiddenUnits: randint(32, 256) },
 * })
 */
export class PopulationBasedTraining implements TrialScheduler {
  readonly name = "PopulationBasedTraining";
  readonly #settings: PbtSettings;
  readonly #objective: Objective;
  readonly #members = new Map<string, Member>();
  /** Synch: the time that every live trial has to reach before the next generation. */
  #nextBarrier: number;
  #generation = 0;
  #numCheckpoints = 0;
  #numPerturbs = 0;
  #policyLog: PolicyEntry[] = [];
  #perturbations: readonly Perturbation[] = [];

  constructor(options: PopulationBasedTrainingOptions) {
    this.#settings = checkPbtOptions(this.name, options);
    this.#objective = new Objective(this.name, options, options.rewardAttr);
    this.#nextBarrier = Math.max(this.#settings.interval, this.#settings.burnIn);
  }

  get metric(): string | undefined {
    return this.#objective.metric;
  }

  get mode(): Mode | undefined {
    return this.#objective.mode;
  }

  /** How many checkpoints of good trials were asked for. */
  get numCheckpoints(): number {
    return this.#numCheckpoints;
  }

  /** How many trials were given another trial's hyperparameters. */
  get numPerturbs(): number {
    return this.#numPerturbs;
  }

  /** Every exploit so far, oldest first; empty with `log: false`. */
  get policyLog(): readonly PolicyEntry[] {
    return this.#policyLog;
  }

  /** The latest exploits, oldest first, at most 100. */
  get perturbations(): readonly Perturbation[] {
    return this.#perturbations;
  }

  setSearchProperties(metric: string | undefined, mode: Mode | undefined): void {
    this.#objective.set(metric, mode);
  }

  onTrialAdd(context: SchedulerContext, trial: TrialView): void {
    this.#objective.check();
    const known = this.#members.get(trial.id);
    // Known and not over: the experiment was resumed, and the member was restored with it.
    if (known !== undefined && !known.over) return;
    this.#members.set(
      trial.id,
      newMember(trial.id, trial.index, known?.originalTag ?? trial.experimentTag, known?.decisions ?? 0),
    );
    if (known !== undefined) return;
    const random = context.random.derive(`pbt/fill/trial-${trial.index}`);
    const filled = fillMissing(trial.config, this.#settings.explore.leaves, random);
    if (filled !== undefined) context.setConfig(trial, filled);
  }

  onTrialResult(context: SchedulerContext, trial: TrialView, result: TrialResult): SchedulerDecision {
    const member = this.#members.get(trial.id);
    const time = metricOf(result, this.#settings.timeAttr);
    const score = this.#objective.scoreOf(result);
    if (typeof time !== "number" || !Number.isFinite(time)) {
      this.#complain(context, trial, "timeAttr", this.#settings.timeAttr, time);
      return "CONTINUE";
    }
    if (score === undefined) {
      const metric = this.#objective.metric ?? "";
      this.#complain(context, trial, "metric", metric, metricOf(result, metric));
    }
    if (member === undefined || time < this.#settings.burnIn) return "CONTINUE";
    if (score !== undefined && this.#settings.donorSelection === "t-test") {
      member.recent = [...member.recent, score].slice(-recentScores);
    }
    if (this.#settings.synch) {
      if (time < this.#nextBarrier) return "CONTINUE";
      // Without a score it cannot be ranked, but must not keep the others waiting either.
      this.#record(member, time, score ?? NaN);
      this.#openBarrier(context);
      return "PAUSE";
    }
    if (score === undefined || time - member.lastPerturbation < this.#settings.interval) return "CONTINUE";
    this.#record(member, time, score);
    return this.#decideAlone(context, { trial, member });
  }

  onTrialComplete(_context: SchedulerContext, trial: TrialView): void {
    this.#leave(trial);
  }

  onTrialError(_context: SchedulerContext, trial: TrialView): void {
    this.#leave(trial);
  }

  onTrialRemove(_context: SchedulerContext, trial: TrialView): void {
    this.#leave(trial);
  }

  /**
   * The waiting trial that is furthest behind; under `synch` only one that has not reached the barrier. Of two that
   * are equally far, the one that was decided about less often: a trial that is set back to a waiting donor's
   * checkpoint again and again must not keep the donor from going on.
   */
  chooseTrialToRun(context: SchedulerContext): TrialView | undefined {
    // A trial that ended or failed may have been the one that the others waited for.
    if (this.#settings.synch) this.#openBarrier(context);
    const limit = this.#settings.synch ? this.#nextBarrier : Infinity;
    let chosen: TrialView | undefined;
    let least = { time: limit, decisions: 0 };
    for (const trial of context.trials) {
      if (trial.status !== "PENDING" && trial.status !== "PAUSED") continue;
      const { time, decisions } = this.#members.get(trial.id) ?? { time: 0, decisions: 0 };
      if (time > least.time || (time === least.time && decisions >= least.decisions)) continue;
      chosen = trial;
      least = { time, decisions };
    }
    return chosen;
  }

  summary(): SchedulerSummary {
    return { text: `${this.name}: ${this.#numCheckpoints} checkpoints, ${this.#numPerturbs} perturbs` };
  }

  save(): SchedulerState {
    const state: PbtState = {
      members: [...this.#members.values()].map(saveMember),
      nextBarrier: this.#nextBarrier,
      generation: this.#generation,
      numCheckpoints: this.#numCheckpoints,
      numPerturbs: this.#numPerturbs,
      policyLog: [...this.#policyLog],
      perturbations: this.#perturbations,
    };
    return { ...state };
  }

  restore(state: SchedulerState): void {
    // Only states that `save` of this class made are handed in.
    const saved = state as unknown as PbtState;
    this.#members.clear();
    for (const member of saved.members) this.#members.set(member.id, restoreMember(member));
    this.#nextBarrier = saved.nextBarrier;
    this.#generation = saved.generation;
    this.#numCheckpoints = saved.numCheckpoints;
    this.#numPerturbs = saved.numPerturbs;
    this.#policyLog = [...saved.policyLog];
    this.#perturbations = saved.perturbations;
  }

  /** Async: the trial alone, against what is known of the others now. */
  #decideAlone(context: SchedulerContext, player: Player): SchedulerDecision {
    const { trial, member } = player;
    const isCrowded = context.trials.some(
      ({ id, status }) => id !== trial.id && (status === "PENDING" || status === "PAUSED"),
    );
    const random = context.random.derive(`pbt/trial-${member.index}/${member.decisions}`);
    member.decisions += 1;
    member.lastPerturbation = member.time;
    const standing = this.#standing(context);
    const own = standing.ranked.find(({ id }) => id === trial.id);
    this.#offer(context, player, standing);
    const isExploited =
      own !== undefined && this.#isTarget(own, standing) && this.#exploit(context, own, standing, random);
    return isExploited || isCrowded ? "PAUSE" : "CONTINUE";
  }

  /** Synch: a generation, as soon as every live trial is at the barrier. */
  #openBarrier(context: SchedulerContext): void {
    if (isAnyBehind(this.#nextBarrier, context.trials, this.#members)) return;
    const players = playersOf(context.trials, this.#members);
    if (players.length === 0) return;
    const random = context.random.derive(`pbt/generation-${this.#generation}`);
    this.#generation += 1;
    const standing = this.#standing(context);
    for (const player of players) {
      player.member.lastPerturbation = player.member.time;
      this.#offer(context, player, standing);
    }
    // In the order of trials and from one stream: nothing here depends on who reported first.
    for (const target of standing.ranked) {
      if (this.#isTarget(target, standing)) this.#exploit(context, target, standing, random);
    }
    this.#moveBarrier(Math.max(...players.map(({ member }) => member.time)));
  }

  /** To the next multiple of the interval that every trial still has to train for; a tie would leave nobody to run. */
  #moveBarrier(latest: number): void {
    const { interval } = this.#settings;
    const passed = Math.max(0, Math.floor((latest - this.#nextBarrier) / interval));
    this.#nextBarrier += (passed + 1) * interval;
    if (this.#nextBarrier <= latest) this.#nextBarrier = latest + interval;
  }

  /** A trial among the best makes a checkpoint that others can take; another's old one is not handed out any more. */
  #offer(context: SchedulerContext, { trial, member }: Player, { upper }: Standing): void {
    member.checkpointed = trial.checkpointing !== "none" && upper.some(({ id }) => id === trial.id);
    if (!member.checkpointed) return;
    context.checkpoint(trial);
    this.#numCheckpoints += 1;
  }

  #isTarget({ id }: Contender, { lower, upper }: Standing): boolean {
    return this.#settings.replace === "bottom"
      ? lower.some((contender) => contender.id === id)
      : !upper.some((contender) => contender.id === id);
  }

  /** Returns whether there was a donor. */
  #exploit(context: SchedulerContext, target: Contender, standing: Standing, random: RandomStream): boolean {
    const { donorSelection, explore: exploreOptions, log } = this.#settings;
    const donors = standing.upper.filter((donor) => !takesState(target, donor) || donor.member.checkpointed);
    if (donors.length === 0) return false;
    const donor = selectDonor(donorSelection, target, donors, standing.ranked, random);
    if (donor === undefined) return false;
    const { config, operations, tagEntries } = explore(donor.trial.config, exploreOptions, random);
    const { member } = target;
    const experimentTag = `${member.originalTag}@perturbed[${formatTag(tagEntries)}]`;
    context.exploit({ trial: target.trial, donor: donor.trial, config, operations, experimentTag });
    this.#numPerturbs += 1;
    if (log) this.#policyLog.push(policyEntry(target, donor, config));
    const fromCheckpoint = takesState(target, donor);
    this.#perturbations = [
      ...this.#perturbations,
      { trialId: target.id, donorId: donor.id, time: member.time, fromCheckpoint, config, operations },
    ].slice(-keptPerturbations);
    member.recent = [];
    if (fromCheckpoint) {
      // It is now as far as the donor was. In place it stays as far as it is.
      member.time = donor.member.time;
      member.lastPerturbation = donor.member.lastPerturbation;
    }
    return true;
  }

  #standing(context: SchedulerContext): Standing {
    return standingOf(playersOf(context.trials, this.#members), this.#settings.quantileFraction);
  }

  #record(member: Member, time: number, score: number): void {
    member.time = time;
    member.score = score;
  }

  #leave(trial: TrialView): void {
    const member = this.#members.get(trial.id);
    if (member !== undefined) member.over = true;
  }

  #complain(context: SchedulerContext, trial: TrialView, option: string, key: string, value: unknown): void {
    const what = `${this.name}: reports must hold a number under ${JSON.stringify(key)} (${option})`;
    if (this.#settings.requireAttrs) {
      throw new TuneError(
        `${what}, but trial ${trial.id} has ${quote(value)} there; report it, or pass requireAttrs: false to ignore such reports`,
        { fields: { trialId: trial.id, trialName: trial.name } },
      );
    }
    context.warn(`${what}; reports without it are ignored`);
  }
}

function policyEntry(target: Contender, donor: Contender, config: PolicyEntry[5]): PolicyEntry {
  return [
    target.member.originalTag,
    donor.member.originalTag,
    target.trial.lastResult?.training_iteration ?? 0,
    donor.trial.lastResult?.training_iteration ?? 0,
    copyPlain(donor.trial.config),
    copyPlain(config),
  ];
}
