/**
 * The explore step of PBT: from a donor's configuration to a new one near it. Each mutated key is drawn anew with the
 * resample probability, and is otherwise moved a little: numbers by a factor, lists to a neighbour.
 *
 * Whether a number is rounded, and to what, is a matter of its domain and never of its present value. Scaled values
 * stay within the domain. On a lattice (whole numbers, quantised floats) a step is at least one, and never ends at 0,
 * where no factor leads away from: 1 * 0.8 stays 1.
 */
import { isDeepStrictEqual } from "node:util";

import { quote } from "@mantajs/runtime";

import { TuneError } from "../../errors.ts";
import type { RandomStream } from "../../random.ts";
import { multipleOf, NumericDomain } from "../../search-space/domain.ts";
import { copyPlain, valueAt } from "../../search-space/paths.ts";
import type { TagEntry } from "../../search-space/tags.ts";
import { isPlainObject } from "../../trial/metrics.ts";
import type { Config } from "../../trial/types.ts";
import { drawAnew, withValue, type MutationLeaf } from "./mutations.ts";

/** How to explore. */
export interface ExploreOptions {
  readonly leaves: readonly MutationLeaf[];
  /** From 0 to 1. */
  readonly resampleProbability: number;
  readonly perturbationFactors: readonly number[];
  /** Has the last word about the new configuration. */
  readonly customExploreFn: ((config: Config) => Config) | undefined;
}

/** A new configuration, and how it came about. */
export interface Explored {
  readonly config: Config;
  /** By key, nested ones joined by `/`: `resample`, `* 1.2`, `shift left`, `shift right (noop)`, `custom`. */
  readonly operations: Readonly<Record<string, string>>;
  /** What the experiment tag says about it. */
  readonly tagEntries: readonly TagEntry[];
}

interface Move {
  readonly value: unknown;
  readonly operation: string;
}

/**
 * A configuration near the donor's. Keys without a mutation are copied as they are.
 * @throws TuneError when `customExploreFn` does not return a configuration.
 */
export function explore(donorConfig: Config, options: ExploreOptions, random: RandomStream): Explored {
  let config = copyPlain(donorConfig);
  const operations: Record<string, string> = {};
  for (const leaf of options.leaves) {
    const { value, operation } = move(valueAt(config, leaf.path), leaf, options, random);
    config = withValue(config, leaf.path, value);
    operations[leaf.key] = operation;
  }
  const changed: TagEntry[] = [];
  if (options.customExploreFn !== undefined) {
    const custom: unknown = options.customExploreFn(copyPlain(config));
    if (!isPlainObject(custom)) {
      throw new TuneError(`customExploreFn must return the new configuration, got ${quote(custom)}`);
    }
    const mutated = new Set(options.leaves.map(({ path }) => path[0]));
    for (const [key, value] of Object.entries(custom)) {
      if (mutated.has(key) || isDeepStrictEqual(value, config[key])) continue;
      operations[key] = "custom";
      changed.push({ path: [key], value, isFloat: false });
    }
    config = custom;
  }
  const tagEntries = options.leaves.map(({ path, mutation }) => ({
    path,
    value: valueAt(config, path),
    isFloat: mutation instanceof NumericDomain && mutation.kind === "float",
  }));
  return { config, operations, tagEntries: [...tagEntries, ...changed] };
}

function move(value: unknown, leaf: MutationLeaf, options: ExploreOptions, random: RandomStream): Move {
  const { mutation } = leaf;
  // Drawn first and always, so that what one key holds does not shift the draws of the next.
  const isResampled = random.float() < options.resampleProbability;
  if (Array.isArray(mutation)) {
    const at = mutation.findIndex((item) => isDeepStrictEqual(item, value));
    if (isResampled || at === -1) return { value: drawAnew(leaf, random), operation: "resample" };
    return shift(mutation, at, random);
  }
  // What is no number (a function may return anything) cannot be scaled.
  if (isResampled || typeof value !== "number" || !Number.isFinite(value)) {
    return { value: drawAnew(leaf, random), operation: "resample" };
  }
  const factor = random.pick(options.perturbationFactors);
  const scaled = mutation instanceof NumericDomain ? scale(mutation, value, factor) : value * factor;
  return { value: scaled, operation: `* ${factor}` };
}

function shift(list: readonly unknown[], at: number, random: RandomStream): Move {
  const direction = random.pick([-1, 1] as const);
  const to = Math.min(list.length - 1, Math.max(0, at + direction));
  const operation = direction === -1 ? "shift left" : "shift right";
  return { value: copyPlain(list[to]), operation: to === at ? `${operation} (noop)` : operation };
}

/** `value * factor` as a value of the domain. */
function scale(domain: NumericDomain, value: number, factor: number): number {
  const { step } = domain;
  if (step === undefined) return domain.nearest(value * factor);
  const from = Math.round(value / step);
  const sign = from < 0 ? -1 : 1;
  let to = Math.round(from * factor);
  if (to === from && factor !== 1) to += factor > 1 ? sign : -sign;
  if (to === 0 && from !== 0) to = sign;
  return domain.nearest(multipleOf(step, to));
}
