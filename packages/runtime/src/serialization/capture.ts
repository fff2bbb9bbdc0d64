/**
 * What takes functions apart and needs the inspector or a parser for it. An entry of the bundle: threads that capture
 * nothing never load it.
 */
import { captureScope } from "./functions/inspect.ts";
import { inspectFunction, scriptOf } from "./functions/inspector.ts";
import { parseFunction } from "./functions/parse.ts";

export { privateNames } from "./functions/private-names.ts";
export { isInternal, takeApart } from "./functions/take-apart.ts";

/** Does what a capture does, with a function of its own, and keeps nothing but what every capture needs. */
export function rehearse(): void {
  parseFunction("(x) => x", true);
  captureScope(() => {
    const { location } = inspectFunction(rehearse);
    if (location !== undefined) scriptOf(location.scriptId);
  });
}
