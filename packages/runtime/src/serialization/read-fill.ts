/**
 * Fills the shell of a node with its elements, entries and properties.
 */
import { BindingCell, LATER } from "./functions/types.ts";
import { corrupted } from "./packer.ts";
import { Cursor } from "./read-cursor.ts";
import type { GraphReader } from "./read-graph.ts";
import { fillProperties, HEADER_LENGTH } from "./read-properties.ts";
import { Kind, type Node } from "./wire.ts";

/** Entries between the header and the properties, for the kinds in which their number is fixed. */
const headLength = new Map<unknown, number>([
  [Kind.instance, 0],
  [Kind.date, 1],
  [Kind.regexp, 2],
  [Kind.boxed, 1],
  [Kind.error, 1],
  [Kind.mantaError, 2],
  [Kind.domException, 2],
  [Kind.url, 1],
  [Kind.searchParams, 1],
  [Kind.arrayBuffer, 1],
  [Kind.sharedBuffer, 1],
  [Kind.view, 4],
]);

/** An array that grows by more than this at once turns sparse instead of taking memory for holes. */
const LARGEST_GAP = 1024;

/** Fills `value`, the shell that was made for `node`. */
export function fillNode(reader: GraphReader, node: Node, value: unknown): void {
  if (node[0] === Kind.binding && value instanceof BindingCell) {
    reader.supply(node[1], (inner) => (value.value = inner));
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const head = headLength.get(node[0]);
  if (head !== undefined) return fillProperties(reader, node, HEADER_LENGTH + head, value);
  if (node[0] === Kind.object) return fillProperties(reader, node, 1, value);
  if (node[0] === Kind.array && Array.isArray(value))
    return fillElements(reader, node, 1, node.length - 1, value);
  if (node[0] === Kind.list && Array.isArray(value)) return fillList(reader, node, value);
  if (node[0] === Kind.map && value instanceof Map) return fillMap(reader, node, value);
  if (node[0] === Kind.set && value instanceof Set) return fillSet(reader, node, value);
  if (node[0] === Kind.arguments) return fillArguments(reader, node, value);
}

/** Puts the cells from `start` on into the elements from 0 on. */
function fillElements(
  reader: GraphReader,
  node: Node,
  start: number,
  count: number,
  target: unknown[],
): void {
  for (let index = 0; index < count; index++) {
    const cell = node[start + index];
    const value = reader.value(cell);
    if (value === LATER) {
      target[index] = undefined;
      reader.supply(cell, (made) => (target[index] = made));
    } else {
      target[index] = value;
    }
  }
}

function fillList(reader: GraphReader, node: Node, target: unknown[]): void {
  const cursor = new Cursor(node, HEADER_LENGTH);
  const length = cursor.count(2 ** 32 - 1);
  const count = cursor.count(cursor.left - 1);
  // A subclass may be in place already; its elements are still its own properties.
  fillElements(reader, node, cursor.position, count, target);
  fillProperties(reader, node, cursor.position + count, target);
  if (length < target.length) throw corrupted("an array is shorter than its elements");
  if (length - target.length > LARGEST_GAP) {
    target[length - 1] = undefined;
    Reflect.deleteProperty(target, length - 1);
  }
  target.length = length;
}

function fillArguments(reader: GraphReader, node: Node, target: object): void {
  const cursor = new Cursor(node, HEADER_LENGTH);
  const count = cursor.count(cursor.left - 1);
  for (let index = 0; index < count; index++) {
    reader.supply(node[cursor.position + index], (value) => Reflect.set(target, index, value));
  }
  fillProperties(reader, node, cursor.position + count, target);
}

function fillMap(reader: GraphReader, node: Node, target: Map<unknown, unknown>): void {
  const cursor = new Cursor(node, HEADER_LENGTH);
  const size = cursor.count(cursor.left / 2);
  const start = cursor.position;
  fillProperties(reader, node, start + size * 2, target);
  // The order of keys cannot be mended later.
  const keys = Array.from({ length: size }, (_, entry) => node[start + entry * 2]);
  reader.whenAllMade(keys, () => {
    for (let at = start; at < start + size * 2; at += 2) {
      const key = reader.value(node[at]);
      // A value that is still to be made keeps its place in the order of entries.
      Map.prototype.set.call(target, key, undefined);
      reader.supply(node[at + 1], (value) => Map.prototype.set.call(target, key, value));
    }
  });
}

function fillSet(reader: GraphReader, node: Node, target: Set<unknown>): void {
  const cursor = new Cursor(node, HEADER_LENGTH);
  const size = cursor.count(cursor.left);
  const elements = node.slice(cursor.position, cursor.position + size);
  fillProperties(reader, node, cursor.position + size, target);
  reader.whenAllMade(elements, () => {
    for (const element of elements) Set.prototype.add.call(target, reader.value(element));
  });
}
