/** Truncation selection: the worst and the best part of a population. */

/** A trial with a score that can be compared: larger is better, never NaN. */
export interface Ranked {
  readonly id: string;
  /** Position in the order of creation. */
  readonly index: number;
  readonly score: number;
}

/** The two ends of a ranking, each in ascending order of score. They never overlap. */
export interface Quantiles<T extends Ranked = Ranked> {
  readonly lower: readonly T[];
  readonly upper: readonly T[];
}

/**
 * The `fraction` worst and the `fraction` best of a population: ceil(n·fraction) each, at most half of it, none when
 * there is nobody to compare with or the fraction is 0. Equal scores rank in the order of creation.
 * @example quantilesOf(fivePopulation, 0.25) // two worst, two best
 */
export function quantilesOf<T extends Ranked>(population: readonly T[], fraction: number): Quantiles<T> {
  const size = quantileSize(population.length, fraction);
  if (size === 0) return { lower: [], upper: [] };
  const ranked = population.toSorted((a, b) => compare(a.score, b.score) || a.index - b.index);
  return { lower: ranked.slice(0, size), upper: ranked.slice(-size) };
}

/** How many trials each end has. */
export function quantileSize(count: number, fraction: number): number {
  if (count <= 1) return 0;
  return Math.min(Math.ceil(count * fraction), Math.floor(count / 2));
}

/** Not `a - b`: the difference of two equal infinities is NaN. */
function compare(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
