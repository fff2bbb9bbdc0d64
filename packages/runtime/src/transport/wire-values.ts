/** Values inside of messages: as they are when they are nothing but bytes, as plain data otherwise. */
import { NOTHING } from "../core/nothing.ts";
import { appendData, readData } from "./plain-data.ts";
import type { WireArguments, WireValue } from "./protocol.ts";
import { append, copyOf } from "./scratch.ts";

/** Flag: the bytes of one value without large buffers or references. */
export const SIMPLE = 1;

export function argumentsFrom(bytes: Buffer, start: number, end: number, flags: number): WireArguments {
  if ((flags & SIMPLE) !== 0) return { values: valueFrom(bytes, start, end), slots: NOTHING };
  return readData(bytes, start) as WireArguments; // the other end wrote one
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

type SimpleValue = WireValue & { readonly b: Uint8Array };
type SimpleArguments = WireArguments & { readonly values: SimpleValue };

export const isSimple = (value: WireValue): value is SimpleValue =>
  value.s.length === 0 && value.r.length === 0 && value.b instanceof Uint8Array;

export const isSimpleArguments = (args: WireArguments): args is SimpleArguments =>
  args.slots.length === 0 && isSimple(args.values);

/** Appends arguments, in one form or the other. */
export const appendArguments = (at: number, args: WireArguments): number =>
  isSimpleArguments(args) ? append(at, args.values.b) : appendData(at, args);
