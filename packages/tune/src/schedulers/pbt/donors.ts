/**
 * Which of the best trials a trial copies from. Truncation selection and the t-test are from Jaderberg et al. 2017,
 * https://arxiv.org/abs/1711.09846, section 4.1.1.
 */
import type { RandomStream } from "../../random.ts";
import type { Ranked } from "./quantiles.ts";
import { meanOf, welchPValue } from "./welch.ts";

/** The ways to pick a donor. */
export const donorSelections = ["uniform", "proportional", "tournament", "t-test"] as const;

/**
 * `uniform`: all of the top quantile equally likely (the paper's truncation selection, and Ray). `proportional`: with
 * a probability proportional to how far its score is above the worst of the population. `tournament`: the better of
 * two that are drawn from the top quantile, if it is better than the trial itself. `t-test`: one is drawn uniformly,
 * and copied only if its last ten reports are better on average and Welch's t-test says so at p < 0.05.
 */
export type DonorSelection = (typeof donorSelections)[number];

/** A trial that can be ranked, with its latest scores. */
export interface Candidate extends Ranked {
  /** Scores of the last reports, at most `recentScores`, newest last; kept for the t-test only. */
  readonly recent: readonly number[];
}

/** How many reports the t-test looks at, and the level at which it is significant. */
export const recentScores = 10;
const significance = 0.05;

/**
 * The donor for a trial; undefined: it keeps what it has.
 * @param top trials that may be copied from, not empty.
 * @param population all ranked trials.
 */
export function selectDonor<T extends Candidate>(
  selection: DonorSelection,
  target: Candidate,
  top: readonly T[],
  population: readonly Candidate[],
  random: RandomStream,
): T | undefined {
  switch (selection) {
    case "uniform":
      return random.pick(top);
    case "proportional":
      return pickProportional(top, population, random);
    case "tournament":
      return tournament(target, top, random);
    case "t-test": {
      const donor = random.pick(top);
      const isBetter = meanOf(donor.recent) > meanOf(target.recent);
      return isBetter && welchPValue(donor.recent, target.recent) < significance ? donor : undefined;
    }
  }
}

function tournament<T extends Candidate>(
  target: Candidate,
  top: readonly T[],
  random: RandomStream,
): T | undefined {
  const first = random.pick(top);
  const others = top.filter((candidate) => candidate !== first);
  const second = others.length === 0 ? first : random.pick(others);
  const winner = second.score > first.score ? second : first;
  return winner.score > target.score ? winner : undefined;
}

function pickProportional<T extends Candidate>(
  top: readonly T[],
  population: readonly Candidate[],
  random: RandomStream,
): T {
  const boundless = top.filter(({ score }) => score === Infinity);
  if (boundless.length > 0) return random.pick(boundless);
  const worst = Math.min(...population.map(({ score }) => score).filter((score) => score !== -Infinity));
  // Halves, so that the distance between two huge scores is no infinity.
  const weights = top.map(({ score }) => (score === -Infinity ? 0 : score / 2 - worst / 2));
  const largest = Math.max(...weights);
  if (largest === 0) return random.pick(top);
  const shares = weights.map((weight) => weight / largest);
  let left = random.float() * shares.reduce((sum, share) => sum + share, 0);
  for (const [at, candidate] of top.entries()) {
    left -= shares[at] ?? 0;
    if (left < 0) return candidate;
  }
  // Rounding can leave a rest above 0 after the last one.
  return random.pick(top.filter((_, at) => weights[at] === largest));
}
