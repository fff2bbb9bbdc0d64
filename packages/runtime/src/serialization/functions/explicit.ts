/**
 * Functions whose captured values are given instead of read: by the `captures` option, or because the inspector does
 * not let itself be used. The values come as a thunk, `() => ({ helper, base })`; a compiler that renames variables
 * renames them in the thunk's text as well, which is how names are matched. Imports are found in the file on disk.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { AnyNode } from "acorn";
import { InvalidArgumentError } from "../../core/errors.ts";
import { byValue, isStrict, parseSubject, unknownScript } from "./by-value.ts";
import { noteLocation } from "./describe.ts";
import { titleOf } from "./problems.ts";
import { acorn } from "./lazy.ts";
import { parserOptions } from "./parse.ts";
import { isLoadable, isMainScript } from "./loadable.ts";
import { fileSpecifier, importTarget } from "./modules.ts";
import { filePath } from "./script-names.ts";
import { describeScript } from "./script.ts";
import type { Script } from "./script.ts";
import { ImportReference } from "./types.ts";
import type { FunctionParts } from "./types.ts";

/** Takes a function apart without the inspector. `unavailable` is why there is none, if the user did not ask for it. */
export function dismantleExplicitly(
  fn: Function,
  text: string,
  captures: (() => Record<string, unknown>) | undefined,
  unavailable?: Error,
): FunctionParts | ImportReference {
  const located = locate(text);
  const script = located?.script ?? unknownScript(text);
  const offset = located?.offset ?? 0;
  const exported = located && exportedHere(fn, located.script);
  if (exported !== undefined) return exported;
  const first = script.positions.original(offset) ?? { url: script.url, line: 0, column: 0 };
  if (located !== undefined) noteLocation(fn, first);
  const title = titleOf(fn, text);
  const strict = isStrict(fn, text, script);
  const shape = parseSubject(fn, text, strict, title);
  const imports = Object.fromEntries(
    [...script.imports()]
      .filter(([, { specifier }]) => importTarget(specifier, script).kind === "reference")
      .map(([name]) => [name, undefined]),
  );
  const scopes = [
    { kind: "Closure", variables: { ...givenValues(captures), ...ownName(fn, shape.free) } },
    { kind: "Module", variables: imports },
    { kind: "Global", variables: globalThis as unknown as Record<string, unknown> }, // It is read by name only.
  ];
  return byValue(
    { fn, shape, strict, title, script, offset, scopes, holder: undefined, unread: unread(unavailable) },
    first,
  );
}

function unread(unavailable: Error | undefined): { reason: string; hint: string } {
  if (unavailable === undefined) {
    return { reason: ", and `captures` does not give it", hint: "add it: captures: () => ({ NAME })." };
  }
  return {
    reason: `; captured variables cannot be read because the inspector is unavailable (${unavailable.message})`,
    hint: "give the captured values: remote(fn, { captures: () => ({ NAME }) }), or export the function from a module.",
  };
}

/** A function that calls itself by its own name. */
function ownName(fn: Function, free: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return free.has(fn.name) ? { [fn.name]: fn } : {};
}

function givenValues(captures: (() => Record<string, unknown>) | undefined): Record<string, unknown> {
  if (captures === undefined) return {};
  const given: unknown = captures();
  if (typeof given !== "object" || given === null) {
    throw InvalidArgumentError.forValue(
      "captures",
      "a function that returns an object of values by name",
      given,
    );
  }
  const values: Record<string, unknown> = { ...given };
  for (const [key, written] of thunkNames(Function.prototype.toString.call(captures))) {
    if (!(key in given) || written.length === 0) continue;
    const [name = key, member] = written;
    const value: unknown = Reflect.get(given, key);
    if (member === undefined) values[name] = value;
    else values[name] = { ...(values[name] as object | undefined), [member]: value };
  }
  return values;
}

/** For each key of the object that the thunk returns, the variable (and its member) that is written for it. */
function thunkNames(text: string): [string, string[]][] {
  let program: AnyNode;
  try {
    program = acorn().parse(`(${text})`, parserOptions("script"));
  } catch {
    return [];
  }
  const found: [string, string[]][] = [];
  const [statement] = program.type === "Program" ? program.body : [];
  const thunk = statement?.type === "ExpressionStatement" ? statement.expression : undefined;
  if (thunk?.type !== "ArrowFunctionExpression" && thunk?.type !== "FunctionExpression") return found;
  const returned =
    thunk.body.type === "BlockStatement"
      ? thunk.body.body.flatMap((line) =>
          line.type === "ReturnStatement" && line.argument ? [line.argument] : [],
        )[0]
      : thunk.body;
  if (returned?.type !== "ObjectExpression") return found;
  for (const property of returned.properties) {
    if (property.type !== "Property" || property.key.type !== "Identifier" || property.computed) continue;
    const { value, key } = property;
    if (value.type === "Identifier") found.push([key.name, [value.name]]);
    else if (
      value.type === "MemberExpression" &&
      value.object.type === "Identifier" &&
      value.property.type === "Identifier"
    ) {
      found.push([key.name, [value.object.name, value.property.name]]);
    }
  }
  return found;
}

/** The file that holds the text of the function: one on the stack, the program's entry, or one that these import. */
function locate(text: string): { script: Script; offset: number } | undefined {
  const files = [...candidateFiles()].flatMap((path) => readScript(path) ?? []);
  const imported = function* (): Generator<Script> {
    for (const script of files) {
      for (const specifier of new Set([...script.imports().values()].map((local) => local.specifier))) {
        const path = filePath(fileSpecifier(specifier, script) ?? "");
        const found = path === undefined ? undefined : readScript(path);
        if (found !== undefined) yield found;
      }
    }
  };
  for (const scripts of [files, imported()]) {
    for (const script of scripts) {
      const offset = script.source.indexOf(text);
      if (offset !== -1) return { script, offset };
    }
  }
  return undefined;
}

function readScript(path: string): Script | undefined {
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  const isModule = !path.endsWith(".cjs") && /^\s*(?:import|export)\b/m.test(source);
  const url = isModule ? pathToFileURL(path).href : path;
  const sourceMapURL =
    /^\/\/# sourceMappingURL=(\S+)\s*$/m.exec(source.slice(source.lastIndexOf("\n//#")))?.[1] ?? "";
  return describeScript(
    { scriptId: path, url, sourceMapURL, startLine: 0, startColumn: 0, isModule },
    source,
  );
}

function candidateFiles(): Set<string> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const { stack = "" } = new Error("where");
  Error.stackTraceLimit = stackTraceLimit;
  const files = new Set<string>();
  for (const [, place] of stack.matchAll(/\(?((?:file:\/\/|\/|[A-Za-z]:\\)[^\n()]+?):\d+:\d+\)?$/gm)) {
    if (place === undefined || place.includes("/node_modules/")) continue;
    files.add(place.startsWith("file:") ? fileURLToPath(place) : place);
  }
  if (process.argv[1] !== undefined) files.add(process.argv[1]);
  return files;
}

/** The export that a function is, without scopes to compare: the module is loaded, so `require` only looks it up. */
function exportedHere(fn: Function, script: Script): ImportReference | undefined {
  if (!isLoadable(script.url) || isMainScript(script.url)) return undefined;
  const path = script.url.startsWith("file:") ? fileURLToPath(script.url) : script.url;
  try {
    const loaded: unknown = createRequire(path)(path);
    for (const [name, value] of Object.entries(loaded as object)) {
      if (value === fn) return new ImportReference(pathToFileURL(path).href, undefined, name);
    }
  } catch {
    // A module with top-level await: the function goes by value.
  }
  return undefined;
}
