/** Names and places of functions for task names and messages. */

export interface FunctionDescription {
  /** Name of the function; `anonymous function` or `anonymous class` when it has none. */
  readonly name: string;
  /** Where it is written, counted from 0; undefined until it has been captured. */
  readonly url: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
}

interface Location {
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

const locations = new WeakMap<Function, Location>();

/** Notes where a function is written. */
export function noteLocation(fn: Function, location: Location): void {
  locations.set(fn, location);
}

/** What a function is called and where it is written. Never inspects, so it is cheap: the place is known after a capture. */
export function describeFunction(fn: Function): FunctionDescription {
  const location = locations.get(fn);
  return {
    name: nameOf(fn) ?? "anonymous function",
    url: location?.url,
    line: location?.line,
    column: location?.column,
  };
}

/** Own name of a function, unless it is empty. */
export function nameOf(fn: Function): string | undefined {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, "name")?.value;
  return typeof name === "string" && name !== "" ? name : undefined;
}
