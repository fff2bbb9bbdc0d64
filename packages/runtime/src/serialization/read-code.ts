/**
 * Makes what code has to make: functions and classes, prototypes of classes, and instances that reducers revive. The
 * order is that of a depth-first walk over the whole table with an explicit stack, data included, because code may
 * depend on code through data. Cycles are broken at functions: they take a captured value later.
 */
import { MantaError, SerializationError } from "../core/errors.ts";
import type { SourceCode } from "./functions/code.ts";
import { type FunctionCode, ImportReference, LATER } from "./functions/types.ts";
import { corrupted } from "./packer.ts";
import { closeFunction, noteClassState, updateClass } from "./read-class-updates.ts";
import { Cursor } from "./read-cursor.ts";
import type { GraphReader } from "./read-graph.ts";
import { adoptSerializer, reducerOf, type Serializer } from "./reducers.ts";
import { assembleFunction } from "./functions/assemble.ts";
import { classOf } from "./functions/identity.ts";
import { importedValue } from "./functions/imports.ts";
import { isReference, Kind, type Node } from "./wire.ts";

/** What code needs no walk for: classes that this thread has already, and instances revived from plain states. */
export function earlyCode(reader: GraphReader, node: Node): unknown {
  if (node[0] === Kind.function) return knownClass(reader, node) ?? LATER;
  if (node[0] === Kind.prototype) {
    const index = reader.indexOf(node[1]);
    const kind = reader.nodeAt(index)[0];
    if (kind !== Kind.function && kind !== Kind.import) throw corrupted("a prototype belongs to no class");
    const cls = reader.valueAt(index);
    return cls === LATER ? LATER : prototypeOf(cls);
  }
  if (node[0] === Kind.reduced && !isReference(node[2])) return revive(reader, node, reader.value(node[2]));
  return LATER;
}

function knownClass(reader: GraphReader, node: Node): Function | undefined {
  const code = node[1];
  if (!isClassCode(code)) return undefined;
  const cls = classOf(code.classId);
  if (cls !== undefined) reader.noteKnown(cls, code, node);
  return cls;
}

function isClassCode(code: unknown): code is SourceCode & { readonly classId: string } {
  return isFunctionCode(code) && typeof code.classId === "string";
}

/** The value of an import, which throws SerializationError when the module does not have it. */
export function importOf(node: Node): unknown {
  return importedValue(referenceOf(node));
}

/** The binding that an import node names. */
export function referenceOf(node: Node): ImportReference {
  const cursor = new Cursor(node, 1);
  return new ImportReference(cursor.string(), cursor.optionalString(), cursor.string());
}

/** Makes all code that `starts` lead to. */
export function makeCode(reader: GraphReader, starts: readonly unknown[]): void {
  const isSeen = new Uint8Array(reader.nodes.length);
  const stack: { readonly index: number; at: number }[] = [];
  const enter = (cell: unknown): boolean => {
    if (!isReference(cell)) return false;
    const index = reader.indexOf(cell);
    if (isSeen[index] === 1) return false;
    isSeen[index] = 1;
    if (!isWorthEntering(reader, index)) return false;
    stack.push({ index, at: 1 });
    return true;
  };
  const entered: number[] = [];
  let started = 0;
  for (;;) {
    const top = stack.at(-1);
    if (top === undefined) {
      if (started === starts.length) break;
      enter(starts[started++]);
      continue;
    }
    const node = reader.nodeAt(top.index);
    let isDeeper = false;
    while (!isDeeper && top.at < node.length) isDeeper = enter(node[top.at++]);
    if (isDeeper) continue;
    stack.pop();
    if (reader.valueAt(top.index) !== LATER) continue;
    entered.push(top.index);
    make(reader, top.index, node);
  }
  if (entered.some((index) => reader.valueAt(index) === LATER)) throw corrupted("a value depends on itself");
}

/** A function that is there already needs nothing of what it once captured. */
function isWorthEntering(reader: GraphReader, index: number): boolean {
  return reader.nodeAt(index)[0] !== Kind.function || reader.valueAt(index) === LATER;
}

function make(reader: GraphReader, index: number, node: Node): void {
  switch (node[0]) {
    case Kind.function:
      return makeFunction(reader, index, node);
    case Kind.prototype:
      return void reader.supply(node[1], (cls) => reader.settle(index, prototypeOf(cls)));
    case Kind.reduced:
      return reader.whenAllMade(codeWithin(reader, node), () =>
        reader.settle(index, revive(reader, node, reader.value(node[2]))),
      );
    case Kind.custom:
      return reader.whenAllMade(codeWithin(reader, node), () =>
        reader.settle(index, deserialize(reader, node, reader.value(node[2]))),
      );
    default:
      throw corrupted("a node of this kind cannot be made by code");
  }
}

/**
 * Code that the data below a reduced node still waits for. Unlike a function, `revive` cannot be given a part of its
 * state later.
 */
function codeWithin(reader: GraphReader, reduced: Node): readonly unknown[] {
  const unmade: unknown[] = [];
  const seen = new Set<number>();
  const data: Node[] = [reduced];
  for (let node = data.pop(); node !== undefined; node = data.pop()) {
    for (const cell of node) {
      if (!isReference(cell)) continue;
      const index = reader.indexOf(cell);
      if (seen.has(index)) continue;
      seen.add(index);
      if (reader.valueAt(index) === LATER) unmade.push(cell);
      else if (!isCode(reader.nodeAt(index)[0])) data.push(reader.nodeAt(index));
    }
  }
  return unmade;
}

function isCode(kind: unknown): boolean {
  return kind === Kind.function || kind === Kind.prototype || kind === Kind.reduced || kind === Kind.custom;
}

function makeFunction(reader: GraphReader, index: number, node: Node): void {
  const code = isReference(node[1]) ? reader.value(node[1]) : node[1];
  if (!isFunctionCode(code)) throw corrupted("a function has no code");
  const cells = node.slice(2);
  const values = cells.map((cell) => reader.value(cell));
  const isKnown = isClassCode(code) && classOf(code.classId) !== undefined;
  const assembled = runUserCode("a function could not be put together", () => assembleFunction(code, values));
  reader.settle(index, assembled.value);
  if (isClassCode(code)) (isKnown ? updateClass : noteClassState)(reader, assembled.value, code, node);
  closeFunction(reader, assembled.value, code);
  for (const [at, cell] of cells.entries()) {
    if (values[at] === LATER) reader.supply(cell, (value) => assembled.link(at, value));
  }
}

function isFunctionCode(code: unknown): code is FunctionCode {
  if (typeof code !== "object" || code === null) return false;
  const kind: unknown = Reflect.get(code, "kind");
  return (kind === "function" || kind === "class") && typeof Reflect.get(code, "source") === "string";
}

function prototypeOf(cls: unknown): object {
  const prototype: unknown = typeof cls === "function" ? cls.prototype : undefined;
  if (typeof prototype !== "object" || prototype === null) throw corrupted("a class has no prototype");
  return prototype;
}

function revive(reader: GraphReader, node: Node, state: unknown): object {
  const kind = new Cursor(node, 1).string();
  const reducer = reducerOf(kind);
  if (reducer === undefined)
    throw new SerializationError(
      "encoded value",
      `The value contains an instance of kind ${JSON.stringify(kind)}, which this thread has no reducer for. ` +
        "Register it here too (registerReducer), before the first value arrives.",
    );
  const held = typeof node[3] === "number" ? reader.tracked[node[3]] : undefined;
  if (held !== undefined && reducer.adopt !== undefined) return reducer.adopt(held);
  return runUserCode(`revive() of ${kind} threw`, () => reducer.revive(state));
}

function deserialize(reader: GraphReader, node: Node, state: unknown): object {
  const serializer = reader.value(node[1]);
  if (!isSerializer(serializer)) throw corrupted("a serializer cannot deserialize");
  const value: unknown = runUserCode("deserialize() threw", () => serializer.deserialize(state));
  if (typeof value !== "object" || value === null)
    throw new SerializationError(
      "encoded value",
      "deserialize() of a registered serializer returned no object",
    );
  adoptSerializer(value, serializer);
  return value;
}

function isSerializer(value: unknown): value is Serializer<object, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return typeof Reflect.get(value, "deserialize") === "function";
}

/** Code of the user that fails while a value is put together is not damage of the value. */
function runUserCode<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof MantaError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new SerializationError("encoded value", `${what}: ${message}`, { cause: error });
  }
}
