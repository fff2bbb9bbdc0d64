/**
 * Plain data to bytes and back, for the messages that have no layout of their own: records, arrays, texts, numbers,
 * bytes. A general packer would do as well, but this is a tenth of one, and every thread loads it at its start.
 *
 *   a byte that says what follows, then
 *   null, undefined, false, true   nothing
 *   int, double                    4 bytes, 8 bytes
 *   short                          a length of 1 byte, ASCII
 *   text, bytes                    a length of 4 bytes, UTF-8 or the bytes
 *   array                          a count of 4 bytes, values
 *   record                         a count of 4 bytes, keys and values
 */
import { append, get32, put32, reserve, scratch } from "./scratch.ts";

const Tag = {
  null: 0,
  undefined: 1,
  false: 2,
  true: 3,
  int: 4,
  double: 5,
  short: 6,
  text: 7,
  bytes: 8,
  array: 9,
  record: 10,
} as const;

const LONGEST_SHORT = 40;

/** Appends a value to {@link scratch} at `at`; returns where it ends. */
export function appendData(at: number, value: unknown): number {
  switch (typeof value) {
    case "string":
      return appendText(at, value);
    case "number":
      return appendNumber(at, value);
    case "boolean":
      return appendTag(at, value ? Tag.true : Tag.false);
    case "undefined":
      return appendTag(at, Tag.undefined);
    case "object":
      return value === null ? appendTag(at, Tag.null) : appendObject(at, value);
    default:
      throw new TypeError(`a message holds a ${typeof value}`);
  }
}

function appendTag(at: number, tag: number): number {
  reserve(at, 1);
  scratch.bytes[at] = tag;
  return at + 1;
}

function appendCount(at: number, tag: number, count: number): number {
  reserve(at, 5);
  scratch.bytes[at] = tag;
  return put32(scratch.bytes, at + 1, count);
}

function appendNumber(at: number, value: number): number {
  reserve(at, 9);
  const { bytes } = scratch;
  // -0 is equal to 0 here, and no whole number of 32 bits.
  if ((value | 0) === value && !Object.is(value, -0)) {
    bytes[at] = Tag.int;
    return put32(bytes, at + 1, value);
  }
  bytes[at] = Tag.double;
  return bytes.writeDoubleLE(value, at + 1);
}

function appendText(at: number, text: string): number {
  const { length } = text;
  if (length <= LONGEST_SHORT) {
    const end = appendShort(at, text, length);
    if (end > at) return end;
  }
  const byteLength = Buffer.byteLength(text);
  const start = appendCount(at, Tag.text, byteLength);
  reserve(start, byteLength);
  scratch.bytes.write(text, start);
  return start + byteLength;
}

/** Returns `at` when the text is not ASCII. */
function appendShort(at: number, text: string, length: number): number {
  reserve(at, 2 + length);
  const { bytes } = scratch;
  bytes[at] = Tag.short;
  bytes[at + 1] = length;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return at;
    bytes[at + 2 + i] = unit;
  }
  return at + 2 + length;
}

function appendObject(at: number, value: object): number {
  if (Array.isArray(value)) {
    let end = appendCount(at, Tag.array, value.length);
    for (const item of value as unknown[]) end = appendData(end, item);
    return end;
  }
  if (value instanceof Uint8Array) return append(appendCount(at, Tag.bytes, value.length), value);
  const entries = Object.entries(value);
  let end = appendCount(at, Tag.record, entries.length);
  for (const [key, item] of entries) end = appendData(appendText(end, key), item);
  return end;
}

const NO_BYTES = Buffer.alloc(0);

let source: Buffer = NO_BYTES;
let at = 0;

/** The value that begins at `start`. What it holds is a copy. */
export function readData(bytes: Buffer, start: number): unknown {
  source = bytes;
  at = start;
  const value = read();
  source = NO_BYTES;
  return value;
}

function read(): unknown {
  const tag = source[at++];
  switch (tag) {
    case Tag.null:
      return null;
    case Tag.undefined:
      return undefined;
    case Tag.false:
      return false;
    case Tag.true:
      return true;
    case Tag.int:
      return takeCount() | 0;
    case Tag.double:
      return source.readDoubleLE((at += 8) - 8);
    case Tag.short: {
      const length = source[at] ?? 0;
      at += 1 + length;
      return source.toString("latin1", at - length, at);
    }
    case Tag.text: {
      const length = takeCount();
      at += length;
      return source.toString("utf8", at - length, at);
    }
    case Tag.bytes: {
      const length = takeCount();
      at += length;
      return Buffer.from(source.subarray(at - length, at));
    }
    case Tag.array: {
      const items: unknown[] = [];
      for (let left = takeCount(); left > 0; left--) items.push(read());
      return items;
    }
    case Tag.record:
      return readRecord();
    default:
      throw new Error(`a message holds something of kind ${tag}`);
  }
}

function readRecord(): object {
  const record: Record<string, unknown> = {};
  for (let left = takeCount(); left > 0; left--) {
    const key = String(read());
    const value = read();
    if (key === "__proto__") Object.defineProperty(record, key, { value, enumerable: true });
    else record[key] = value;
  }
  return record;
}

function takeCount(): number {
  at += 4;
  return get32(source, at - 4);
}
