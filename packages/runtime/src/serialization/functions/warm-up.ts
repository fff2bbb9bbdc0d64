/** The warming up of this room. */
import { captureScope } from "./inspect.ts";
import { lexer } from "./lazy.ts";
import { parseFunction } from "./parse.ts";
import { referenceTo } from "./references.ts";
import { isInternal } from "./take-apart.ts";

/**
 * Loads the parser and the inspector, lists the globals and the scripts of this thread, so that the first capture does not pay for
 * it. Takes 20 to 100 ms; call it while something else has to be waited for anyway.
 */
export function warmUp(): void {
  lexer();
  parseFunction("(x) => x", true);
  referenceTo(warmUp);
  try {
    captureScope(() => {
      isInternal(warmUp);
    });
  } catch {
    // Without the inspector there is nothing to warm up.
  }
}
