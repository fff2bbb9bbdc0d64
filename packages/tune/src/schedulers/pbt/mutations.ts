/** `hyperparamMutations`: what may be mutated and how, as the user writes it, and how it is checked. */
import { InvalidArgumentError } from "@mantajs/runtime";

import type { RandomStream } from "../../random.ts";
import { CategoricalDomain } from "../../search-space/categorical-domain.ts";
import { Domain, NumericDomain } from "../../search-space/domain.ts";
import { GridSearch } from "../../search-space/grid-search.ts";
import { copyPlain, joinPath, type Path } from "../../search-space/paths.ts";
import { isPlainObject } from "../../trial/metrics.ts";
import type { Config } from "../../trial/types.ts";

/** Draws a new value. Drawing from the stream, instead of `Math.random`, keeps a seeded run reproducible. */
export type MutationFunction = (random: RandomStream) => unknown;

/**
 * How one hyperparameter mutates. A domain: scaled within the domain, or drawn anew. A list (or `choice`): moved to a
 * neighbour, or drawn anew. A function: scaled without bounds, or called. An object: each of its keys.
 */
export type Mutation = Domain<unknown> | readonly unknown[] | MutationFunction | Mutations;

/** Mutations by key of the configuration. */
export interface Mutations {
  readonly [key: string]: Mutation;
}

/** @throws InvalidArgumentError for what is no mutation, and for empty lists and objects. */
export function checkMutations(argument: string, value: unknown): Mutations {
  if (!isPlainObject(value) || Object.keys(value).length === 0) {
    throw InvalidArgumentError.forValue(argument, "an object with at least one key", value);
  }
  for (const [key, mutation] of Object.entries(value)) checkMutation(`${argument}.${key}`, mutation);
  // Each of its values has just been checked.
  return value as Mutations;
}

function checkMutation(argument: string, mutation: unknown): void {
  if (mutation instanceof Domain && mutation.kind !== "function") return;
  if (mutation instanceof Domain) {
    throw new InvalidArgumentError(
      argument,
      `must not be a sampleFrom: it computes from other keys and cannot be perturbed; write a function instead`,
    );
  }
  if (mutation instanceof GridSearch) {
    throw new InvalidArgumentError(argument, "must not be a gridSearch; write a list of values instead");
  }
  if (Array.isArray(mutation)) {
    if (mutation.length > 0) return;
    throw InvalidArgumentError.forValue(argument, "a list with at least one value", mutation);
  }
  if (typeof mutation === "function") return;
  if (isPlainObject(mutation)) {
    checkMutations(argument, mutation);
    return;
  }
  throw InvalidArgumentError.forValue(
    argument,
    "a domain, a list, a function or an object of these",
    mutation,
  );
}

/** A mutation that is no object of others, with its place. */
export interface MutationLeaf {
  readonly path: Path;
  readonly key: string;
  readonly mutation: NumericDomain | readonly unknown[] | MutationFunction;
}

/** The leaves of mutations in the order in which they were written; `choice` has become its list. */
export function mutationLeaves(mutations: Mutations, prefix: Path = []): readonly MutationLeaf[] {
  return Object.entries(mutations).flatMap(([name, mutation]): readonly MutationLeaf[] => {
    const path = [...prefix, name];
    const key = joinPath(path);
    if (mutation instanceof NumericDomain) return [{ path, key, mutation }];
    if (mutation instanceof CategoricalDomain) return [{ path, key, mutation: mutation.categories }];
    // A domain of a user's own class: drawn anew, or scaled where its values are numbers.
    if (mutation instanceof Domain) return [{ path, key, mutation: (random) => mutation.sample(random) }];
    if (Array.isArray(mutation) || typeof mutation === "function") return [{ path, key, mutation }];
    // Lists are readonly arrays, which `Array.isArray` does not tell from the rest of the union.
    return mutationLeaves(mutation as Mutations, path);
  });
}

/** Draws a value anew. */
export function drawAnew({ mutation }: MutationLeaf, random: RandomStream): unknown {
  if (mutation instanceof NumericDomain) return mutation.sample(random);
  if (typeof mutation === "function") return mutation(random);
  return copyPlain(random.pick(mutation));
}

/** A copy of a configuration with the value at a path replaced; objects that are missing on the way are made. */
export function withValue(config: Config, path: Path, value: unknown): Config {
  const [key, ...rest] = path;
  if (key === undefined) return config;
  const inner = config[key];
  return {
    ...config,
    [key]: rest.length === 0 ? value : withValue(isPlainObject(inner) ? inner : {}, rest, value),
  };
}

/** Whether a configuration has a key of its own at a path. */
export function hasPath(config: unknown, path: Path): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  return isPlainObject(config) && Object.hasOwn(config, key) && hasPath(config[key], rest);
}

/**
 * Draws the mutated keys that a configuration lacks.
 * @returns undefined when none is missing.
 */
export function fillMissing(
  config: Config,
  leaves: readonly MutationLeaf[],
  random: RandomStream,
): Config | undefined {
  const missing = leaves.filter(({ path }) => !hasPath(config, path));
  if (missing.length === 0) return undefined;
  return missing.reduce(
    (filled, leaf) => withValue(filled, leaf.path, drawAnew(leaf, random.derive(leaf.key))),
    copyPlain(config),
  );
}
