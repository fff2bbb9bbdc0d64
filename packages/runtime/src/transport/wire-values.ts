/** Values inside of messages: as they are when they are nothing but bytes, packed otherwise. */
import { Packr } from "msgpackr/pack";

import type { WireArguments, WireValue } from "./protocol.ts";
import { append, copyOf } from "./scratch.ts";

/** Plain maps instead of records: messages are of many shapes. */
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: false, copyBuffers: true });

const NOTHING: readonly never[] = Object.freeze([]);

/** Flag: the bytes of one value without large buffers or references. */
export const SIMPLE = 1;

export const pack = (thing: unknown): Uint8Array => packr.pack(thing);

export function argumentsFrom(bytes: Buffer, start: number, end: number, flags: number): WireArguments {
  if ((flags & SIMPLE) !== 0) return { values: valueFrom(bytes, start, end), slots: NOTHING };
  return unpack(bytes, start, end) as WireArguments; // the other end packed one
}

/** Values of one byte (small numbers, true, null, no arguments) are so common that they share their bytes. */
const singles = Array.from({ length: 256 }, (_, byte): WireValue => ({
  b: Uint8Array.of(byte),
  s: NOTHING,
  r: NOTHING,
}));

export function valueFrom(bytes: Buffer, start: number, end: number): WireValue {
  if (end - start === 1) {
    const single = singles[bytes[start] ?? 0];
    if (single !== undefined) return single;
  }
  return { b: copyOf(bytes, start, end), s: NOTHING, r: NOTHING };
}

/** On a copy: looking for strings, msgpackr would search all of the ring. */
export const unpack = (bytes: Buffer, start: number, end: number): unknown =>
  packr.unpack(copyOf(bytes, start, end));

type SimpleValue = WireValue & { readonly b: Uint8Array };
type SimpleArguments = WireArguments & { readonly values: SimpleValue };

export const isSimple = (value: WireValue): value is SimpleValue =>
  value.s.length === 0 && value.r.length === 0 && value.b instanceof Uint8Array;

export const isSimpleArguments = (args: WireArguments): args is SimpleArguments =>
  args.slots.length === 0 && isSimple(args.values);

/** Appends arguments, in one form or the other. */
export const appendArguments = (at: number, args: WireArguments): number =>
  append(at, isSimpleArguments(args) ? args.values.b : packr.pack(args));
