/**
 * The inverse of `write-buffers.ts`: stores, ArrayBuffers and the views over them, with every range checked against
 * the store, since shared segments may be longer than what was put into them.
 */
import { types } from "node:util";
import { corrupted } from "./packer.ts";
import { Cursor } from "./read-cursor.ts";
import type { GraphReader } from "./read-graph.ts";
import { Kind, type Node, StoreUse, viewNames } from "./wire.ts";

/** The memory of a store: shared and not copied when only views look at it. */
export function makeStore(reader: GraphReader, node: Node): ArrayBufferLike {
  const cursor = new Cursor(node, 1);
  const use = cursor.number();
  const byteLength = cursor.count(Number.MAX_SAFE_INTEGER);
  const maxByteLength = cursor.count(Number.MAX_SAFE_INTEGER);
  const source = cursor.next();
  if (typeof source === "number") {
    const shared = bufferAt(reader, source);
    if (shared.byteLength < byteLength) throw corrupted("a buffer is shorter than it should be");
    if (use === StoreUse.underViews) return shared;
    return copyOf(new Uint8Array(shared, 0, byteLength), use, maxByteLength);
  }
  if (!(source instanceof Uint8Array) || source.byteLength !== byteLength)
    throw corrupted("a buffer has the wrong length");
  return copyOf(source, use, maxByteLength);
}

function copyOf(bytes: Uint8Array, use: number, maxByteLength: number): ArrayBuffer {
  const memory =
    use === StoreUse.resizable
      ? makeResizable(bytes.byteLength, maxByteLength)
      : new ArrayBuffer(bytes.byteLength);
  new Uint8Array(memory).set(bytes);
  return memory;
}

function makeResizable(byteLength: number, maxByteLength: number): ArrayBuffer {
  // Not in the ES2023 typings.
  const Resizable = ArrayBuffer as unknown as new (
    length: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer;
  return new Resizable(byteLength, { maxByteLength });
}

export function makeArrayBuffer(reader: GraphReader, cursor: Cursor): ArrayBuffer {
  const cell = cursor.reference();
  reader.nodeOf(cell, Kind.store);
  const memory = reader.value(cell);
  if (!types.isArrayBuffer(memory)) throw corrupted("an ArrayBuffer has no store of its own");
  return memory;
}

export function makeSharedBuffer(reader: GraphReader, cursor: Cursor): SharedArrayBuffer {
  return bufferAt(reader, cursor.number());
}

function bufferAt(reader: GraphReader, index: number): SharedArrayBuffer {
  const buffer = reader.buffers[index];
  if (buffer === undefined) throw corrupted("a buffer out of band is missing");
  return buffer;
}

interface ViewClass {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ArrayBufferView;
}

const viewClasses: ReadonlyMap<string, ViewClass> = new Map(
  viewNames
    .map((name): [string, unknown] => [name, Reflect.get(globalThis, name)])
    .filter((entry): entry is [string, ViewClass] => typeof entry[1] === "function"),
);

export function makeView(reader: GraphReader, cursor: Cursor): ArrayBufferView {
  const name = cursor.string();
  const cell = cursor.reference();
  const byteOffset = cursor.count(Number.MAX_SAFE_INTEGER);
  const length = cursor.count(Number.MAX_SAFE_INTEGER);
  const node = reader.nodeAt(reader.indexOf(cell));
  if (node[0] !== Kind.store && node[0] !== Kind.sharedBuffer) throw corrupted("a view has no memory");
  const memory = reader.value(cell) as ArrayBufferLike; // What shells of these two kinds are.
  const cls = viewClasses.get(name);
  const available = node[0] === Kind.store ? new Cursor(node, 2).number() : memory.byteLength;
  if (byteOffset + length * (cls?.BYTES_PER_ELEMENT ?? 1) > available)
    throw corrupted("a view is longer than its memory");
  if (name === "Buffer") return Buffer.from(memory, byteOffset, length);
  if (cls !== undefined) return new cls(memory, byteOffset, length);
  if (name === "DataView") return new DataView(memory, byteOffset, length);
  throw corrupted(`there is no view ${JSON.stringify(name)}`);
}
