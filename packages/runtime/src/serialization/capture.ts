/**
 * What takes functions apart and needs the inspector or a parser for it. An entry of the bundle: threads that capture
 * nothing never load it.
 */
import { captureScope } from "./functions/inspect.ts";
import { inspectFunction, scriptOf } from "./functions/inspector.ts";
import { parseFunction } from "./functions/parse.ts";

export { privateNames } from "./functions/private-names.ts";
export { isInternal, takeApart } from "./functions/take-apart.ts";

/** Parses a function, as a capture does. */
export function rehearseParsing(): void {
  parseFunction("(x) => x", true);
}

/** Finds the script of a function, as a capture does, and keeps nothing but what every capture needs. */
export function listScripts(): void {
  captureScope(() => {
    const { location } = inspectFunction(listScripts);
    if (location !== undefined) scriptOf(location.scriptId);
  });
}
