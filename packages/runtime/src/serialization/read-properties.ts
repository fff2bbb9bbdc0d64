/**
 * The inverse of `write-properties.ts`: own properties, prototype and integrity of a shell. Nothing is assigned where
 * a setter could run.
 */
import { types } from "node:util";
import { LATER } from "./functions/types.ts";
import { corrupted } from "./packer.ts";
import type { GraphReader } from "./read-graph.ts";
import { Attribute, Integrity, isReference, Kind, type Node } from "./wire.ts";

/** Entries of the header: kind, prototype, integrity. */
export const HEADER_LENGTH = 3;

/** Gives a shell the prototype of its header, and notes its integrity. */
export function applyHeader(reader: GraphReader, node: Node, shell: object): object {
  const prototype = readyPrototype(reader, node);
  if (prototype === LATER) inheritLater(reader, node, shell);
  else if (prototype !== undefined) Object.setPrototypeOf(shell, prototype);
  noteIntegrity(reader, node, shell);
  return shell;
}

/** The prototype in a header: `undefined` for the usual one, `LATER` for one that does not exist yet. */
export function readyPrototype(reader: GraphReader, node: Node): object | null | undefined | typeof LATER {
  const cell = node[1];
  if (cell === 0) return undefined;
  if (cell === null) return null;
  if (!isReference(cell)) throw corrupted("an object has no prototype");
  const index = reader.indexOf(cell);
  const kind = reader.nodeAt(index)[0];
  // Prototypes that are data are set when every shell exists: a chain of them may be as long as the table.
  if (kind !== Kind.prototype && kind !== Kind.import) return LATER;
  const value = reader.valueAt(index);
  if (value === LATER) return LATER;
  if ((typeof value !== "object" && typeof value !== "function") || value === null)
    throw corrupted("a prototype is no object");
  return value;
}

export function inheritLater(reader: GraphReader, node: Node, shell: object): void {
  if (isReference(node[1])) reader.inherit(shell, node[1]);
}

export function noteIntegrity(reader: GraphReader, node: Node, shell: object): void {
  const integrity = node[2];
  if (typeof integrity !== "number") throw corrupted("an object has no integrity");
  if (integrity !== Integrity.open) reader.close(shell, integrity);
}

/** Defines the own properties that stand in `node` from `start` on. */
export function fillProperties(reader: GraphReader, node: Node, start: number, target: object): void {
  let at = start;
  while (at < node.length) {
    const entry = node[at];
    if (typeof entry === "string") {
      if (at + 1 >= node.length) throw corrupted("a property has no value");
      setProperty(reader, target, entry, node[at + 1]);
      at += 2;
    } else {
      at = fillUnusual(reader, node, at, target);
    }
  }
}

function setProperty(reader: GraphReader, target: object, key: string, cell: unknown): void {
  const value = reader.value(cell);
  if (value === LATER) defineLater(reader, target, key, cell, Attribute.all);
  else if (key in target) define(target, key, value, Attribute.all);
  else Reflect.set(target, key, value);
}

function fillUnusual(reader: GraphReader, node: Node, at: number, target: object): number {
  const attributes = node[at];
  const key = reader.value(node[at + 1]);
  if (typeof attributes !== "number" || (typeof key !== "string" && typeof key !== "symbol"))
    throw corrupted("a property has no key");
  if ((attributes & Attribute.accessor) === 0) {
    if (at + 2 >= node.length) throw corrupted("a property has no value");
    const value = reader.value(node[at + 2]);
    if (value === LATER) defineLater(reader, target, key, node[at + 2], attributes);
    else define(target, key, value, attributes);
    return at + 3;
  }
  if (at + 3 >= node.length) throw corrupted("an accessor has no functions");
  // Keeps the place of the property in the order of keys.
  define(target, key, undefined, attributes | Attribute.configurable | Attribute.writable);
  const functions: { get?: unknown; set?: unknown } = {};
  let missing = 2;
  const defineWhenComplete = (): void => {
    if (--missing === 0) defineAccessor(target, key, attributes, functions.get, functions.set);
  };
  reader.supply(node[at + 2], (value) => {
    functions.get = value;
    defineWhenComplete();
  });
  reader.supply(node[at + 3], (value) => {
    functions.set = value;
    defineWhenComplete();
  });
  return at + 4;
}

/** Holds the place of a property until code has made its value. */
function defineLater(
  reader: GraphReader,
  target: object,
  key: string | symbol,
  cell: unknown,
  attributes: number,
): void {
  define(target, key, undefined, attributes | Attribute.configurable);
  reader.supply(cell, (value) => define(target, key, value, attributes));
}

function define(target: object, key: string | symbol, value: unknown, attributes: number): void {
  Object.defineProperty(target, key, {
    value,
    writable: (attributes & Attribute.writable) !== 0,
    enumerable: (attributes & Attribute.enumerable) !== 0,
    configurable: (attributes & Attribute.configurable) !== 0 && !isFixed(target, key),
  });
}

/** Whether a property is born not configurable, so that what freezing implies must not be defined first. */
function isFixed(target: object, key: string | symbol): boolean {
  return key === "lastIndex" && types.isRegExp(target);
}

function defineAccessor(
  target: object,
  key: string | symbol,
  attributes: number,
  get: unknown,
  set: unknown,
): void {
  if (!isAccessor(get) || !isAccessor(set)) throw corrupted("an accessor is no function");
  Object.defineProperty(target, key, {
    ...(get && { get }),
    ...(set && { set }),
    enumerable: (attributes & Attribute.enumerable) !== 0,
    configurable: (attributes & Attribute.configurable) !== 0,
  });
}

function isAccessor(value: unknown): value is (() => unknown) | undefined {
  return value === undefined || typeof value === "function";
}
