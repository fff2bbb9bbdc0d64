/**
 * The functions that a search space is written with. Each checks its arguments at once and returns a domain.
 * Names and meaning are Ray's (https://docs.ray.io/en/latest/tune/api/search_space.html), except that what Ray
 * accepts in silence (reversed ranges, a step of zero) is an error here, and that quantised draws are not biased.
 *
 * Every function throws `InvalidArgumentError` (MANTA_INVALID_ARGUMENT) that names the function and the argument.
 */
import { InvalidArgumentError } from "@mantajs/runtime";

import type { Config } from "../trial/types.ts";
import { CategoricalDomain } from "./categorical-domain.ts";
import { checkFinite, checkPositive, checkWhole } from "./checks.ts";
import type { Bounds } from "./domain.ts";
import { FloatDomain } from "./float-domain.ts";
import { FunctionDomain } from "./function-domain.ts";
import { checkNoDomainInside } from "./grid-search.ts";
import { IntegerDomain } from "./integer-domain.ts";
import type { Primitive } from "./types.ts";

const unbounded: Bounds = { lower: -Infinity, upper: Infinity };

/**
 * A real number in [lower, upper), all equally likely.
 * @example uniform(0.001, 0.1)
 */
export function uniform(lower: number, upper: number): FloatDomain {
  return new FloatDomain(
    `uniform(${lower}, ${upper})`,
    { type: "uniform" },
    checkRange("uniform", lower, upper),
  );
}

/**
 * A multiple of `q` in [lower, upper], both ends included, all equally likely (in Ray the ends get half). `lower` and
 * `upper` must be multiples of `q`.
 * @example quniform(0, 1, 0.1)
 */
export function quniform(lower: number, upper: number, q: number): FloatDomain {
  const bounds = checkLattice("quniform", checkRange("quniform", lower, upper), q);
  return new FloatDomain(`quniform(${lower}, ${upper}, ${q})`, { type: "uniform" }, bounds, q);
}

/**
 * A real number in [lower, upper) whose logarithm is uniform; 0 < lower.
 * @example loguniform(1e-4, 1e-1)
 */
export function loguniform(lower: number, upper: number): FloatDomain {
  const bounds = checkLogRange("loguniform", lower, upper);
  return new FloatDomain(`loguniform(${lower}, ${upper})`, { type: "loguniform" }, bounds);
}

/**
 * A multiple of `q` in [lower, upper], both ends included; each stands for the numbers that are rounded to it under a
 * log-uniform distribution. `lower` and `upper` must be multiples of `q`.
 * @example qloguniform(5e-3, 1e-1, 5e-4)
 */
export function qloguniform(lower: number, upper: number, q: number): FloatDomain {
  const bounds = checkLattice("qloguniform", checkLogRange("qloguniform", lower, upper), q);
  return new FloatDomain(`qloguniform(${lower}, ${upper}, ${q})`, { type: "loguniform" }, bounds, q);
}

/**
 * A real number from the normal distribution. Defaults: mean 0, standard deviation 1.
 * @example randn(10, 2)
 */
export function randn(mean = 0, sd = 1): FloatDomain {
  return new FloatDomain(`randn(${mean}, ${sd})`, checkNormal("randn", mean, sd), unbounded);
}

/**
 * A multiple of `q`: a draw from the normal distribution, rounded.
 * @example qrandn(10, 2, 0.2)
 */
export function qrandn(mean: number, sd: number, q: number): FloatDomain {
  const distribution = checkNormal("qrandn", mean, sd);
  return new FloatDomain(
    `qrandn(${mean}, ${sd}, ${q})`,
    distribution,
    unbounded,
    checkPositive("qrandn(q)", q),
  );
}

/**
 * A whole number in [lower, upper): `upper` is not included. All equally likely.
 * @example randint(32, 256)
 */
export function randint(lower: number, upper: number): IntegerDomain {
  const bounds = checkIntegerRange("randint", lower, upper);
  return new IntegerDomain(`randint(${lower}, ${upper})`, "uniform", bounds);
}

/**
 * A multiple of `q` in [lower, upper], both ends included: one of {ceil(lower/q)·q, ..., floor(upper/q)·q}, all equally
 * likely. Ray rounds a draw that excludes `upper`: there `qrandint(0, 10, 2)` never gives 10, and 2 half as often as 0.
 * Default q: 1.
 * @example qrandint(16, 128, 16)
 */
export function qrandint(lower: number, upper: number, q = 1): IntegerDomain {
  const bounds = checkIntegerLattice("qrandint", lower, upper, q);
  return new IntegerDomain(`qrandint(${lower}, ${upper}, ${q})`, "uniform", bounds, q);
}

/**
 * A whole number in [lower, upper), the whole part of a log-uniform draw: P(k) ~ log((k + 1) / k); 1 <= lower.
 * @example lograndint(1, 1000)
 */
export function lograndint(lower: number, upper: number): IntegerDomain {
  const bounds = checkIntegerRange("lograndint", lower, upper);
  checkWhole("lograndint(lower)", 1, lower);
  return new IntegerDomain(`lograndint(${lower}, ${upper})`, "loguniform", bounds);
}

/**
 * A multiple of `q` in [lower, upper], both ends included, with P(k·q) ~ log((k + 1) / k); 1 <= lower. Default q: 1.
 * @example qlograndint(2, 64, 2)
 */
export function qlograndint(lower: number, upper: number, q = 1): IntegerDomain {
  checkWhole("qlograndint(lower)", 1, lower);
  const bounds = checkIntegerLattice("qlograndint", lower, upper, q);
  return new IntegerDomain(`qlograndint(${lower}, ${upper}, ${q})`, "loguniform", bounds, q);
}

/**
 * One of the listed values, all equally likely. PBT moves to the neighbour in the list.
 * @example choice(["relu", "tanh"])
 */
export function choice<T extends Primitive | object>(categories: readonly T[]): CategoricalDomain<T> {
  if (!Array.isArray(categories)) {
    throw InvalidArgumentError.forValue("choice(categories)", "an array", categories);
  }
  if (categories.length === 0) {
    throw InvalidArgumentError.forValue("choice(categories)", "an array with at least one value", categories);
  }
  checkNoDomainInside("choice(categories)", categories);
  return new CategoricalDomain(`choice(${categories.length} values)`, categories);
}

/**
 * A value that is computed from other keys of the trial's configuration, whatever order they are written in. The
 * function may read keys that are themselves computed, must not change the configuration, and should not draw random
 * numbers of its own, which no seed reproduces.
 * @example sampleFrom((config: { width: number }) => config.width * 2)
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- C lets callers say what their configuration is
export function sampleFrom<T, C extends object = Config>(compute: (config: C) => T): FunctionDomain<T> {
  if (typeof compute !== "function" || compute.length > 1) {
    throw InvalidArgumentError.forValue("sampleFrom(compute)", "a function of at most one argument", compute);
  }
  // The caller knows the type of its configuration; the search space it is part of has no type here yet.
  return new FunctionDomain(
    `sampleFrom(${compute.name || "function"})`,
    compute as unknown as (config: Config) => T,
  );
}

function checkRange(owner: string, lower: number, upper: number): Bounds {
  checkFinite(`${owner}(lower)`, lower);
  checkFinite(`${owner}(upper)`, upper);
  if (lower >= upper) throw InvalidArgumentError.forValue(`${owner}(upper)`, `> lower = ${lower}`, upper);
  return { lower, upper };
}

function checkLogRange(owner: string, lower: number, upper: number): Bounds {
  checkPositive(`${owner}(lower)`, lower);
  return checkRange(owner, lower, upper);
}

function checkLattice(owner: string, bounds: Bounds, q: number): Bounds {
  checkPositive(`${owner}(q)`, q);
  for (const [side, value] of Object.entries(bounds)) {
    const count = value / q;
    // Beyond 2^53 steps neighbouring multiples cannot be told apart.
    if (!Number.isSafeInteger(Math.round(count)) || Math.abs(count - Math.round(count)) > 1e-7) {
      throw InvalidArgumentError.forValue(`${owner}(q)`, `a divisor of ${side} = ${value}`, q);
    }
  }
  return bounds;
}

function checkNormal(owner: string, mean: number, sd: number): { type: "normal"; mean: number; sd: number } {
  checkFinite(`${owner}(mean)`, mean);
  checkPositive(`${owner}(sd)`, sd);
  return { type: "normal", mean, sd };
}

function checkIntegerRange(owner: string, lower: number, upper: number): Bounds {
  checkWhole(`${owner}(lower)`, Number.MIN_SAFE_INTEGER, lower);
  checkWhole(`${owner}(upper)`, Number.MIN_SAFE_INTEGER, upper);
  if (lower >= upper) throw InvalidArgumentError.forValue(`${owner}(upper)`, `> lower = ${lower}`, upper);
  return { lower, upper: upper - 1 };
}

function checkIntegerLattice(owner: string, lower: number, upper: number, q: number): Bounds {
  checkWhole(`${owner}(lower)`, Number.MIN_SAFE_INTEGER, lower);
  checkWhole(`${owner}(upper)`, Number.MIN_SAFE_INTEGER, upper);
  checkWhole(`${owner}(q)`, 1, q);
  if (lower > upper) throw InvalidArgumentError.forValue(`${owner}(upper)`, `>= lower = ${lower}`, upper);
  // `+ 0` turns the -0 of Math.ceil(-0.5) into 0.
  const bounds = { lower: Math.ceil(lower / q) * q + 0, upper: Math.floor(upper / q) * q + 0 };
  if (bounds.lower > bounds.upper) {
    throw InvalidArgumentError.forValue(`${owner}(q)`, `a step with a multiple from ${lower} to ${upper}`, q);
  }
  return bounds;
}
