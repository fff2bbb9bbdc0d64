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

/** The live trials in the order of creation. */
export function playersOf(
  trials: readonly TrialView[],
  members: ReadonlyMap<string, Member>,
): readonly Player[] {
  return trials
    .flatMap((trial): readonly Player[] => {
      const member = members.get(trial.id);
      return member === undefined || member.over || !isLive(trial) ? [] : [{ trial, member }];
    })
    .toSorted((a, b) => a.member.index - b.member.index);
}

/** A trial without a score, or with NaN, is not ranked: it is neither replaced nor copied. */
export function standingOf(players: readonly Player[], quantileFraction: number): Standing {
  const ranked = players.flatMap((player): readonly Contender[] => {
    const { id, index, score, recent } = player.member;
    return score === undefined || Number.isNaN(score) ? [] : [{ ...player, id, index, score, recent }];
  });
  return { ranked, ...quantilesOf(ranked, quantileFraction) };
}

/** Whether an exploit moves the donor's state, too, and not only its hyperparameters. */
export function takesState(target: Player, donor: Player): boolean {
  return target.trial.checkpointing !== "none" && donor.trial.checkpointing !== "none";
}
