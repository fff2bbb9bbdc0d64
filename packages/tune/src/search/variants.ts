/**
 * The variants of a search space as a sequence that is computed, not stored: variant `i` comes from arithmetic on `i`,
 * so that a million samples cost nothing until they are asked for, and a resumed search needs only a number.
 */
import type { RandomStream } from "../random.ts";
import { GridSearch } from "../search-space/grid-search.ts";
import { variablesOf } from "../search-space/tags.ts";
import type { SearchSpace } from "../search-space/types.ts";
import type { Config } from "../trial/types.ts";
import { resolveSpace } from "./resolve.ts";

/** What a sequence of variants is made from. */
export interface VariantOptions {
  readonly space: SearchSpace;
  /** Values by key; each point is one sample, and its grids without a value are still crossed. */
  readonly points: readonly ReadonlyMap<string, unknown>[];
  /** Number of samples, the points among them; Infinity: no limit. Points beyond it are tried as well. */
  readonly numSamples: number;
  /** Draw the domains once a sample instead of once a trial. */
  readonly constantGridSearch: boolean;
}

interface Grid {
  readonly key: string;
  readonly values: readonly unknown[];
}

/** One sample: the cross product of its grids. */
interface Sample {
  readonly index: number;
  readonly point: ReadonlyMap<string, unknown>;
  readonly grids: readonly Grid[];
  /** Which variant of the sample. */
  readonly offset: number;
}

const noPoint: ReadonlyMap<string, unknown> = new Map();

/** All variants of a search space. */
export class Variants {
  /** How many there are; Infinity when the number of samples is not limited. */
  readonly count: number;
  readonly #options: VariantOptions;
  readonly #grids: readonly Grid[];

  constructor(options: VariantOptions) {
    this.#options = options;
    this.#grids = variablesOf(options.space).flatMap(({ key, source }) =>
      source instanceof GridSearch ? [{ key, values: source.values }] : [],
    );
    const ofPoints = options.points.reduce((sum, point) => sum + sizeOf(this.#openGrids(point)), 0);
    const others = Math.max(0, options.numSamples - options.points.length);
    this.count = ofPoints + others * sizeOf(this.#grids);
  }

  /** Variant `index` < count. Its draws depend on `random`'s seed and on `index`, not on other variants. */
  at(index: number, random: RandomStream): Config {
    const sample = this.#sampleOf(index);
    const decided = new Map(sample.point);
    let rest = sample.offset;
    for (const { key, values } of sample.grids) {
      // The first grid in the order of paths varies fastest.
      decided.set(key, values[rest % values.length]);
      rest = Math.floor(rest / values.length);
    }
    const stream = this.#options.constantGridSearch ? `sample-${sample.index}` : `trial-${index}`;
    return resolveSpace(this.#options.space, decided, random.derive(stream));
  }

  #sampleOf(index: number): Sample {
    let offset = index;
    for (const [at, point] of this.#options.points.entries()) {
      const grids = this.#openGrids(point);
      if (offset < sizeOf(grids)) return { index: at, point, grids, offset };
      offset -= sizeOf(grids);
    }
    const size = sizeOf(this.#grids);
    return {
      index: this.#options.points.length + Math.floor(offset / size),
      point: noPoint,
      grids: this.#grids,
      offset: offset % size,
    };
  }

  #openGrids(point: ReadonlyMap<string, unknown>): readonly Grid[] {
    return this.#grids.filter(({ key }) => !point.has(key));
  }
}

const sizeOf = (grids: readonly Grid[]): number =>
  grids.reduce((product, { values }) => product * values.length, 1);
