/**
 * Messages to bytes and back. The messages that carry the work (calls, tasks, results) have layouts of their own, a
 * few bytes in front of the value; all others are packed as plain data.
 *
 *   actor.call   1, flags, method u16, address u32, count u32 u16, depth u16, [numReturns u16], [retries i32], args
 *   task.push    2, flags, template u32, place i32, count u32 u16, [retries i32], args
 *   task.done    3, flags, count u32 u16, tookUs u32, value
 *   anything     0, msgpack
 *
 * `args` and `value` are the bytes of one value without large buffers or references, or msgpack of the whole.
 */
import { Packr } from "msgpackr/pack";

import type { Message } from "./channel.ts";
import type { PeerToPeer, WireArguments, WireOutcome, WireValue } from "./protocol.ts";

/** Plain maps instead of records: messages are of many shapes. */
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: false, copyBuffers: true });

const Form = { packed: 0, call: 1, push: 2, done: 3 } as const;

const SIMPLE = 1;
const RETRY_EXCEPTIONS = 2;
const HAS_RETURNS = 4;
const HAS_RETRIES = 8;

const SCRATCH_BYTES = 128 * 1024;

/** Where the last message was encoded: one for the thread, used again for the next. */
export const scratch: { bytes: Buffer } = { bytes: Buffer.allocUnsafeSlow(SCRATCH_BYTES) };

type Call = Extract<PeerToPeer, { t: "actor.call" }>;
type Push = Extract<PeerToPeer, { t: "task.push" }>;
type Done = Extract<PeerToPeer, { t: "task.done" }>;

/** Encodes into {@link scratch}; returns the length. */
export function encodeMessage(message: Message): number {
  switch (message.t) {
    // The discriminant names the type; only peers send these.
    case "actor.call":
      return encodeCall(message as Call);
    case "task.push":
      return encodePush(message as Push);
    case "task.done":
      return encodeDone(message as Done);
    default: {
      const end = append(1, packr.pack(message));
      scratch.bytes[0] = Form.packed;
      return end;
    }
  }
}

export function decodeMessage(bytes: Buffer, start: number, end: number): Message {
  switch (bytes[start]) {
    case Form.call:
      return decodeCall(bytes, start, end);
    case Form.push:
      return decodePush(bytes, start, end);
    case Form.done:
      return decodeDone(bytes, start, end);
    default:
      return unpack(bytes, start + 1, end) as Message; // the other end packed one
  }
}

function encodeCall(message: Call): number {
  const { bytes } = scratch;
  const { args, numReturns, retries } = message;
  const simple = isSimpleArguments(args);
  bytes[0] = Form.call;
  bytes[1] =
    (simple ? SIMPLE : 0) |
    (message.retryExceptions ? RETRY_EXCEPTIONS : 0) |
    (numReturns === 1 ? 0 : HAS_RETURNS) |
    (retries === 0 ? 0 : HAS_RETRIES);
  put16(bytes, 2, message.method);
  put32(bytes, 4, message.address);
  putCount(bytes, 8, message.count);
  put16(bytes, 14, message.depth);
  let at = 16;
  if (numReturns !== 1) at = put32(bytes, at, numReturns);
  if (retries !== 0) at = put32(bytes, at, retries);
  return simple ? append(at, args.values.b) : append(at, packr.pack(args));
}

function decodeCall(bytes: Buffer, start: number, end: number): Call {
  const flags = bytes[start + 1] ?? 0;
  let at = start + 16;
  const numReturns = (flags & HAS_RETURNS) === 0 ? 1 : get32(bytes, at);
  if (numReturns !== 1) at += 4;
  const retries = (flags & HAS_RETRIES) === 0 ? 0 : get32(bytes, at) | 0;
  if (retries !== 0) at += 4;
  return {
    t: "actor.call",
    count: getCount(bytes, start + 8),
    address: get32(bytes, start + 4),
    method: get16(bytes, start + 2),
    depth: get16(bytes, start + 14),
    numReturns,
    retries,
    retryExceptions: (flags & RETRY_EXCEPTIONS) !== 0,
    args: argumentsFrom(bytes, at, end, flags),
  };
}

function encodePush(message: Push): number {
  const { bytes } = scratch;
  const { args, retries } = message;
  const simple = isSimpleArguments(args);
  bytes[0] = Form.push;
  bytes[1] = (simple ? SIMPLE : 0) | (retries === 0 ? 0 : HAS_RETRIES);
  put32(bytes, 2, message.template);
  put32(bytes, 6, message.place);
  putCount(bytes, 10, message.count);
  let at = 16;
  if (retries !== 0) at = put32(bytes, at, retries);
  return simple ? append(at, args.values.b) : append(at, packr.pack(args));
}

function decodePush(bytes: Buffer, start: number, end: number): Push {
  const flags = bytes[start + 1] ?? 0;
  let at = start + 16;
  const retries = (flags & HAS_RETRIES) === 0 ? 0 : get32(bytes, at) | 0;
  if (retries !== 0) at += 4;
  return {
    t: "task.push",
    count: getCount(bytes, start + 10),
    template: get32(bytes, start + 2),
    place: get32(bytes, start + 6) | 0,
    retries,
    args: argumentsFrom(bytes, at, end, flags),
  };
}

function encodeDone(message: Done): number {
  const { bytes } = scratch;
  const { outcome } = message;
  const only = outcome.ok && outcome.values.length === 1 ? outcome.values[0] : undefined;
  const simple = only !== undefined && isSimple(only);
  bytes[0] = Form.done;
  bytes[1] = simple ? SIMPLE : 0;
  putCount(bytes, 2, message.count);
  put32(bytes, 8, Math.min(message.tookUs, MAX_32));
  return simple ? append(12, only.b) : append(12, packr.pack(outcome));
}

function decodeDone(bytes: Buffer, start: number, end: number): Done {
  const simple = ((bytes[start + 1] ?? 0) & SIMPLE) !== 0;
  const outcome: WireOutcome = simple
    ? { ok: true, values: [valueFrom(bytes, start + 12, end)] }
    : (unpack(bytes, start + 12, end) as WireOutcome); // the other end packed one
  const tookUs = get32(bytes, start + 8);
  return { t: "task.done", count: getCount(bytes, start + 2), tookUs, outcome };
}

type SimpleValue = WireValue & { readonly b: Uint8Array };
type SimpleArguments = WireArguments & { readonly values: SimpleValue };

const isSimple = (value: WireValue): value is SimpleValue =>
  value.s.length === 0 && value.r.length === 0 && value.b instanceof Uint8Array;

const isSimpleArguments = (args: WireArguments): args is SimpleArguments =>
  args.slots.length === 0 && isSimple(args.values);

const NOTHING: readonly never[] = Object.freeze([]);

function argumentsFrom(bytes: Buffer, start: number, end: number, flags: number): WireArguments {
  if ((flags & SIMPLE) !== 0) return { values: valueFrom(bytes, start, end), slots: NOTHING };
  return unpack(bytes, start, end) as WireArguments; // the other end packed one
}

/** Values of one byte (small numbers, true, null, no arguments) are so common that they share their bytes. */
const singles = Array.from({ length: 256 }, (_, byte): WireValue => ({
  b: Uint8Array.of(byte),
  s: NOTHING,
  r: NOTHING,
}));

function valueFrom(bytes: Buffer, start: number, end: number): WireValue {
  if (end - start === 1) {
    const single = singles[bytes[start] ?? 0];
    if (single !== undefined) return single;
  }
  return { b: copyOf(bytes, start, end), s: NOTHING, r: NOTHING };
}

function copyOf(bytes: Buffer, start: number, end: number): Uint8Array {
  const copy = Buffer.allocUnsafe(end - start);
  if (end - start > 64) bytes.copy(copy, 0, start, end);
  else for (let i = start; i < end; i++) copy[i - start] = bytes[i] ?? 0; // cheaper than a call
  return copy;
}

/** On a copy: looking for strings, msgpackr would search all of the ring. */
const unpack = (bytes: Buffer, start: number, end: number): unknown =>
  packr.unpack(copyOf(bytes, start, end));

function append(at: number, source: Uint8Array): number {
  const { length } = source;
  const end = at + length;
  if (end > scratch.bytes.length) {
    const larger = Buffer.allocUnsafeSlow(2 * end);
    larger.set(scratch.bytes.subarray(0, at));
    scratch.bytes = larger;
  }
  const { bytes } = scratch;
  if (length > 64) bytes.set(source, at);
  else for (let i = 0; i < length; i++) bytes[at + i] = source[i] ?? 0; // cheaper than a call
  return end;
}

function put16(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

function put32(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}

const get16 = (bytes: Buffer, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

const get32 = (bytes: Buffer, at: number): number =>
  ((bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)) >>>
  0;

const TWO_32 = 2 ** 32;
const MAX_32 = TWO_32 - 1;

/** Counts have 48 bits: at a million a second they last for nine years. */
function putCount(bytes: Buffer, at: number, count: number): void {
  put32(bytes, at, count >>> 0);
  put16(bytes, at + 4, Math.floor(count / TWO_32));
}

const getCount = (bytes: Buffer, at: number): number =>
  get32(bytes, at) + (bytes[at + 4] === 0 && bytes[at + 5] === 0 ? 0 : get16(bytes, at + 4) * TWO_32);
