/**
 * Reads the bytes that `write-small.ts` makes, and any msgpack of plain data that is as short. For such messages this
 * is several times faster than a general reader, which prepares itself for each buffer. Every count is checked
 * against the bytes that are left, so damaged bytes cost no more than they are long.
 */
import { corrupted } from "./packer.ts";
import { VIEW_EXTENSION, VIEW_HEAD_BYTES, viewNames } from "./wire.ts";

/** Keys and short texts recur: they are found by their bytes instead of being made again. */
const RECURRING_TEXTS = 512;
const LONGEST_RECURRING_TEXT = 8;
const recurring: string[] = Array.from({ length: RECURRING_TEXTS }, () => "");

/** A method of Buffer that, unlike `toString`, reads any Uint8Array, on shared memory too. Not in the typings. */
const utf8Slice: unknown = Reflect.get(Buffer.prototype, "utf8Slice");
if (typeof utf8Slice !== "function")
  throw new TypeError("this version of Node has no Buffer.prototype.utf8Slice");
const sliceText = utf8Slice as unknown as { call(bytes: Uint8Array, start: number, end: number): string };

/** One number as its two halves. */
const words = new Int32Array(2);
const doubles = new Float64Array(words.buffer);
const floats = new Float32Array(words.buffer);
const bigints = new BigInt64Array(words.buffer);
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const NO_BYTES = new Uint8Array();
/** A DataView costs as much as twenty numbers. */
const WORTH_A_VIEW_BYTES = 256;

let bytes: Uint8Array = NO_BYTES;
let view: DataView | undefined;
let at = 0;
let end = 0;

/** The value of the bytes of a small plain message. Damaged bytes throw `SerializationError`. */
export function unpackSmall(source: Uint8Array): unknown {
  bytes = source;
  at = 0;
  end = source.length;
  view = undefined;
  const value = read();
  bytes = NO_BYTES;
  if (at !== end) throw corrupted("bytes are left over");
  return value;
}

function read(): unknown {
  const byte = take();
  if (byte < 0x80) return byte;
  if (byte >= 0xe0) return byte - 0x100;
  if (byte < 0x90) return readRecord(byte & 0x0f);
  if (byte < 0xa0) return readArray(byte & 0x0f);
  if (byte < 0xc0) return readText(byte & 0x1f);
  switch (byte) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xca:
      words[0] = takeWord();
      return floats[0];
    case 0xcb:
      return takeDouble();
    case 0xcc:
      return take();
    case 0xcd:
      return takeCount(2);
    case 0xce:
      return takeWord() >>> 0;
    case 0xd0:
      return (take() << 24) >> 24;
    case 0xd1:
      return (takeCount(2) << 16) >> 16;
    case 0xd2:
      return takeWord();
    case 0xd3:
      takeWords();
      return bigints[0];
    case 0xd4:
      if (take() !== 0 || take() !== 0) throw corrupted("an extension is unknown");
      return undefined;
    case 0xc8:
      return readView(takeCount(2));
    case 0xd9:
      return readText(take());
    case 0xda:
      return readText(takeCount(2));
    case 0xdc:
      return readArray(takeCount(2));
    case 0xde:
      return readRecord(takeCount(2));
    default:
      throw corrupted(`the byte ${byte} begins nothing`);
  }
}

function take(): number {
  const byte = bytes[at++];
  if (byte === undefined || at > end) throw corrupted("it ends too early");
  return byte;
}

/** An unsigned big-endian number. */
function takeCount(byteLength: number): number {
  let value = 0;
  for (let index = 0; index < byteLength; index++) value = value * 256 + take();
  return value;
}

function takeDouble(): number {
  if (end < WORTH_A_VIEW_BYTES) {
    takeWords();
    return doubles[0] ?? 0;
  }
  at += 8;
  if (at > end) throw corrupted("it ends too early");
  view ??= new DataView(bytes.buffer, bytes.byteOffset, end);
  return view.getFloat64(at - 8);
}

/** Eight bytes of a big-endian number, in the machine's order for the views on `words`. */
function takeWords(): void {
  words[isLittleEndian ? 1 : 0] = takeWord();
  words[isLittleEndian ? 0 : 1] = takeWord();
}

function takeWord(): number {
  const from = at;
  at += 4;
  if (at > end) throw corrupted("it ends too early");
  return (
    ((bytes[from] ?? 0) << 24) |
    ((bytes[from + 1] ?? 0) << 16) |
    ((bytes[from + 2] ?? 0) << 8) |
    (bytes[from + 3] ?? 0)
  );
}

function readText(byteLength: number): string {
  if (byteLength <= LONGEST_RECURRING_TEXT) return readRecurring(byteLength);
  at += byteLength;
  if (at > end) throw corrupted("a text ends too early");
  return sliceText.call(bytes, at - byteLength, at);
}

/** A text that may have been read before: found by its bytes if so. */
function readRecurring(byteLength: number): string {
  const from = at;
  at += byteLength;
  if (at > end) throw corrupted("a text ends too early");
  if (byteLength === 0) return "";
  const first = bytes[from] ?? 0;
  const last = bytes[at - 1] ?? 0;
  const slot = (first * 31 + last * 7 + byteLength * 131) & (RECURRING_TEXTS - 1);
  const known = recurring[slot] ?? "";
  if (isTextAt(known, from, byteLength)) return known;
  return (recurring[slot] = sliceText.call(bytes, from, at));
}

/** Whether the bytes are this text. Never so for a text beyond ASCII, which is then simply made again. */
function isTextAt(text: string, from: number, byteLength: number): boolean {
  if (text.length !== byteLength) return false;
  for (let index = 0; index < byteLength; index++)
    if (text.charCodeAt(index) !== bytes[from + index]) return false;
  return true;
}

function readArray(length: number): unknown[] {
  if (length > end - at) throw corrupted("an array is longer than its bytes");
  const array: unknown[] = [];
  for (let index = 0; index < length; index++) array.push(read());
  return array;
}

function readRecord(length: number): object {
  if (length * 2 > end - at) throw corrupted("an object is longer than its bytes");
  const record: Record<string, unknown> = {};
  for (let index = 0; index < length; index++) {
    const key = readKey();
    if (key === "__proto__") throw corrupted("an object would change its prototype");
    record[key] = read();
  }
  return record;
}

function readKey(): string {
  const byte = take();
  if (byte === 0xd9) return readText(take());
  if (byte === 0xda) return readText(takeCount(2));
  if (byte >> 5 !== 5) throw corrupted("a key is no text");
  return readRecurring(byte & 0x1f);
}

interface ViewClass {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ArrayBufferView;
}

const viewClasses = viewNames.map((name): ViewClass | undefined => {
  const cls: unknown = Reflect.get(globalThis, name);
  return typeof cls === "function" ? (cls as unknown as ViewClass) : undefined; // The list names view classes only.
});

function readView(byteLength: number): ArrayBufferView {
  const from = at + VIEW_HEAD_BYTES - 3;
  if (take() !== VIEW_EXTENSION) throw corrupted("an extension is unknown");
  const index = take();
  const name = viewNames[index];
  const cls = viewClasses[index];
  const gap = take();
  at = from - 2 + byteLength;
  const length = (at - from - gap) / (cls?.BYTES_PER_ELEMENT ?? 1);
  if (cls === undefined || at > end || gap > 7 || !Number.isInteger(length) || length < 1)
    throw corrupted("a typed array does not fit its bytes");
  const memory = new ArrayBuffer(at - from);
  new Uint8Array(memory).set(bytes.subarray(from, at));
  return name === "Buffer" ? Buffer.from(memory, gap, length) : new cls(memory, gap, length);
}
