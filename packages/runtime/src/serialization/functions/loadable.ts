/**
 * What a worker can load by itself: which files, and which objects are whole modules. Loads nothing to find out.
 */
import { existsSync, realpathSync } from "node:fs";
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import { types } from "node:util";
import { once, require } from "../../core/load.ts";
import { requiredName } from "./imports.ts";
import { filePath } from "./script-names.ts";
import { ImportReference } from "./types.ts";

const required = new WeakMap<object, string>();
let requiredCount = 0;

/** The module whose `module.exports`, or whose namespace, `require` has given as this object. */
export function requiredReference(value: object): ImportReference | undefined {
  const { cache } = require;
  const paths = Object.keys(cache);
  if (paths.length !== requiredCount) {
    requiredCount = paths.length;
    for (const path of paths) {
      const exports: unknown = cache[path]?.exports;
      if (typeof exports === "object" && exports !== null) required.set(exports, path);
    }
  }
  const path = required.get(value);
  if (path === undefined || !isLoadable(path) || isMainScript(path)) return undefined;
  const specifier = pathToFileURL(path).href;
  const name = types.isModuleNamespaceObject(value) ? "*" : requiredName;
  return new ImportReference(specifier, undefined, name);
}

/** Endings of files that Node must be taught to load, or strips the types of. */
export const typeScript: ReadonlySet<string> = new Set([".ts", ".mts", ".cts", ".tsx", ".jsx"]);

/** Whether a worker, which has no loader of its own, can import the file at a URL. */
export function isLoadable(url: string): boolean {
  const path = filePath(url);
  if (path === undefined) return false;
  const extension = extname(path);
  if (extension === ".js" || extension === ".mjs" || extension === ".cjs") return true;
  return extension !== ".tsx" && extension !== ".jsx" && typeScript.has(extension) && stripsTypes();
}

/** Node loads TypeScript by itself, and the program runs as Node would load it. */
const stripsTypes = once((): boolean => {
  const { features, execArgv } = process;
  const native: unknown = Reflect.get(features, "typescript");
  const loaders = `${execArgv.join(" ")} ${process.env["NODE_OPTIONS"] ?? ""}`;
  return (native === "strip" || native === "transform") && !/--import|--loader|--require|-r /.test(loaders);
});

/** The program's entry: a worker must not run it a second time to get at one of its exports. */
export function isMainScript(url: string): boolean {
  const path = filePath(url);
  return path !== undefined && mainScripts().has(path);
}

function mainScripts(): ReadonlySet<string> {
  const found = new Set(argvScript());
  // Set by vitest for each test file in turn.
  const testFile = (globalThis as { __vitest_worker__?: { filepath?: string } }).__vitest_worker__?.filepath;
  if (testFile !== undefined) found.add(testFile);
  return found;
}

const argvScript = once((): readonly string[] => {
  const given = process.argv[1];
  if (given === undefined) return [];
  const found: string[] = [given];
  for (const ending of ["", ".js", ".mjs", ".cjs", ".ts", "/index.js"]) {
    if (existsSync(given + ending)) found.push(given + ending, realpathSync(given + ending));
  }
  return found;
});
