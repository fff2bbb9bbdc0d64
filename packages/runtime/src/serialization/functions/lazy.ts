/** The heavy parts of this room, each loaded at its first use. */
import type * as Capture from "../capture.ts";
import { load, once } from "../../core/load.ts";
import type * as Acorn from "../../vendor/acorn.ts";
import type * as Lexer from "../../vendor/es-module-lexer.ts";
import type * as TraceMapping from "../../vendor/trace-mapping.ts";

/** What takes functions apart. */
export const capture: () => typeof Capture = load("../serialization/capture.js");

/** The parser of function sources. */
export const acorn: () => typeof Acorn = load("../vendor/acorn.js");

const loadLexer = load<typeof Lexer>("../vendor/es-module-lexer.js");

/** Finds the import and export statements of a module faster than a whole parse does. */
export const lexer: () => typeof Lexer = once(() => {
  const loaded = loadLexer();
  loaded.initSync();
  return loaded;
});

/** Positions in transformed code back to the user's file. */
export const traceMapping: () => typeof TraceMapping = load("../vendor/trace-mapping.js");
