/**
 * What takes functions apart and needs the inspector or a parser for it. An entry of the bundle: threads that capture
 * nothing never load it.
 */
export { privateNames } from "./functions/private-names.ts";
export { isInternal, takeApart } from "./functions/take-apart.ts";
