/**
 * The heavy modules of this room, each loaded at its first use: a program that never captures a function, and a worker
 * that only runs what it is sent, load neither a parser nor the inspector. Loading is synchronous because a whole
 * capture is: no state of the program may change while it is read.
 */
import { createRequire } from "node:module";
import type * as Acorn from "acorn";
import type * as Lexer from "es-module-lexer";
import type * as TraceMapping from "@jridgewell/trace-mapping";

const require = createRequire(import.meta.url);

/** A function that makes its value at the first call and returns the same value ever after. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** The parser of function sources. */
export const acorn: () => typeof Acorn = once(() => require("acorn") as typeof Acorn);

/** Finds the import and export statements of a module faster than a whole parse does. */
export const lexer: () => typeof Lexer = once(() => {
  const loaded = require("es-module-lexer") as typeof Lexer;
  loaded.initSync();
  return loaded;
});

/** Positions in transformed code back to the user's file. */
export const traceMapping: () => typeof TraceMapping = once(
  () => require("@jridgewell/trace-mapping") as typeof TraceMapping,
);
