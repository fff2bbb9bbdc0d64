/** The population as PBT sees it at one moment: who takes part, who can be ranked, who is best and worst. */
import { isLive, type TrialView } from "../../trial/types.ts";
import type { Member } from "./members.ts";
import { quantilesOf, type Quantiles } from "./quantiles.ts";

/** A live trial and what is remembered of it. */
export interface Player {
  readonly trial: TrialView;
  readonly member: Member;
}

/** A live trial with a score that can be ranked. */
export interface Contender extends Player {
  readonly id: string;
  readonly index: number;
  readonly score: number;
  readonly recent: readonly number[];
}

/** All that can be ranked, in the order of creation, and the two ends of the ranking. */
export interface Standing extends Quantiles<Contender> {
  readonly ranked: readonly Contender[];
}

/**
 * The live trials, in the order of `trials`, which is that of creation. This and the next function run at every
 * decision over the whole population: they make one array and one plain object a trial, and no more.
 */
export function playersOf(
  trials: readonly TrialView[],
  members: ReadonlyMap<string, Member>,
): readonly Player[] {
  const players: Player[] = [];
  for (const trial of trials) {
    const member = members.get(trial.id);
    if (member !== undefined && !member.over && isLive(trial)) players.push({ trial, member });
  }
  return players;
}

/** Whether a live trial has not come to this time yet; asked after every report, so it stops at the first. */
export function isAnyBehind(
  time: number,
  trials: readonly TrialView[],
  members: ReadonlyMap<string, Member>,
): boolean {
  return trials.some((trial) => {
    const member = members.get(trial.id);
    return member !== undefined && member.time < time && !member.over && isLive(trial);
  });
}

/** A trial without a score, or with NaN, is not ranked: it is neither replaced nor copied. */
export function standingOf(players: readonly Player[], quantileFraction: number): Standing {
  const ranked: Contender[] = [];
  for (const { trial, member } of players) {
    const { id, index, score, recent } = member;
    if (score !== undefined && !Number.isNaN(score)) ranked.push({ trial, member, id, index, score, recent });
  }
  return { ranked, ...quantilesOf(ranked, quantileFraction) };
}

/** Whether an exploit moves the donor's state, too, and not only its hyperparameters. */
export function takesState(target: Player, donor: Player): boolean {
  return target.trial.checkpointing !== "none" && donor.trial.checkpointing !== "none";
}
