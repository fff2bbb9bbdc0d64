/**
 * Values that every thread finds by itself travel as a name: built-in modules and what they export, globals, and what
 * shipped code has imported. They are compared by identity with what is loaded here already. Exports of the user's
 * modules are in `modules.ts`.
 */
import { isBuiltin } from "node:module";
import { types } from "node:util";
import { globalReference } from "./globals.ts";
import { originOf } from "./imports.ts";
import { isLibrary } from "./library.ts";
import { requiredReference } from "./loadable.ts";
import { ImportReference } from "./types.ts";

/**
 * The reference of an object or function that every thread can find by itself: module namespaces, built-in modules and
 * their exports, globals such as process, process.env, console and Math, and everything that shipped code has
 * imported. Exports of the user's modules are found by `dismantleFunction`, which knows where a function is from.
 */
export function referenceTo(value: object): ImportReference | undefined {
  // An imported plain object is data: what a worker has done to it must not be lost on the way back.
  const origin =
    typeof value === "function" || types.isModuleNamespaceObject(value) ? originOf(value) : undefined;
  if (origin !== undefined) return origin;
  if (typeof value === "object" && couldBeModule(value)) {
    const required = requiredReference(value);
    // What the user's own modules export as an object is data, too.
    if (required !== undefined && (types.isModuleNamespaceObject(value) || isLibrary(required.specifier)))
      return required;
  }
  return globalReference(value) ?? builtinReference(value);
}

/** Exports of the built-in modules that are loaded. */
function builtinReference(value: object): ImportReference | undefined {
  if (typeof value === "object" && !couldBeModule(value)) return undefined;
  const table = builtinExports();
  const isNamespace = types.isModuleNamespaceObject(value);
  // The namespace of a built-in module is made for each importer's sake; its default is the module.
  const found = table.get(isNamespace ? defaultOf(value) : value);
  if (found === undefined || (isNamespace && found.name !== "default")) return undefined;
  return new ImportReference(found.specifier, undefined, isNamespace ? "*" : found.name);
}

/** The built-in module that a namespace could be of. */
function defaultOf(namespace: object): object {
  const exported: unknown = Object.hasOwn(namespace, "default")
    ? Reflect.get(namespace, "default")
    : undefined;
  if ((typeof exported !== "object" || exported === null) && typeof exported !== "function") return namespace;
  // A module of the user's may have a built-in one as its default, beside exports of its own.
  const keys = Object.keys(exported);
  const isWhole =
    keys.every((key) => Object.hasOwn(namespace, key)) && Object.keys(namespace).length <= keys.length + 2;
  return isWhole ? exported : namespace;
}

/** Plain data is met all the time; only these are worth the table of built-in modules. */
function couldBeModule(value: object): boolean {
  if (types.isModuleNamespaceObject(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const keys = Object.keys(value);
  return (
    keys.length > 8 &&
    keys.some((key) => typeof Object.getOwnPropertyDescriptor(value, key)?.value === "function")
  );
}

const builtins = new WeakMap<object, { specifier: string; name: string }>();
const listed = new Set<string>();

function builtinExports(): WeakMap<object, { specifier: string; name: string }> {
  const loaded = (process as unknown as { moduleLoadList?: readonly string[] }).moduleLoadList ?? []; // Not in the typings.
  for (const entry of loaded) {
    if (listed.has(entry)) continue;
    listed.add(entry);
    const promising = /^NativeModule (?:internal\/)?(dns|fs|readline|stream|timers)\/promises$/.exec(
      entry,
    )?.[1];
    if (promising !== undefined) listPromises(promising);
    const id = /^NativeModule (?!internal\/)(.+)$/.exec(entry)?.[1];
    if (id === undefined || id.startsWith("_") || !isBuiltin(`node:${id}`)) continue;
    const exports: unknown = process.getBuiltinModule(id);
    if ((typeof exports !== "object" || exports === null) && typeof exports !== "function") continue;
    const specifier = `node:${id}`;
    if (!builtins.has(exports)) builtins.set(exports, { specifier, name: "default" });
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(exports))) {
      if (typeof value === "function" && !builtins.has(value)) builtins.set(value, { specifier, name });
    }
  }
  return builtins;
}

/** The `promises` of a module, which are behind a getter and loaded when it is read. */
function listPromises(id: string): void {
  const promises: unknown = Reflect.get(Object(process.getBuiltinModule(id)), "promises");
  if (typeof promises !== "object" || promises === null || builtins.has(promises)) return;
  builtins.set(promises, { specifier: `node:${id}`, name: "promises" });
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(promises))) {
    if (typeof value === "function" && !builtins.has(value)) {
      builtins.set(value, { specifier: `node:${id}/promises`, name });
    }
  }
}
