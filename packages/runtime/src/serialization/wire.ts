/**
 * The layout of a graph envelope, shared by the writer and the reader. Nothing here runs.
 *
 *   bytes    = [GRAPH_MARK, flags, ...msgpack of [root cell, node table]]
 *   node     = a flat array: kind, head, cells
 *   cell     = a primitive msgpack carries exactly
 *            | [index]               a reference into the node table
 *            | [scalar tag, payload] a primitive that it does not
 *
 * Bytes that do not begin with `GRAPH_MARK`, which msgpack never uses, are the plain form: msgpack of the value, up to
 * `SMALL_LIMIT_BYTES` with typed arrays as an extension.
 * A reference is the only one-element array that stands directly in a node, so that a walk needs no table of layouts.
 */

/** First byte of a graph envelope. */
export const GRAPH_MARK: number = 0xc1;
/** Bytes in front of the msgpack of a graph envelope. */
export const GRAPH_PREFIX_BYTES: number = 2;
/** What the second byte says: there are modules to load first. */
export const GraphFlag = { imports: 1 } as const;

/**
 * The plain form may hold typed arrays in short messages: a msgpack extension of this type, with the index in
 * `viewNames`, the gap before the first element, and the gap's and the elements' bytes.
 */
export const VIEW_EXTENSION: number = 0x56;
/** Bytes of the extension in front of the gap. */
export const VIEW_HEAD_BYTES: number = 6;

/** Classes of typed arrays by index. Only ever appended to. */
export const viewNames: readonly string[] = (
  "Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array " +
  "Float64Array BigInt64Array BigUint64Array Buffer"
).split(" ");

export type Reference = readonly [index: number];
export type Scalar = readonly [tag: number, payload: unknown];
export type Cell = undefined | null | boolean | number | string | bigint | Reference | Scalar;
export type Node = unknown[];

/** Tags of the primitives that msgpack loses. */
export const ScalarTag = {
  negativeZero: 0,
  /** A string with lone surrogates, as its UTF-16 code units. */
  codeUnits: 1,
  /** A bigint outside 64 bits, as hexadecimal text. */
  bigint: 2,
} as const;

/**
 * Kinds of nodes. `object` and `array` are the short forms of the common case (`Object.prototype` or
 * `Array.prototype`, dense, extensible). The kinds from `instance` to `view` share a header and a tail:
 *
 *   [kind, prototype, integrity, ...head, ...properties]
 *   prototype  = 0 for the usual one of the kind | null | reference
 *   properties = key string, cell                        writable, enumerable, configurable
 *              | attributes number, key cell, cell       a data property
 *              | attributes number, key cell, get, set   an accessor
 */
export const Kind = {
  object: 0, //          ...properties
  array: 1, //           ...cells
  instance: 2, //        -
  list: 3, //            length, count of leading cells, ...cells
  map: 4, //             size, ...(key, value)
  set: 5, //             size, ...cells
  date: 6, //            time, NaN when invalid
  regexp: 7, //          source, flags
  boxed: 8, //           cell of the primitive
  error: 9, //           name of the builtin class, behind HEIR_MARK for an object that inherits from it
  mantaError: 10, //     name of the class, code
  domException: 11, //   message, name
  arguments: 12, //      count, ...cells
  url: 13, //            href
  searchParams: 14, //   text, or a reference to the URL that they belong to
  arrayBuffer: 15, //    reference to its store
  sharedBuffer: 16, //   index of the buffer out of band
  view: 17, //           class name, reference to a store or shared buffer, byte offset, length in elements
  // From here on: no header, no properties.
  store: 18, //          use, byte length, maximal length, bytes inline | index out of band
  symbol: 19, //         how it is identified, text
  prototype: 20, //      reference to the class
  function: 21, //       code or reference to it, ...cells of its values
  import: 22, //         specifier, parent, name
  binding: 23, //        cell of the variable's value
  reduced: 24, //        reducer's kind, cell of the state
  custom: 25, //         reference to the serializer, cell of the state
} as const;

/** In front of the class's name: an object whose prototypes lead to the class, and which is no error by birth. */
export const HEIR_MARK: string = "~";

/** Bits of a property that is not writable, enumerable and configurable. */
export const Attribute = { writable: 1, enumerable: 2, configurable: 4, accessor: 8, all: 7 } as const;

/** How far an object is closed. `frozen` makes every property read-only, `sealed` every one non-configurable. */
export const Integrity = { open: 0, notExtensible: 1, sealed: 2, frozen: 3 } as const;

/** What a store turns into: memory under views only, or also a value of its own that has to be an ArrayBuffer. */
export const StoreUse = { underViews: 0, arrayBuffer: 1, resizable: 2 } as const;

/** How a symbol is found again. */
export const SymbolForm = { registry: 0, wellKnown: 1, unique: 2 } as const;

/** Whether a cell refers to a node. */
export function isReference(cell: unknown): cell is Reference {
  return Array.isArray(cell) && cell.length === 1;
}
