/**
 * Imported bindings on the receiving side. Modules are loaded ahead with `import()` while a payload is prepared; a
 * payload that was not prepared falls back to `require`, which loads ES modules as well. What came out of an import is
 * remembered, so that it travels on as the same import.
 */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { isObject } from "../builtins.ts";
import { SerializationError } from "../../core/errors.ts";
import { require } from "../../core/load.ts";
import { importFrom } from "./loader.ts";
import { globalByName, isGlobalReference } from "./globals.ts";
import { ImportReference } from "./types.ts";
import type { ImportedBinding } from "./types.ts";
import { weakCollection, weakCollections } from "./weak-collections.ts";

/** Specifier of the `require` function of the module at `parent`. */
export const requireFunction = "manta:require";

/** Name of what `require` gives for a module. */
export const requiredName = "*require";

/** Name of that as a compiler's helper passes it on: with a `default`, unless it was an ES module before compilation. */
export const interopName = "*interop";

const modules = new Map<string, object>();
const loading = new Map<string, Promise<void>>();
const origins = new WeakMap<object, ImportReference>();

/** Loads the modules of these bindings; undefined when there is nothing to wait for. */
export function loadImports(bindings: Iterable<ImportedBinding>): Promise<void> | undefined {
  const waits = new Set<Promise<void>>();
  for (const binding of bindings) {
    if (isImmediate(binding)) continue;
    const key = keyOf(binding);
    if (modules.has(key) || ownValue(binding) !== undefined) continue;
    let wait = loading.get(key);
    if (wait === undefined) {
      wait = load(binding, key).finally(() => loading.delete(key));
      loading.set(key, wait);
    }
    waits.add(wait);
  }
  return waits.size === 0 ? undefined : Promise.all(waits).then(() => undefined);
}

async function load({ specifier, parent }: ImportedBinding, key: string): Promise<void> {
  modules.set(key, await importFrom(parent ?? import.meta.url)(specifier));
}

/** The value of a binding, now. Throws SerializationError when the module has no such export. */
export function importedValue(binding: ImportedBinding): unknown {
  const { specifier, parent, name } = binding;
  if (isGlobalReference(binding)) return globalByName(name);
  if (specifier === requireFunction) return createRequire(parent ?? import.meta.url);
  if (specifier === weakCollections) return weakCollection(name);
  const value =
    ownValue(binding) ??
    (name === requiredName ? requireModule(binding) : memberOf(moduleFor(binding), binding));
  if (isObject(value) && !origins.has(value))
    origins.set(value, new ImportReference(specifier, parent, name));
  return value;
}

/** The binding that a value of this thread was imported by on behalf of shipped code. */
export function originOf(value: object): ImportReference | undefined {
  return origins.get(value);
}

/**
 * Notes that a value of this thread has left it under a reference: when the reference comes back, it means that very
 * value, even where importing would make a second one (vitest has instances of modules of its own).
 */
export function noteSent(value: object, { specifier, name }: ImportedBinding): void {
  if (specifier.startsWith("file:")) sent.set(`${name} ${specifier}`, new WeakRef(value));
}

const sent = new Map<string, WeakRef<object>>();

/** What this thread has for a binding without importing anything: importing could make a second instance of a module. */
function ownValue({ specifier, name }: ImportedBinding): unknown {
  if (!specifier.startsWith("file:")) return undefined;
  const known = sent.get(`${name} ${specifier}`)?.deref();
  if (known !== undefined || name.startsWith("*")) return known;
  const exports: unknown = require.cache[fileURLToPath(specifier)]?.exports;
  return isObject(exports) && Object.hasOwn(exports, name)
    ? (Reflect.get(exports, name) as unknown)
    : undefined;
}

/** Notes where a module namespace (or another imported object) comes from. */
export function noteOrigin(value: object, reference: ImportReference): void {
  if (!origins.has(value)) origins.set(value, reference);
}

/** Built-in modules are there already, except as namespace objects. */
function isImmediate(binding: ImportedBinding): boolean {
  if (binding.specifier.startsWith("manta:")) return true;
  return binding.specifier.startsWith("node:") && binding.name !== "*";
}

function keyOf({ specifier, parent }: ImportedBinding): string {
  return /^(?:node|file):/.test(specifier) ? specifier : `${parent ?? ""}\0${specifier}`;
}

function moduleFor(binding: ImportedBinding): object {
  const { specifier } = binding;
  const key = keyOf(binding);
  const known = modules.get(key);
  if (known !== undefined) return known;
  if (specifier.startsWith("node:")) {
    const builtin: unknown = process.getBuiltinModule(specifier);
    if (builtin !== undefined) return { ...(builtin as object), default: builtin };
  }
  const required = requireModule(binding);
  const isNamespace = typeof required === "object" && required !== null && Symbol.toStringTag in required;
  const loaded = isNamespace ? (required as object) : { ...(required as object), default: required };
  if (isNamespace) modules.set(key, loaded);
  return loaded;
}

function requireModule({ specifier, parent }: ImportedBinding): unknown {
  const path = specifier.startsWith("file:") ? fileURLToPath(specifier) : specifier;
  try {
    return createRequire(parent ?? import.meta.url)(path) as unknown;
  } catch (error) {
    throw new SerializationError(
      specifier,
      `cannot load ${specifier}${parent === undefined ? "" : ` as imported by ${parent}`}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

function memberOf(loaded: object, { specifier, name }: ImportedBinding): unknown {
  if (name === "*") return loaded;
  if (name === interopName) {
    const whole: unknown = Reflect.get(loaded, "default");
    const wasModule = whole !== null && typeof whole === "object" && Reflect.has(whole, "__esModule");
    return wasModule ? whole : loaded;
  }
  if (name in loaded) return Reflect.get(loaded, name);
  // Exports of a CommonJS module that Node's lexer has not seen.
  const exports: unknown = Reflect.get(loaded, "default");
  if (exports !== null && (typeof exports === "object" || typeof exports === "function") && name in exports) {
    return Reflect.get(exports, name);
  }
  throw new SerializationError(
    `${specifier}#${name}`,
    `${specifier} has no export '${name}' in this worker; a module must export the same names in every thread`,
  );
}
