/**
 * Modules of the user and of packages: which export a function is, and what an import statement means to a worker.
 * Nothing is imported to find out: the export's value in the scope of its module is compared with the function.
 */
import { existsSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { require } from "../../core/load.ts";
import { variableIn } from "./inspector.ts";
import type { CapturedScope } from "./inspector.ts";
import { noteSent, requireFunction } from "./imports.ts";
import { isLoadable, isMainScript, typeScript } from "./loadable.ts";
import { filePath } from "./script-names.ts";
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
  const exports: unknown = path === undefined ? undefined : require.cache[path]?.exports;
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

/** A `require` function of any name, of a module or made by createRequire: the worker makes one for the same folder. */
export function requireReference(fn: Function): ImportReference | undefined {
  const part = (name: string): unknown => Object.getOwnPropertyDescriptor(fn, name)?.value;
  const resolve = part("resolve") as
    { readonly paths?: (request: string) => readonly string[] | null } | undefined;
  if (part("cache") !== require.cache || typeof resolve?.paths !== "function") return undefined;
  const [folder] = resolve.paths("./") ?? [];
  if (folder === undefined) return undefined;
  return new ImportReference(requireFunction, pathToFileURL(join(folder, "[require]")).href, "require");
}

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
