/**
 * Checks of what users pass to search spaces, searchers, schedulers and stoppers. Each throws `InvalidArgumentError`
 * that names the function or option and quotes the value; none of them changes a value.
 */
import { InvalidArgumentError } from "@mantajs/runtime";

/** A number that is neither NaN nor infinite. */
export function checkFinite(argument: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw InvalidArgumentError.forValue(argument, "a finite number", value);
  }
  return value;
}

/** A finite number > 0. */
export function checkPositive(argument: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
    throw InvalidArgumentError.forValue(argument, "a finite number > 0", value);
  }
  return value;
}

/** A finite number within [low, high]. */
export function checkWithin(argument: string, low: number, high: number, value: unknown): number {
  if (typeof value !== "number" || !(value >= low && value <= high)) {
    throw InvalidArgumentError.forValue(argument, `a number from ${low} to ${high}`, value);
  }
  return value;
}

/** A whole number that JavaScript holds exactly, at least `low`. */
export function checkWhole(argument: string, low: number, value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < low) {
    const mustBe = low === Number.MIN_SAFE_INTEGER ? "a whole number" : `a whole number >= ${low}`;
    throw InvalidArgumentError.forValue(argument, mustBe, value);
  }
  return value;
}

/** A string with at least one character. */
export function checkText(argument: string, value: unknown): string {
  if (typeof value !== "string" || value === "") {
    throw InvalidArgumentError.forValue(argument, "a string that is not empty", value);
  }
  return value;
}

/** `true` or `false`. */
export function checkBoolean(argument: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw InvalidArgumentError.forValue(argument, "true or false", value);
  return value;
}

/** One of a few words. */
export function checkOneOf<T extends string>(argument: string, words: readonly T[], value: unknown): T {
  const found = words.find((word) => word === value);
  if (found === undefined) {
    const list = words.map((word) => JSON.stringify(word)).join(" or ");
    throw InvalidArgumentError.forValue(argument, list, value);
  }
  return found;
}

/** An options object without unknown keys. */
export function checkOptions(owner: string, keys: readonly string[], options: unknown): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw InvalidArgumentError.forValue(`${owner}(options)`, "an object of options", options);
  }
  const unknown = Object.keys(options).filter((key) => !keys.includes(key));
  if (unknown.length > 0) {
    throw new InvalidArgumentError(
      `${owner}({ ${unknown[0]} })`,
      `is not an option; the options are ${keys.join(", ")}`,
    );
  }
}
