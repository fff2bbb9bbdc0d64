/**
 * Modules of the user and of packages: which export a function is, and what an import statement means to a worker.
 * Nothing is imported to find out: the export's value in the scope of its module is compared with the function.
 */
import { existsSync, realpathSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { types } from "node:util";
import { variableIn } from "./inspector.ts";
import type { CapturedScope } from "./inspector.ts";
import { noteSent, requiredName, requireFunction } from "./imports.ts";
import { once } from "./lazy.ts";
import { filePath } from "./positions.ts";
import type { Script } from "./script.ts";
import { ImportReference } from "./types.ts";
import { viteUrl } from "./vite-paths.ts";

/** The export of its own module that a function is; undefined when it is none, or when no worker can load the module. */
export function exportReference(
  fn: Function,
  script: Script,
  offset: number | undefined,
  scopes: readonly CapturedScope[],
): ImportReference | undefined {
  const reference = findExport(fn, script, offset, scopes);
  if (reference !== undefined) noteSent(fn, reference);
  return reference;
}

function findExport(
  fn: Function,
  script: Script,
  offset: number | undefined,
  scopes: readonly CapturedScope[],
): ImportReference | undefined {
  if (!isLoadable(script.url) || isMainScript(script.url)) return undefined;
  if (script.system === "cjs") return requiredExport(fn, script);
  for (const [name, local] of script.exports()) {
    const isIt =
      local === undefined
        ? name === "default" &&
          offset !== undefined &&
          /export\s+default\s*\(?\s*$/.test(script.source.slice(Math.max(0, offset - 60), offset))
        : scopes.some(
            ({ kind, variables }) =>
              kind !== "Global" && Object.hasOwn(variables, local) && variableIn(variables, local) === fn,
          );
    if (isIt) return new ImportReference(script.home, undefined, name);
  }
  return undefined;
}

function requiredExport(fn: Function, script: Script): ImportReference | undefined {
  const path = filePath(script.url);
  const exports: unknown =
    path === undefined ? undefined : createRequire(import.meta.url).cache[path]?.exports;
  if (path === undefined || exports === undefined || exports === null) return undefined;
  const specifier = pathToFileURL(path).href;
  if (exports === fn) return new ImportReference(specifier, undefined, "default");
  if (typeof exports !== "object" && typeof exports !== "function") return undefined;
  for (const [name, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(exports))) {
    // Compilers export through getters, which only read a variable.
    const exported: unknown = get === undefined ? value : Reflect.apply(get, exports, []);
    if (exported === fn) return new ImportReference(specifier, undefined, name);
  }
  return undefined;
}

const required = new WeakMap<object, string>();
let requiredCount = 0;

/** The module whose `module.exports`, or whose namespace, `require` has given as this object. */
export function requiredReference(value: object): ImportReference | undefined {
  const { cache } = createRequire(import.meta.url);
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

/** A `require` function of any name, of a module or made by createRequire: the worker makes one for the same folder. */
export function requireReference(fn: Function): ImportReference | undefined {
  const part = (name: string): unknown => Object.getOwnPropertyDescriptor(fn, name)?.value;
  const resolve = part("resolve") as
    { readonly paths?: (request: string) => readonly string[] | null } | undefined;
  if (part("cache") !== createRequire(import.meta.url).cache || typeof resolve?.paths !== "function")
    return undefined;
  const [folder] = resolve.paths("./") ?? [];
  if (folder === undefined) return undefined;
  return new ImportReference(requireFunction, pathToFileURL(join(folder, "[require]")).href, "require");
}

const typeScript = new Set([".ts", ".mts", ".cts", ".tsx", ".jsx"]);

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

/** What an import statement's specifier means to a worker. */
export type ImportTarget =
  | { readonly kind: "reference"; readonly specifier: string; readonly parent: string | undefined }
  /** The worker cannot load it: what was imported travels by value. */
  | { readonly kind: "value" };

/** Resolves a specifier as far as needed to see whether a worker can import it. */
export function importTarget(specifier: string, script: Script): ImportTarget {
  if (isBuiltin(specifier)) {
    return {
      kind: "reference",
      specifier: specifier.startsWith("node:") ? specifier : `node:${specifier}`,
      parent: undefined,
    };
  }
  const url = fileSpecifier(specifier, script);
  if (url !== undefined) {
    const path = filePath(url);
    const loadable = path !== undefined && isLoadable(url) && !isMainScript(url) && existsSync(path);
    return loadable ? { kind: "reference", specifier: url, parent: undefined } : { kind: "value" };
  }
  if (/^[a-z]+:/i.test(specifier)) return { kind: "reference", specifier, parent: undefined };
  if (!isLoadable(script.url) && bareTypeScript(specifier, script.home)) return { kind: "value" };
  return { kind: "reference", specifier, parent: script.home };
}

/** A workspace package whose entry is TypeScript source. */
function bareTypeScript(specifier: string, parent: string): boolean {
  try {
    const resolved = createRequire(parent).resolve(specifier);
    return typeScript.has(extname(resolved)) && !isLoadable(resolved);
  } catch {
    return false;
  }
}

/** URL of the file that a specifier names; undefined for packages. */
export function fileSpecifier(specifier: string, script: Script): string | undefined {
  if (specifier.startsWith("file:")) return specifier;
  if (specifier.startsWith("./") || specifier.startsWith("../")) return new URL(specifier, script.home).href;
  if (!specifier.startsWith("/")) return undefined;
  return script.system === "vite" ? viteUrl(specifier, viteRoot()) : pathToFileURL(specifier).href;
}

/** Root of the vitest project that runs in this thread. */
export function viteRoot(): string {
  const state = (globalThis as { __vitest_worker__?: { config?: { root?: string } } }).__vitest_worker__;
  return state?.config?.root ?? process.cwd();
}
