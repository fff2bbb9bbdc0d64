/** Scores in a scheduler's state: JSON has no NaN and no infinities, and would write null without a word. */

/** A number as JSON can hold it. */
export type JsonNumber = number | "NaN" | "Infinity" | "-Infinity";

/** The number, or its name. */
export function toJsonNumber(value: number): JsonNumber {
  if (Number.isNaN(value)) return "NaN";
  if (value === Infinity) return "Infinity";
  return value === -Infinity ? "-Infinity" : value;
}

/** The inverse of `toJsonNumber`. */
export const fromJsonNumber = (value: JsonNumber): number => Number(value);
