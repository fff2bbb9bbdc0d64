/** Gets ready for the first capture ahead of it, in the time in which threads start. */
import { acorn, capture, lexer } from "./lazy.ts";
import { writing } from "../writing.ts";
import { loadPacker } from "../packer.ts";

/** What the first capture would do first, each a few milliseconds long. */
const steps: readonly (() => unknown)[] = [
  () => writing(),
  () => loadPacker(),
  () => capture(),
  () => capture().listScripts(), // takes V8 much longer the first time
  () => writing().referenceTo(warmUp), // lists the globals and the built-in modules
  // What only functions that travel by value need.
  () => lexer(),
  () => acorn(),
  () => capture().rehearseParsing(),
];

/**
 * Loads the parser and the inspector, and lists the globals and the scripts of this thread, so that the first capture
 * does not have to. Between the steps the thread does what else there is to do. Never rejects.
 *
 * @param isOver whether the first capture has been: it did what it needed, and the rest only takes time from the threads
 */
export async function warmUp(isOver: () => boolean): Promise<void> {
  for (const step of steps) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isOver()) return;
    try {
      step();
    } catch {
      return; // Whoever captures first hears of it.
    }
  }
}
