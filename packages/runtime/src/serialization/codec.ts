/**
 * Values to bytes and back: the entry of the room. A value that msgpack carries exactly is packed as it is; every
 * other one is flattened into a node table first (`wire.ts`), which msgpack then carries.
 */
import { MantaError } from "../core/errors.ts";
import type { ImportReference } from "./functions/types.ts";
import { SMALL_LIMIT_BYTES, SMALL_TABLE_BYTES } from "./limits.ts";
import { corrupted, plainOf, unpack } from "./packer.ts";
import { referenceOf } from "./read-code.ts";
import { GraphReader } from "./read-graph.ts";
import { loadImports } from "./functions/imports.ts";
import { unpackSmall } from "./read-small.ts";
import type { Encoded, EncodeOptions } from "./types.ts";
import { GraphFlag, GRAPH_MARK, GRAPH_PREFIX_BYTES, Kind, type Node } from "./wire.ts";
import { packSmall, packSmallList } from "./write-small.ts";
import { writing } from "./writing.ts";

export { deregisterSerializer, registerReducer, registerSerializer } from "./reducers.ts";

/**
 * Makes a snapshot of `value` that can travel. Objects, cycles, shared identity, classes, functions and errors
 * survive; `wire.ts` lists the kinds.
 *
 * @throws SerializationError with the `path` of the first part that cannot be carried.
 * @throws ObjectStoreFullError when `allocate` finds no memory.
 */
export function encode(value: unknown, options: EncodeOptions): Encoded {
  const small = packSmall(value);
  return small === undefined ? writing().encodeAny(value, options) : plainOf(small);
}

/**
 * As {@link encode} for the rest parameter of a call, which only this call has seen: the list itself is not looked at.
 * @param args made by the caller just now, without holes or properties of its own.
 */
export function encodeArguments(args: readonly unknown[], options: EncodeOptions): Encoded {
  if (args.length === 0) return NO_ARGUMENTS;
  const small = packSmallList(args);
  return small === undefined ? writing().encodeAny(args, options) : plainOf(small);
}

const NO_ARGUMENTS: Encoded = Object.freeze(plainOf(Uint8Array.of(0x90)));

/**
 * Makes the value of `encoded` anew. Large typed arrays are views on its shared buffers, everything else is fresh.
 * Modules that it imports should have been loaded by {@link prepare}; the others are required.
 *
 * @throws SerializationError when the bytes are damaged, or name something that this thread does not have.
 */
export function decode(encoded: Encoded): unknown {
  const { bytes, buffers, tracked } = encoded;
  if (bytes[0] !== GRAPH_MARK) return bytes.length <= SMALL_LIMIT_BYTES ? unpackSmall(bytes) : unpack(bytes);
  const { root, nodes } = tableOf(encoded);
  tables.delete(encoded);
  try {
    return new GraphReader(nodes, buffers, tracked).read(root);
  } catch (error) {
    if (error instanceof MantaError) throw error;
    throw corrupted(error instanceof Error ? error.message : "it cannot be read", error);
  }
}

/**
 * Loads the modules that the value refers to, so that {@link decode} finds them. `undefined` when there is nothing to
 * wait for.
 */
export function prepare(encoded: Encoded): Promise<void> | undefined {
  const [mark, flags = 0] = encoded.bytes;
  if (mark !== GRAPH_MARK || (flags & GraphFlag.imports) === 0) return undefined;
  const table = tableOf(encoded);
  const bindings: ImportReference[] = [];
  for (const node of table.nodes) if (node[0] === Kind.import) bindings.push(referenceOf(node));
  const wait = loadImports(bindings);
  // Decoding follows; it need not unpack again.
  tables.set(encoded, table);
  return wait;
}

interface Table {
  readonly root: unknown;
  readonly nodes: readonly Node[];
}

const tables = new WeakMap<Encoded, Table>();

function tableOf(encoded: Encoded): Table {
  const known = tables.get(encoded);
  if (known !== undefined) return known;
  const table = unpackTable(encoded.bytes.subarray(GRAPH_PREFIX_BYTES));
  if (!Array.isArray(table) || table.length !== 2) throw corrupted("it has no node table");
  const [root, nodes] = table as [unknown, unknown];
  if (!Array.isArray(nodes) || !nodes.every(isNode)) throw corrupted("its node table holds something else");
  return { root, nodes };
}

/** Most functions are short, and then their tables need no general reader, which a worker would load for them. */
function unpackTable(bytes: Uint8Array): unknown {
  if (bytes.length > SMALL_TABLE_BYTES) return unpack(bytes);
  try {
    return unpackSmall(bytes);
  } catch {
    return unpack(bytes); // It has more than the small reader knows, or says what is wrong.
  }
}

function isNode(node: unknown): node is Node {
  return Array.isArray(node) && typeof node[0] === "number";
}
