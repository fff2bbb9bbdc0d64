/**
 * Compiles the source of a shipped function under the user's file name, line and column. Captured values are
 * parameters of a wrapper on the first line, so that the optimizer sees them as constants. Compiled wrappers are kept:
 * putting the same source together again only calls the wrapper.
 */
import { Script } from "node:vm";
import type { SourceCode } from "./code.ts";
import { freshNames } from "./edits.ts";

/** Gives the function (or the object that holds it) and one setter for each late parameter. */
export type Wrapper = (
  ...values: unknown[]
) => readonly [made: unknown, setters: readonly ((value: unknown) => void)[]];

const wrappers = new Map<string, Wrapper>();
const keptAtMost = 2_000;

/** The wrapper of a source. `late` are the positions of the parameters that are set later. */
export function compile(code: SourceCode, late: readonly number[]): Wrapper {
  const head = `${code.url}:${code.line}:${code.column}:${code.strict}:${code.form}:${late.join()}:${code.params.map(({ name, from }) => (from === "self" ? `=${name}` : name)).join()}`;
  const key = `${head}\n${code.source}`;
  const known = wrappers.get(key);
  if (known !== undefined) return known;
  if (wrappers.size >= keptAtMost) wrappers.clear();
  const wrapper = compileNow(code, late);
  wrappers.set(key, wrapper);
  return wrapper;
}

function compileNow(code: SourceCode, late: readonly number[]): Wrapper {
  const { source, strict, form, url, line, column } = code;
  const names = code.params.flatMap(({ name, from }) => (from === "self" ? [] : [name]));
  const self = code.params.find(({ from }) => from === "self")?.name;
  // Nothing but the user's own names may be visible in the function: a setter's parameter is a name of its own scope.
  const fresh = freshNames(`${source} ${names.join(" ")}`)("value");
  const setters = late.map((at) => `(${fresh}) => { ${names[at] ?? fresh} = ${fresh}; }`).join(", ");
  const isMember = form === "method" || form === "getter" || form === "setter";
  const open = isMember ? "({ " : "(";
  const close = isMember ? " })" : ")";
  const start = `(function (${names.join(", ")}) { ${strict ? '"use strict"; ' : ""}${self === undefined ? "return [" : `const ${self} = `}${open}`;
  const end =
    self === undefined ? `${close}, [${setters}]]; })` : `${close}; return [${self}, [${setters}]]; })`;
  const script = new Script(start + source + end, {
    filename: url,
    lineOffset: line,
    columnOffset: column - start.length,
  });
  return script.runInThisContext() as Wrapper; // The text above is a function of this type.
}
