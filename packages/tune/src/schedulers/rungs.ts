/** One bracket of asynchronous successive halving: rungs at growing times, and the scores that were seen at each. */
import { fromJsonNumber, toJsonNumber, type JsonNumber } from "./json-numbers.ts";

interface Rung {
  readonly milestone: number;
  /** Ids of the trials that were recorded here. */
  readonly recorded: Set<string>;
  /** Their scores in ascending order, without NaN. */
  readonly scores: number[];
}

/** JSON-able state of a bracket, from the highest rung down. */
export interface BracketState {
  readonly rungs: readonly {
    readonly milestone: number;
    readonly recorded: readonly string[];
    readonly scores: readonly JsonNumber[];
  }[];
}

/** The times at which bracket `s` compares trials, ascending: grace·rf^s, grace·rf^(s+1), ... up to maxT included. */
export function milestonesOf(
  gracePeriod: number,
  maxT: number,
  reductionFactor: number,
  bracket: number,
): readonly number[] {
  const milestones: number[] = [];
  // Repeated multiplication is exact for whole numbers; logarithms miss exact powers (log 243 / log 3 < 5).
  let milestone = gracePeriod;
  for (let power = 0; milestone <= maxT; power += 1) {
    if (power >= bracket) milestones.push(milestone);
    milestone *= reductionFactor;
  }
  return milestones;
}

/** The rungs of one bracket. */
export class Bracket {
  /** From the highest down. */
  #rungs: readonly Rung[];

  constructor(milestones: readonly number[]) {
    this.#rungs = milestones
      .toReversed()
      .map((milestone) => ({ milestone, recorded: new Set(), scores: [] }));
  }

  get size(): number {
    return this.#rungs.length;
  }

  /**
   * Records a report at the highest rung that the trial reached and was not recorded at.
   * @param keepAfterRecord a rung that already knows the trial ends the search, so lower rungs are not filled in.
   * @returns whether the score is below what earlier trials had at that rung.
   */
  report(
    trialId: string,
    time: number,
    score: number,
    reductionFactor: number,
    keepAfterRecord: boolean,
  ): boolean {
    for (const rung of this.#rungs) {
      if (time < rung.milestone) continue;
      if (rung.recorded.has(trialId)) {
        if (keepAfterRecord) return false;
        continue;
      }
      const cutoff = cutoffOf(rung, reductionFactor);
      rung.recorded.add(trialId);
      if (!Number.isNaN(score)) rung.scores.splice(insertionPoint(rung.scores, score), 0, score);
      return cutoff !== undefined && score < cutoff;
    }
    return false;
  }

  /** `Bracket: Iter 4.000: 3 | Iter 1.000: None`, with the cutoff of each rung. */
  describe(reductionFactor: number): string {
    const rungs = this.#rungs.map(
      (rung) => `Iter ${rung.milestone.toFixed(3)}: ${cutoffOf(rung, reductionFactor) ?? "None"}`,
    );
    return `Bracket: ${rungs.join(" | ")}`;
  }

  save(): BracketState {
    return {
      rungs: this.#rungs.map(({ milestone, recorded, scores }) => ({
        milestone,
        recorded: [...recorded],
        scores: scores.map(toJsonNumber),
      })),
    };
  }

  restore(state: BracketState): void {
    this.#rungs = state.rungs.map(({ milestone, recorded, scores }) => ({
      milestone,
      recorded: new Set(recorded),
      scores: scores.map(fromJsonNumber),
    }));
  }
}

/** The score that the best 1/rf of a rung reach: a percentile with linear interpolation; undefined without scores. */
function cutoffOf({ scores }: Rung, reductionFactor: number): number | undefined {
  const position = (1 - 1 / reductionFactor) * (scores.length - 1);
  const below = scores[Math.floor(position)];
  const above = scores[Math.ceil(position)];
  if (below === undefined || above === undefined) return undefined;
  if (below === above) return below;
  const weight = position - Math.floor(position);
  return below * (1 - weight) + above * weight;
}

/** Where to put a score so that the list stays sorted: binary search. */
function insertionPoint(scores: readonly number[], score: number): number {
  let low = 0;
  let high = scores.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((scores[middle] ?? Infinity) <= score) low = middle + 1;
    else high = middle;
  }
  return low;
}
