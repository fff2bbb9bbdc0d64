/**
 * Values that are all tried. A grid is not a domain: it is not drawn from, it multiplies the number of trials.
 */
import { InvalidArgumentError } from "@mantajs/runtime";

import { isPlainObject } from "../trial/metrics.ts";
import { Domain } from "./domain.ts";
import type { Primitive } from "./types.ts";

/** Values that are all tried. Made by `gridSearch`. */
export class GridSearch<T> {
  readonly kind = "grid";
  /** Each is a value or a domain that is drawn from when its turn comes. */
  readonly values: readonly T[];

  constructor(values: readonly T[]) {
    this.values = Object.freeze([...values]);
  }

  toString(): string {
    return `gridSearch(${this.values.length} values)`;
  }
}

/**
 * Tries every value; several grids in one search space are crossed, and `numSamples` repeats the whole cross product.
 * A grid among the values is opened in place. A domain among the values (`sampleFrom` included) is drawn from anew
 * for each trial.
 *
 * @param values any iterable except a string; not empty.
 * @throws InvalidArgumentError (MANTA_INVALID_ARGUMENT) for no values, or a value that holds a domain deeper inside.
 * @see https://docs.ray.io/en/latest/tune/api/search_space.html
 * @example gridSearch([16, 32, 64])
 */
export function gridSearch<T extends Primitive | object>(values: Iterable<T>): GridSearch<T> {
  if (typeof values !== "object" || values === null || !(Symbol.iterator in values)) {
    throw InvalidArgumentError.forValue("gridSearch(values)", "an array or another iterable", values);
  }
  const flat = [...values].flatMap((value): readonly T[] => {
    // The values of an inner grid have the inner grid's type; `ConfigOf` opens it the same way.
    if (value instanceof GridSearch) return value.values as readonly T[];
    return [value];
  });
  if (flat.length === 0)
    throw InvalidArgumentError.forValue("gridSearch(values)", "at least one value", flat);
  for (const value of flat) if (!(value instanceof Domain)) checkNoDomainInside("gridSearch(values)", value);
  return new GridSearch(flat);
}

/** A listed value must be a value all the way down: what is inside of it is not part of the search space. */
export function checkNoDomainInside(argument: string, value: unknown): void {
  if (value instanceof Domain || value instanceof GridSearch) {
    throw new InvalidArgumentError(
      argument,
      `cannot be unambiguously resolved to a single value: ${String(value)} lies inside of a listed value; give it a key of its own in the search space`,
    );
  }
  if (Array.isArray(value)) for (const item of value) checkNoDomainInside(argument, item);
  else if (isPlainObject(value)) for (const item of Object.values(value)) checkNoDomainInside(argument, item);
}
