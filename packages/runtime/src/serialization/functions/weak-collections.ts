/**
 * WeakMaps and WeakSets in captured variables. Their entries cannot be listed, so each thread has an empty one of its
 * own for each of the sender's, shared by all functions that share it there.
 */
import { types } from "node:util";
import { threadPrefix } from "./identity.ts";
import { ImportReference } from "./types.ts";

/** Specifier of the collections; the name is the kind and the id. */
export const weakCollections = "manta:weak";

const names = new WeakMap<object, string>();
const collections = new Map<string, WeakRef<object>>();
/** Received ones are kept: their entries must not depend on who is looking. */
const received = new Map<string, object>();
let count = 0;

/** The reference that stands for a collection in all threads. */
export function weakReference(collection: WeakMap<object, unknown> | WeakSet<object>): ImportReference {
  let name = names.get(collection);
  if (name === undefined) {
    name = `${types.isWeakMap(collection) ? "map" : "set"}:${threadPrefix}.${++count}`;
    names.set(collection, name);
    collections.set(name, new WeakRef(collection));
  }
  return new ImportReference(weakCollections, undefined, name);
}

/** This thread's collection of a name. */
export function weakCollection(name: string): object {
  const known = received.get(name) ?? collections.get(name)?.deref();
  if (known !== undefined) return known;
  const made = name.startsWith("map:") ? new WeakMap<object, unknown>() : new WeakSet<object>();
  names.set(made, name);
  received.set(name, made);
  return made;
}
