/**
 * Messages to bytes and back. The messages that carry the work (calls, tasks, results) have layouts of their own, a
 * few bytes in front of the value, and so have those that an actor costs; all others are plain data.
 *
 *   actor.call   1, flags, method u16, address u32, count u32 u16, depth u16, [numReturns u16], [retries i32], args
 *   task.push    2, flags, template u32, place i32, count u32 u16, [retries i32], args
 *   task.done    3, flags, count u32 u16, tookUs u32, value
 *   actor.*      4 to 13, see actor-frames.ts
 *   anything     0, plain data, see plain-data.ts
 *
 * `args` and `value` are the bytes of one value without large buffers or references, or the whole as plain data.
 */
import { decodeActorFrame, encodeActorFrame } from "./actor-frames.ts";
import type { Message } from "./channel.ts";
import { appendData, readData } from "./plain-data.ts";
import type { PeerToPeer, WireOutcome } from "./protocol.ts";
import { append, get16, get32, getCount, MAX_32, put16, put32, putCount, scratch } from "./scratch.ts";
import {
  appendArguments,
  argumentsFrom,
  isSimple,
  isSimpleArguments,
  SIMPLE,
  valueFrom,
} from "./wire-values.ts";

const Form = { plain: 0, call: 1, push: 2, done: 3 } as const;

const RETRY_EXCEPTIONS = 2;
const HAS_RETURNS = 4;
const HAS_RETRIES = 8;

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
      const length = encodeActorFrame(message);
      if (length > 0) return length;
      scratch.bytes[0] = Form.plain;
      return appendData(1, message);
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
    case Form.plain:
      return readData(bytes, start + 1) as Message; // the other end wrote one
    default:
      return decodeActorFrame(bytes, start, end);
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
  return appendArguments(at, args);
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
  return appendArguments(at, args);
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
  return simple ? append(12, only.b) : appendData(12, outcome);
}

function decodeDone(bytes: Buffer, start: number, end: number): Done {
  const simple = ((bytes[start + 1] ?? 0) & SIMPLE) !== 0;
  const outcome: WireOutcome = simple
    ? { ok: true, values: [valueFrom(bytes, start + 12, end)] }
    : (readData(bytes, start + 12) as WireOutcome); // the other end wrote one
  const tookUs = get32(bytes, start + 8);
  return { t: "task.done", count: getCount(bytes, start + 2), tookUs, outcome };
}
