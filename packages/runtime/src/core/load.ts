/**
 * Modules that are loaded at their first use: a program that never captures a function, and a worker that only runs
 * what it is sent, load no parser. Loading is synchronous because a whole capture is: no state of the program may
 * change while it is read.
 */
import { createRequire } from "node:module";

/** A function that makes its value at the first call and returns the same value ever after. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** `require` of this package's own files. Its `cache` has all CommonJS modules of the thread. */
export const require: NodeJS.Require = createRequire(import.meta.url);

/** A module of this package that is an entry of its bundle: `load("../room/module.js")`, from any room. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what it names
export function load<T>(path: string): () => T {
  return once(() => require(path) as T);
}
