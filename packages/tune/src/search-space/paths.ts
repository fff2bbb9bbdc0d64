/**
 * Places in nested configurations. Only plain objects and arrays are opened; class instances, dates, typed arrays and
 * functions are values.
 */
import { isPlainObject } from "../trial/metrics.ts";

/** Keys and indexes from the root. */
export type Path = readonly (string | number)[];

/** The keys joined by `/`, as in `evaluatedParams`. */
export const joinPath = (path: Path): string => path.join("/");

/** Orders by the first part that differs: indexes by number, keys by character. */
export function comparePaths(a: Path, b: Path): number {
  for (const [at, left] of a.entries()) {
    const right = b[at];
    if (right === undefined) return 1;
    if (left === right) continue;
    if (typeof left === "number" && typeof right === "number") return left - right;
    return String(left) < String(right) ? -1 : 1;
  }
  return a.length - b.length;
}

/** Copies plain objects and arrays; every other value is the same value. `replace` decides about a node first. */
export function mapLeaves(
  node: unknown,
  replace: (leaf: unknown, path: Path) => unknown,
  path: Path = [],
): unknown {
  if (Array.isArray(node)) return node.map((item, at) => mapLeaves(item, replace, [...path, at]));
  if (isPlainObject(node)) {
    return Object.fromEntries(
      Object.entries(node).map(([key, item]) => [key, mapLeaves(item, replace, [...path, key])]),
    );
  }
  return replace(node, path);
}

/** A copy in which no plain object or array is shared with the original. */
export function copyPlain<T>(value: T): T {
  // The copy has the same keys and leaves, hence the same type.
  return mapLeaves(value, (leaf) => leaf) as T;
}

/** The value at a path; undefined when there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  let node = root;
  for (const key of path) {
    if (typeof node !== "object" || node === null || !Object.hasOwn(node, key)) return undefined;
    node = Reflect.get(node, key);
  }
  return node;
}
