/**
 * Makes the empty object of a node: everything that it cannot be given later. Asks for other shells only where the
 * layout bounds how deep that goes (a view for its store, search parameters for their URL).
 */
import { allocateError, errorClassByName, MantaError, type MantaErrorCode } from "../core/errors.ts";
import { BindingCell, LATER } from "./functions/types.ts";
import { corrupted } from "./packer.ts";
import { makeArrayBuffer, makeSharedBuffer, makeStore, makeView } from "./read-buffers.ts";
import { earlyCode, importOf } from "./read-code.ts";
import { Cursor } from "./read-cursor.ts";
import type { GraphReader } from "./read-graph.ts";
import {
  applyHeader,
  HEADER_LENGTH,
  inheritLater,
  noteIntegrity,
  readyPrototype,
} from "./read-properties.ts";
import { symbolFrom } from "./symbols.ts";
import { HEIR_MARK, isReference, Kind, type Node } from "./wire.ts";

/** The shell of a node, or `LATER` for what code has to make. */
export function makeShell(reader: GraphReader, node: Node): unknown {
  switch (node[0]) {
    case Kind.object:
      return {};
    case Kind.array:
      return [];
    case Kind.symbol: {
      const cursor = new Cursor(node, 1);
      const form = cursor.number();
      return symbolFrom(form, cursor.string(), cursor.optionalString());
    }
    case Kind.import:
      return importOf(node);
    case Kind.binding:
      return new BindingCell();
    case Kind.store:
      return makeStore(reader, node);
    case Kind.instance:
      return makeInstance(reader, node);
    case Kind.function:
    case Kind.prototype:
    case Kind.reduced:
    case Kind.custom:
      return earlyCode(reader, node);
    default:
      return applyHeader(reader, node, makeSlots(reader, node, new Cursor(node, HEADER_LENGTH)));
  }
}

function makeInstance(reader: GraphReader, node: Node): object {
  const prototype = readyPrototype(reader, node);
  // An object that is born with its prototype stays fast.
  const shell: object = prototype === undefined || prototype === LATER ? {} : Object.create(prototype);
  if (prototype === LATER) inheritLater(reader, node, shell);
  noteIntegrity(reader, node, shell);
  return shell;
}

/** Objects with internal slots. */
function makeSlots(reader: GraphReader, node: Node, cursor: Cursor): object {
  switch (node[0]) {
    case Kind.list:
      return [];
    case Kind.map:
      return new Map();
    case Kind.set:
      return new Set();
    case Kind.date:
      return new Date(cursor.number());
    case Kind.regexp:
      return new RegExp(cursor.string(), cursor.string());
    case Kind.boxed:
      return makeBoxed(reader.value(cursor.next()));
    case Kind.error:
      return strip(makeBuiltinError(cursor.string()));
    case Kind.mantaError:
      return strip(makeMantaError(cursor.string(), cursor.string()));
    case Kind.domException:
      return strip(new DOMException(cursor.string(), cursor.string()));
    case Kind.arguments:
      return makeArguments(cursor.count(cursor.left));
    case Kind.url:
      return new URL(cursor.string());
    case Kind.searchParams:
      return makeSearchParams(reader, cursor);
    case Kind.arrayBuffer:
      return makeArrayBuffer(reader, cursor);
    case Kind.sharedBuffer:
      return makeSharedBuffer(reader, cursor);
    case Kind.view:
      return makeView(reader, cursor);
    default:
      throw corrupted("a node is of an unknown kind");
  }
}

function makeBoxed(primitive: unknown): object {
  if (
    primitive === undefined ||
    primitive === null ||
    typeof primitive === "object" ||
    typeof primitive === "function"
  )
    throw corrupted("a boxed primitive is no primitive");
  return Object(primitive) as object; // Object() boxes every primitive.
}

const errorClasses = new Map<string, ErrorConstructor>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((cls) => [
    cls.name,
    cls,
  ]),
);

function makeBuiltinError(name: string): Error {
  if (name.startsWith(HEIR_MARK))
    return Object.create(
      Object.getPrototypeOf(makeBuiltinError(name.slice(HEIR_MARK.length))) as Error,
    ) as Error;
  if (name === "AggregateError") return withoutTrace(() => new AggregateError([]));
  const cls = errorClasses.get(name);
  if (cls === undefined) throw corrupted(`there is no builtin error ${JSON.stringify(name)}`);
  return withoutTrace(() => new cls());
}

/** A class that this version does not know arrives as its base class, under its own name and code. */
function makeMantaError(name: string, code: string): Error {
  const cls = errorClassByName(name) ?? errorClassByName(MantaError.className);
  if (cls === undefined) throw corrupted("MantaError is not a known class");
  return withoutTrace(() => allocateError(cls, code as MantaErrorCode)); // The code of another version may be new here.
}

/** The stack of the origin replaces this one, so it is not worth taking. */
function withoutTrace<T>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Removes what the constructor defined, so that the origin's properties come in the origin's order. */
function strip(error: object): object {
  for (const key of Object.getOwnPropertyNames(error)) Reflect.deleteProperty(error, key);
  return error;
}

function makeArguments(count: number): object {
  return (function (..._items: readonly undefined[]) {
    // oxlint-disable-next-line prefer-rest-params -- the arguments object itself is the value.
    return arguments;
  })(...Array.from({ length: count }, () => undefined));
}

function makeSearchParams(reader: GraphReader, cursor: Cursor): object {
  const entry = cursor.next();
  if (!isReference(entry)) return new URLSearchParams(new Cursor([entry], 0).string());
  reader.nodeOf(entry, Kind.url);
  const url = reader.value(entry);
  if (!(url instanceof URL)) throw corrupted("search parameters belong to no URL");
  return url.searchParams;
}
