/**
 * The keys that a search space decides, and the experiment tag that names a trial by them.
 *
 * Tags are Ray's: keys sorted by path, only the last part of a path, floats with four decimals, everything else as
 * written with unsafe characters replaced.
 */
import { Domain } from "./domain.ts";
import { GridSearch } from "./grid-search.ts";
import { comparePaths, joinPath, mapLeaves, valueAt, type Path } from "./paths.ts";
import type { SearchSpace } from "./types.ts";

/** A key that a search space decides. */
export interface Variable {
  readonly path: Path;
  /** The path joined by `/`. */
  readonly key: string;
  readonly source: Domain<unknown> | GridSearch<unknown>;
}

/** One `k=v` of a tag. */
export interface TagEntry {
  readonly path: Path;
  readonly value: unknown;
  /** Whether the value is from a domain of floats, so that 1 is written as 1.0000. */
  readonly isFloat: boolean;
}

/** The domains and grids of a search space, sorted by path. */
export function variablesOf(space: SearchSpace): readonly Variable[] {
  const found: Variable[] = [];
  mapLeaves(space, (leaf, path) => {
    if (leaf instanceof Domain || leaf instanceof GridSearch) {
      found.push({ path, key: joinPath(path), source: leaf });
    }
    return leaf;
  });
  return found.toSorted((a, b) => comparePaths(a.path, b.path));
}

/**
 * What the search space decided about a configuration, flattened with `/`.
 * @example evaluatedParamsOf({ net: { width: choice([8, 16]) }, epochs: 3 }, config) // { "net/width": 16 }
 */
export function evaluatedParamsOf(space: SearchSpace, config: unknown): Record<string, unknown> {
  return Object.fromEntries(variablesOf(space).map(({ key, path }) => [key, valueAt(config, path)]));
}

/**
 * `<index>_<k=v,...>`, or the index alone when nothing was decided.
 * @example experimentTag(0, space, config) // "0_act=relu,lr=0.0100"
 */
export function experimentTag(index: number, space: SearchSpace, config: unknown): string {
  const entries = variablesOf(space).map(({ path, source }) => ({
    path,
    value: valueAt(config, path),
    isFloat: source instanceof Domain && source.kind === "float",
  }));
  return entries.length === 0 ? String(index) : `${index}_${formatTag(entries)}`;
}

/** `k=v,...` sorted by path. */
export function formatTag(entries: readonly TagEntry[]): string {
  return entries
    .toSorted((a, b) => comparePaths(a.path, b.path))
    .map(({ path, value, isFloat }) => `${clean(path.at(-1))}=${formatValue(value, isFloat)}`)
    .join(",");
}

function formatValue(value: unknown, isFloat: boolean): string {
  if (typeof value === "number") {
    return isFloat || !Number.isInteger(value) ? value.toFixed(4) : String(value);
  }
  return clean(typeof value === "object" && value !== null ? textOf(value) : value);
}

/** `[1, 2]` for an array, `{"a":1}` for an object; `clean` makes `1_2` and `a_1` of them. */
function textOf(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    // Cyclic, or a bigint inside: the tag is a label, and the class has to do.
    return Object.prototype.toString.call(value);
  }
}

function clean(value: unknown): string {
  const text = typeof value === "function" ? value.name : String(value);
  return text.replaceAll(/[^A-Za-z0-9_-]+/g, "_").replaceAll(/^_+|_+$/g, "");
}
