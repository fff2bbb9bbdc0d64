/**
 * The fast path for call messages: one pass that both decides whether a value is plain and packs it, straight into a
 * slab of memory that the results share. What it writes is msgpack, as msgpackr would write it, and typed arrays as
 * an extension (`wire.ts`). Runs no user code, allocates nothing but the result, and gives up (`undefined`) as soon
 * as it meets anything unusual, long or repeated; the general path then decides.
 */
import { types } from "node:util";
import { builtinGetter } from "./builtins.ts";
import { SMALL_LIMIT_BYTES, SMALL_MAX_OBJECTS } from "./limits.ts";
import { hasOnlyElements, hasOnlyIndices, hasOnlyKeys, isInt64 } from "./plain.ts";
import { isResizable } from "./resizable.ts";
import { isWellFormed } from "./text.ts";
import { VIEW_EXTENSION, VIEW_HEAD_BYTES, viewNames } from "./wire.ts";

/** As Node's own pool: a result that is kept for long keeps this much memory at most. */
const SLAB_BYTES = 8192;
/** Longer texts are left to the native encoder. */
const LOOPED_CHARACTERS = 20;

/** Kept apart from its views: to ask a view for its buffer is a call into the engine. */
let memory = new ArrayBuffer(SLAB_BYTES);
let slab = new Uint8Array(memory);
let numbers = new DataView(memory);
let texts = Buffer.from(memory);
/** Where the next message begins, where the current one is, and how far it may go. */
let start = 0;
let at = 0;
let end = 0;

/** Objects of the current message: one that comes twice has an identity, which msgpack would lose. */
const found: (object | undefined)[] = Array.from({ length: SMALL_MAX_OBJECTS });
let count = 0;

/** The bytes of a small plain value; `undefined` when the value is not one. */
export function packSmall(value: unknown): Uint8Array | undefined {
  begin();
  return finish(write(value));
}

/** As {@link packSmall} for a list that nobody but the caller has seen, so that only its elements need a look. */
export function packSmallList(list: readonly unknown[]): Uint8Array | undefined {
  begin();
  return finish(writeElements(list));
}

function begin(): void {
  if (SLAB_BYTES - start < SMALL_LIMIT_BYTES) {
    memory = new ArrayBuffer(SLAB_BYTES);
    slab = new Uint8Array(memory);
    numbers = new DataView(memory);
    texts = Buffer.from(memory);
    start = 0;
  }
  at = start;
  end = start + SMALL_LIMIT_BYTES;
}

function finish(isComplete: boolean): Uint8Array | undefined {
  // Nothing here may keep the user's objects alive.
  while (count > 0) found[--count] = undefined;
  if (!isComplete) return undefined;
  const bytes = new Uint8Array(memory, start, at - start);
  start = at;
  return bytes;
}

function write(value: unknown): boolean {
  switch (typeof value) {
    case "number":
      return writeNumber(value);
    case "string":
      return writeText(value);
    case "object":
      return value === null ? writeByte(0xc0) : writeObject(value);
    case "boolean":
      return writeByte(value ? 0xc3 : 0xc2);
    case "undefined":
      if (end - at < 3) return false;
      slab[at++] = 0xd4;
      slab[at++] = 0;
      slab[at++] = 0;
      return true;
    case "bigint":
      if (end - at < 9 || !isInt64(value)) return false;
      slab[at] = 0xd3;
      numbers.setBigInt64(at + 1, value);
      at += 9;
      return true;
    default:
      return false;
  }
}

function writeByte(byte: number): boolean {
  if (at >= end) return false;
  slab[at++] = byte;
  return true;
}

function writeNumber(value: number): boolean {
  if (end - at < 9) return false;
  // Only whole numbers of 32 bits are equal to themselves here; -0 is one of them.
  if ((value | 0) !== value || (value === 0 && 1 / value < 0)) {
    slab[at] = 0xcb;
    numbers.setFloat64(at + 1, value);
    at += 9;
  } else if (value >= -32 && value < 128) {
    slab[at++] = value & 0xff;
  } else {
    slab[at] = 0xd2;
    numbers.setInt32(at + 1, value);
    at += 5;
  }
  return true;
}

function writeText(text: string): boolean {
  const { length } = text;
  if (length > end - at - 3) return false;
  if (length <= LOOPED_CHARACTERS && writeAscii(text, length)) return true;
  if (length * 3 > end - at - 3 || !isWellFormed(text)) return false;
  // A header of three bytes holds any length that a small message can have.
  const byteLength = texts.write(text, at + 3, "utf8");
  slab[at] = 0xda;
  numbers.setUint16(at + 1, byteLength);
  at += 3 + byteLength;
  return true;
}

function writeAscii(text: string, length: number): boolean {
  let to = at + 1;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return false;
    slab[to++] = unit;
  }
  slab[at] = 0xa0 | length;
  at = to;
  return true;
}

function writeObject(value: object): boolean {
  if (types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return writeRecord(value);
  if (prototype === Array.prototype) return Array.isArray(value) && writeArray(value);
  return writeView(value, prototype);
}

/** Remembers an object. Says whether it is new, and whether there is room for another. */
function isFirst(object: object): boolean {
  if (count === SMALL_MAX_OBJECTS) return false;
  for (let index = 0; index < count; index++) if (found[index] === object) return false;
  found[count++] = object;
  return true;
}

function writeArray(array: readonly unknown[]): boolean {
  return isFirst(array) && array.length <= end - at && hasOnlyElements(array) && writeElements(array);
}

function writeElements(array: readonly unknown[]): boolean {
  const { length } = array;
  if (length > end - at - 3) return false;
  if (length < 16) {
    slab[at++] = 0x90 | length;
  } else {
    slab[at] = 0xdc;
    numbers.setUint16(at + 1, length);
    at += 3;
  }
  for (let index = 0; index < length; index++) if (!write(array[index])) return false;
  return true;
}

function writeRecord(record: object): boolean {
  if (!isFirst(record)) return false;
  const keys = Object.keys(record);
  if (!hasOnlyKeys(record, keys.length) || keys.length > end - at - 3 || record === process.env) return false;
  if (keys.length < 16) {
    slab[at++] = 0x80 | keys.length;
  } else {
    slab[at] = 0xde;
    numbers.setUint16(at + 1, keys.length);
    at += 3;
  }
  for (const key of keys) {
    const property = Object.getOwnPropertyDescriptor(record, key);
    if (property?.writable !== true || property.configurable !== true) return false;
    if (key === "__proto__" || !writeText(key) || !write(property.value)) return false;
  }
  return true;
}

const viewIndices = new Map<unknown, number>(
  viewNames.map((name, index) => {
    const cls: unknown = Reflect.get(globalThis, name);
    return [typeof cls === "function" ? cls.prototype : name, index];
  }),
);

const tagOf = builtinGetter(Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag);

/** A typed array alone on its memory. Which of its bytes travel, and what becomes of its offset: `write-buffers.ts`. */
function writeView(value: object, prototype: unknown): boolean {
  const index = viewIndices.get(prototype);
  if (index === undefined || !types.isTypedArray(value)) return false;
  const name = viewNames[index];
  if (name !== "Buffer" ? tagOf(value) !== name : !types.isUint8Array(value)) return false;
  const { byteLength, byteOffset, buffer } = value;
  const gap = byteOffset % 8;
  const length = VIEW_HEAD_BYTES + gap + byteLength;
  if (
    length > end - at ||
    types.isSharedArrayBuffer(buffer) ||
    isResizable(buffer) ||
    !isFirst(buffer) ||
    !isFirst(value)
  )
    return false;
  if (byteLength === 0 || !hasOnlyIndices(value)) return false;
  slab[at] = 0xc8;
  numbers.setUint16(at + 1, 2 + gap + byteLength);
  slab[at + 3] = VIEW_EXTENSION;
  slab[at + 4] = index;
  slab[at + 5] = gap;
  at += VIEW_HEAD_BYTES;
  slab.fill(0, at, at + gap);
  slab.set(new Uint8Array(buffer, byteOffset, byteLength), at + gap);
  at += gap + byteLength;
  return true;
}
