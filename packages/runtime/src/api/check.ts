/** Checks of options: one place, uniform messages, unknown keys rejected. */
import { InvalidArgumentError, quote } from "../core/errors.ts";

/** A check of one option's value; returns what the value must be when it is not. */
export type Check = (value: unknown) => string | undefined;

const expect =
  (mustBe: string, ok: (value: unknown) => boolean): Check =>
  (value) =>
    ok(value) ? undefined : mustBe;

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

export const amount: Check = expect("a finite number >= 0", (v) => isNumber(v) && v >= 0);
export const count: Check = expect(
  "a whole number >= 1",
  (v) => Number.isInteger(v) && isNumber(v) && v >= 1,
);
/** A budget: a whole number, or -1 for no limit. */
export const budget: Check = expect(
  "a whole number >= 0, or -1 for no limit",
  (v) => isNumber(v) && Number.isInteger(v) && v >= -1,
);
export const limit: Check = expect(
  "a whole number >= 1, or -1 for no limit",
  (v) => isNumber(v) && Number.isInteger(v) && (v === -1 || v >= 1),
);
export const text: Check = expect("a non-empty string", (v) => typeof v === "string" && v !== "");
export const flag: Check = expect("true or false", (v) => typeof v === "boolean");
export const milliseconds: Check = expect(
  "a number of milliseconds >= 0",
  (v) => typeof v === "number" && v >= 0,
);
export const number: Check = expect("a finite number", isNumber);
export const fn: Check = expect("a function", (v) => typeof v === "function");
export const signal: Check = expect("an AbortSignal", (v) => v instanceof AbortSignal);

export const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.some((v) => v === value) ? undefined : values.map((v) => JSON.stringify(v)).join(" or ");

export const record: Check = expect(
  "an object of amounts",
  (v) => typeof v === "object" && v !== null && !Array.isArray(v),
);

/**
 * Checks an options object against its table. `where` is how the caller knows it: `init()`, `remote(fn, options)`.
 * A key whose value is undefined counts as not given.
 */
export function checkOptions(where: string, options: unknown, table: Readonly<Record<string, Check>>): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw InvalidArgumentError.forValue(where, "an options object", options);
  }
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(table, key)) {
      const known = Object.keys(table).join(", ");
      throw new InvalidArgumentError(`${where}.${key}`, `is not an option; the options are ${known}`);
    }
    if (value === undefined) continue;
    const mustBe = table[key]?.(value);
    if (mustBe !== undefined)
      throw new InvalidArgumentError(`${where}.${key}`, `must be ${mustBe}, got ${quote(value)}`);
  }
}
