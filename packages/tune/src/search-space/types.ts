/** Types of search spaces: what a user writes, and the configuration that comes of it. */
import type { Domain } from "./domain.ts";
import type { GridSearch } from "./grid-search.ts";

/** Values without parts; listed in a constraint, they make TypeScript keep literals (`"relu" | "tanh"`). */
export type Primitive = string | number | boolean | bigint | symbol | null | undefined;

/** Domains, grids and constants under string keys; objects and arrays may be nested. */
export type SearchSpace = Readonly<Record<string, unknown>>;

/**
 * The configuration that trials of a search space get: each `Domain<T>` and `GridSearch<T>` is a `T`, everything
 * else is what it was.
 * @example ConfigOf<{ lr: Domain<number>; net: { act: Domain<"relu" | "tanh"> } }> // { lr: number; net: { act: "relu" | "tanh" } }
 */
export type ConfigOf<Space> =
  Space extends Domain<infer T>
    ? T
    : Space extends GridSearch<infer T>
      ? ConfigOf<T>
      : Space extends Primitive | ((...args: never[]) => unknown)
        ? Space
        : { [Key in keyof Space]: ConfigOf<Space[Key]> };
