/** `pointsToEvaluate`: configurations, whole or in part, that are tried before anything is drawn. */
import { isDeepStrictEqual } from "node:util";

import { InvalidArgumentError, quote } from "@mantajs/runtime";

import { Domain } from "../search-space/domain.ts";
import { GridSearch } from "../search-space/grid-search.ts";
import { joinPath, type Path } from "../search-space/paths.ts";
import type { SearchSpace } from "../search-space/types.ts";
import { isPlainObject } from "../trial/metrics.ts";

/**
 * The values of a point by key of the search space.
 * @param warn told about values that the search space would not give; they are tried all the same.
 * @throws InvalidArgumentError for a key that the search space does not have.
 */
export function readPoint(
  space: SearchSpace,
  point: unknown,
  argument: string,
  warn: (message: string) => void,
): ReadonlyMap<string, unknown> {
  if (!isPlainObject(point)) {
    throw InvalidArgumentError.forValue(argument, "an object with keys of the search space", point);
  }
  const decided = new Map<string, unknown>();
  const visit = (node: unknown, value: unknown, path: Path): void => {
    const key = joinPath(path);
    if (isPlainObject(node) && isPlainObject(value)) {
      for (const [name, inner] of Object.entries(value)) {
        if (!Object.hasOwn(node, name)) {
          const full = joinPath([...path, name]);
          throw new InvalidArgumentError(
            argument,
            `\`${full}\` is not a key of the search space; add it to config`,
          );
        }
        visit(node[name], inner, [...path, name]);
      }
    } else if (Array.isArray(node) && Array.isArray(value) && node.length === value.length) {
      for (const [at, inner] of value.entries()) visit(node[at], inner, [...path, at]);
    } else if (isPlainObject(node) || Array.isArray(node)) {
      throw InvalidArgumentError.forValue(
        `${argument}.${key}`,
        `of the same shape as in the search space`,
        value,
      );
    } else {
      const complaint = mismatch(node, value, key);
      if (complaint !== undefined) warn(`${argument}: ${complaint}`);
      decided.set(key, value);
    }
  };
  visit(space, point, []);
  return decided;
}

function mismatch(node: unknown, value: unknown, key: string): string | undefined {
  const preset = `Pre-set value \`${quote(value)}\``;
  if (node instanceof GridSearch) {
    const known = node.values.some((item) => item instanceof Domain || isDeepStrictEqual(item, value));
    return known ? undefined : `${preset} is not among the values of parameter \`${key}\``;
  }
  if (node instanceof Domain) {
    return node.isValid(value)
      ? undefined
      : `${preset} is not within valid values of parameter \`${key}\`: ${node.label}`;
  }
  return isDeepStrictEqual(node, value)
    ? undefined
    : `${preset} is not equal to the value of parameter \`${key}\`: ${quote(node)}`;
}
