/**
 * Random and grid search, the default searcher: points first, then the cross product of the grids once a sample, with
 * the domains drawn anew for each trial.
 */
import { InvalidArgumentError } from "@mantajs/runtime";

import { TuneError } from "../errors.ts";
import type { RandomStream } from "../random.ts";
import { checkBoolean, checkOptions, checkWhole } from "../search-space/checks.ts";
import { isPlainObject } from "../trial/metrics.ts";
import type { Config } from "../trial/types.ts";
import { readPoint } from "./points.ts";
import type { Searcher, SearcherState, SearchProperties } from "./types.ts";
import { Variants } from "./variants.ts";

/** Options of `BasicVariantGenerator`. */
export interface BasicVariantGeneratorOptions {
  /** Configurations, whole or in part, that are tried first; each counts as one sample. Default: none. */
  readonly pointsToEvaluate?: readonly Readonly<Record<string, unknown>>[];
  /** Draw the domains once a sample, so that all points of the grid share them. Default: false. */
  readonly constantGridSearch?: boolean;
  /** Most trials at a time; 0: no limit. Default: 0. */
  readonly maxConcurrent?: number;
}

/**
 * Random and grid search. Grids are crossed, sorted by path, the first one varying fastest; `numSamples` repeats the
 * cross product. Every trial draws from a stream of its own, so that trial 7 of a seed is the same whatever the other
 * trials were.
 *
 * @throws InvalidArgumentError (MANTA_INVALID_ARGUMENT) for unknown options, points that are no objects or whose keys
 * the search space does not have, `numSamples` 0, and functions of `sampleFrom` that wait for each other.
 * @see https://docs.ray.io/en/latest/tune/api/doc/ray.tune.search.basic_variant.BasicVariantGenerator.html
 * @example new BasicVariantGenerator({ pointsToEvaluate: [{ lr: 0.01 }], maxConcurrent: 4 })
 */
export class BasicVariantGenerator implements Searcher {
  readonly name = "BasicVariantGenerator";
  readonly #points: readonly unknown[];
  readonly #constantGridSearch: boolean;
  readonly #maxConcurrent: number;
  #search: { readonly variants: Variants; readonly random: RandomStream } | undefined;
  #next = 0;
  /** Trials that count towards `maxConcurrent`. */
  readonly #running = new Set<string>();

  constructor(options: BasicVariantGeneratorOptions = {}) {
    checkOptions(this.name, ["pointsToEvaluate", "constantGridSearch", "maxConcurrent"], options);
    const { pointsToEvaluate = [], constantGridSearch = false, maxConcurrent = 0 } = options;
    if (!Array.isArray(pointsToEvaluate) || !pointsToEvaluate.every(isPlainObject)) {
      throw InvalidArgumentError.forValue(
        `${this.name}({ pointsToEvaluate })`,
        "an array of objects",
        pointsToEvaluate,
      );
    }
    this.#points = pointsToEvaluate;
    this.#constantGridSearch = checkBoolean(`${this.name}({ constantGridSearch })`, constantGridSearch);
    this.#maxConcurrent = checkWhole(`${this.name}({ maxConcurrent })`, 0, maxConcurrent);
  }

  /** How many trials there will be; Infinity for `numSamples: -1`, undefined before `setSearchProperties`. */
  get totalTrials(): number | undefined {
    return this.#search?.variants.count;
  }

  setSearchProperties({ space, numSamples, random, warn }: SearchProperties): void {
    if (numSamples !== -1) checkWhole("numSamples", 1, numSamples);
    const points = this.#points.map((point, at) => readPoint(space, point, `pointsToEvaluate[${at}]`, warn));
    const variants = new Variants({
      space,
      points,
      numSamples: numSamples === -1 ? Infinity : numSamples,
      constantGridSearch: this.#constantGridSearch,
    });
    this.#search = { variants, random };
  }

  suggest(trialId: string): Config | undefined | "FINISHED" {
    if (this.#search === undefined) {
      throw new TuneError(`${this.name}.suggest(): setSearchProperties() has to be called first`);
    }
    if (this.#next >= this.#search.variants.count) return "FINISHED";
    if (this.#maxConcurrent > 0 && this.#running.size >= this.#maxConcurrent) return undefined;
    const config = this.#search.variants.at(this.#next, this.#search.random);
    this.#next += 1;
    this.#running.add(trialId);
    return config;
  }

  onTrialResult(): void {}

  onTrialComplete(trialId: string): void {
    this.#running.delete(trialId);
  }

  save(): SearcherState {
    return { next: this.#next, running: [...this.#running] };
  }

  restore(state: SearcherState): void {
    // Only states that `save` of this class made are handed in.
    const { next, running } = state as { next: number; running: readonly string[] };
    this.#next = next;
    this.#running.clear();
    for (const trialId of running) this.#running.add(trialId);
  }
}
