/** Gets ready for the first capture ahead of it, in the time in which threads start. */
import { availableParallelism } from "node:os";

import { loadPacker } from "../packer.ts";
import { writing } from "../writing.ts";
import { acorn, capture, lexer } from "./lazy.ts";

/** What the first capture would do first, each a few milliseconds long. */
const steps: readonly (() => unknown)[] = [
  () => writing(),
  () => loadPacker(),
  () => capture(),
  () => lexer(),
  () => writing().referenceTo(warmUp), // lists the globals and the built-in modules
  () => capture().listScripts(), // takes V8 much longer the first time
];

/** What only functions that travel by value need. */
const furtherSteps: readonly (() => unknown)[] = [() => acorn(), () => capture().rehearseParsing()];

/** Two threads start meanwhile: with no core left for this one, it would only hold them up. */
const hasCore = availableParallelism() > 2;

/**
 * Loads the parser and the inspector, and lists the globals and the scripts of this thread, so that the first capture
 * does not have to. Between the steps the thread does what else there is to do. Never rejects.
 */
export async function warmUp(): Promise<void> {
  for (const step of hasCore ? [...steps, ...furtherSteps] : steps) {
    await new Promise((resolve) => setImmediate(resolve));
    try {
      step();
    } catch {
      return; // Whoever captures first hears of it.
    }
  }
}
