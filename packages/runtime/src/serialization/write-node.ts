/**
 * One value to one node, by what kind of thing it is. The order of the questions matters: the common cases first,
 * then what the user or the runtime registered, then kinds by internal slot (which no prototype can fake), then
 * refusals, and plain instances last.
 */
import { types } from "node:util";
import { builtinGetter, ownClass } from "./builtins.ts";
import { BindingCell, ImportReference } from "./functions/types.ts";
import { integrityOf } from "./integrity.ts";
import { HIDDEN, mapValueStep } from "./paths.ts";
import { hasOnlyElements } from "./plain.ts";
import { registeredAncestor, registrationFor, type Registration } from "./reducers.ts";
import { refusalOf, refusalOfProxies } from "./refusals.ts";
import { Refused } from "./refused.ts";
import { referenceTo } from "./functions/references.ts";
import { symbolParts } from "./symbols.ts";
import { Integrity, Kind, type Node } from "./wire.ts";
import { Store, writeArrayBuffer, writeSharedBuffer, writeStore, writeView } from "./write-buffers.ts";
import { writeBinding, writeFunction, writeImport, writePrototype, writeRegistered } from "./write-code.ts";
import { isError, writeError } from "./write-error.ts";
import type { GraphWriter } from "./write-graph.ts";
import { header, pushProperties } from "./write-properties.ts";
import { writeUrl } from "./write-url.ts";

/** Makes the node of an object, function or symbol. Throws `Refused` when there is none. */
export function writeNode(writer: GraphWriter, value: unknown): Node {
  if (typeof value === "symbol") return [Kind.symbol, ...symbolCells(writer, value)];
  if ((typeof value !== "object" || value === null) && typeof value !== "function")
    throw new TypeError("only objects have nodes");
  if (types.isProxy(value)) return refuse(value);
  if (typeof value === "function") return writeFunction(writer, value);
  if (Store.is(value)) return writeStore(value);
  if (ImportReference.is(value)) return writeImport(writer, value);
  return BindingCell.is(value) ? writeBinding(writer, value) : writeObject(writer, value);
}

function writeObject(writer: GraphWriter, value: object): Node {
  const cls = ownClass(value);
  if (cls !== undefined) return writeReferenced(writer, value) ?? writePrototype(writer, cls);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    if (prototype === Array.prototype) return writeArray(writer, value);
  } else if (prototype === Object.prototype && !types.isArgumentsObject(value)) {
    return writeReferenced(writer, value) ?? writePlainObject(writer, value);
  }
  // From here on questions go up the chain of prototypes.
  const proxied = refusalOfProxies(value);
  if (proxied !== undefined) throw new Refused(proxied);
  return (
    writeRegisteredClass(writer, value, prototype) ??
    (isError(value) ? writeError(writer, value) : undefined) ??
    writeSlots(writer, value) ??
    writeReferenced(writer, value) ??
    writeInstance(writer, value)
  );
}

function symbolCells(writer: GraphWriter, symbol: symbol): unknown[] {
  const [form, text, description] = symbolParts(symbol);
  return [form, writer.cell(text, HIDDEN), writer.cell(description, HIDDEN)];
}

function writePlainObject(writer: GraphWriter, value: object): Node {
  if (Object.isExtensible(value)) return pushProperties(writer, [Kind.object], value);
  return pushProperties(writer, header(writer, Kind.instance, value, "Object"), value);
}

function writeArray(writer: GraphWriter, array: readonly unknown[]): Node {
  if (Object.getPrototypeOf(array) === Array.prototype && hasOnlyElements(array))
    return pushElements(writer, [Kind.array], array, array.length);
  const count = countLeadingElements(array);
  const node = header(writer, Kind.list, array, "Array");
  node.push(array.length, count);
  pushElements(writer, node, array, count);
  return pushProperties(writer, node, array, (key) => key === "length" || isIndexBelow(key, count));
}

function pushElements(writer: GraphWriter, node: Node, array: readonly unknown[], count: number): Node {
  for (let index = 0; index < count; index++) node.push(writer.cell(array[index], index));
  return node;
}

/** How many elements from the first are ordinary: no hole, no accessor, no other attributes than the array gives them. */
function countLeadingElements(array: readonly unknown[]): number {
  const isFrozen = integrityOf(array) === Integrity.frozen;
  for (let index = 0; index < array.length; index++) {
    const property = Object.getOwnPropertyDescriptor(array, index);
    if (property === undefined || !("value" in property) || property.enumerable !== true) return index;
    if (!isFrozen && (property.writable !== true || property.configurable !== true)) return index;
  }
  return array.length;
}

function isIndexBelow(key: PropertyKey, count: number): boolean {
  return typeof key === "string" && /^\d+$/.test(key) && Number(key) < count;
}

function writeRegisteredClass(writer: GraphWriter, value: object, prototype: unknown): Node | undefined {
  if (typeof prototype !== "object" || prototype === null) return undefined;
  const registration = registrationFor(prototype);
  if (isError(value)) return registration && writeRegisteredError(writer, value, registration);
  if (registration !== undefined) return writeRegistered(writer, value, registration);
  const ancestor = registeredAncestor(prototype);
  if (ancestor === undefined) return undefined;
  const base = (ancestor.type === "reducer" ? ancestor.reducer.class : ancestor.class).name;
  const name = ownClass(prototype)?.name ?? "a subclass";
  throw new Refused({
    what: `an instance of ${name}, a subclass of ${base}, which has a serializer of its own`,
    hint: `Call registerSerializer(${name}, …) as well: a serializer stands for exactly one class.`,
  });
}

/** An error whose serializer fails travels as any other error. */
function writeRegisteredError(
  writer: GraphWriter,
  error: object,
  registration: Registration,
): Node | undefined {
  if (writer.plan.get(error)?.isClassLost === true) return undefined;
  try {
    return writeRegistered(writer, error, registration);
  } catch (failure) {
    if (failure instanceof Refused) return undefined;
    throw failure;
  }
}

/** Objects with internal slots, whatever their prototype says. */
function writeSlots(writer: GraphWriter, value: object): Node | undefined {
  if (Array.isArray(value)) return writeArray(writer, value);
  if (types.isMap(value)) return writeMap(writer, value);
  if (types.isSet(value)) return writeSet(writer, value);
  if (types.isDate(value)) {
    const node = header(writer, Kind.date, value, "Date");
    node.push(Date.prototype.getTime.call(value));
    return pushProperties(writer, node, value);
  }
  if (types.isRegExp(value)) return writeRegExp(writer, value);
  if (ArrayBuffer.isView(value)) return writeView(writer, value);
  if (types.isSharedArrayBuffer(value)) return writeSharedBuffer(writer, value);
  if (types.isArrayBuffer(value)) return writeArrayBuffer(writer, value);
  if (types.isBoxedPrimitive(value)) return writeBoxed(writer, value);
  if (types.isArgumentsObject(value)) return writeArguments(writer, value);
  return writeUrl(writer, value);
}

function writeMap(writer: GraphWriter, map: ReadonlyMap<unknown, unknown>): Node {
  const node = header(writer, Kind.map, map, "Map");
  const at = node.push(0) - 1;
  let size = 0;
  // Not the map's own iteration, which a subclass may have overridden.
  Map.prototype.forEach.call(map, (value: unknown, key: unknown) => {
    node.push(writer.cell(key, { text: ` (key ${size})` }), writer.cell(value, mapValueStep(key, size)));
    size++;
  });
  node[at] = size;
  return pushProperties(writer, node, map);
}

function writeSet(writer: GraphWriter, set: ReadonlySet<unknown>): Node {
  const node = header(writer, Kind.set, set, "Set");
  const at = node.push(0) - 1;
  let size = 0;
  Set.prototype.forEach.call(set, (value: unknown) => {
    node.push(writer.cell(value, { text: ` (element ${size})` }));
    size++;
  });
  node[at] = size;
  return pushProperties(writer, node, set);
}

const sourceOf = builtinGetter(RegExp.prototype, "source");
const flagsOf = builtinGetter(RegExp.prototype, "flags");

function writeRegExp(writer: GraphWriter, regexp: RegExp): Node {
  const node = header(writer, Kind.regexp, regexp, "RegExp");
  node.push(writer.cell(sourceOf(regexp), HIDDEN), writer.cell(flagsOf(regexp), HIDDEN));
  const lastIndex = Object.getOwnPropertyDescriptor(regexp, "lastIndex");
  const isFresh = lastIndex?.value === 0 && (lastIndex.writable === true || Object.isFrozen(regexp));
  return pushProperties(writer, node, regexp, (key) => isFresh && key === "lastIndex");
}

function writeBoxed(writer: GraphWriter, boxed: object): Node {
  const { name, primitive } = unbox(boxed);
  const node = header(writer, Kind.boxed, boxed, name);
  node.push(writer.cell(primitive, HIDDEN));
  const length = typeof primitive === "string" ? primitive.length : -1;
  return pushProperties(
    writer,
    node,
    boxed,
    (key) => length >= 0 && (key === "length" || isIndexBelow(key, length)),
  );
}

function unbox(boxed: object): { name: string; primitive: unknown } {
  if (types.isNumberObject(boxed)) return { name: "Number", primitive: Number.prototype.valueOf.call(boxed) };
  if (types.isStringObject(boxed)) return { name: "String", primitive: String.prototype.valueOf.call(boxed) };
  if (types.isBooleanObject(boxed))
    return { name: "Boolean", primitive: Boolean.prototype.valueOf.call(boxed) };
  if (types.isBigIntObject(boxed)) return { name: "BigInt", primitive: BigInt.prototype.valueOf.call(boxed) };
  return { name: "Symbol", primitive: Symbol.prototype.valueOf.call(boxed) };
}

function writeArguments(writer: GraphWriter, list: object): Node {
  const node = header(writer, Kind.arguments, list, "Object");
  const items = leadingElements(list);
  const count = items.length;
  node.push(count);
  pushElements(writer, node, items, count);
  return pushProperties(
    writer,
    node,
    list,
    (key) =>
      key === "callee" ||
      isIndexBelow(key, count) ||
      (key === "length" && isUsual(list, key, count)) ||
      (key === Symbol.iterator && isUsual(list, key, Array.prototype.values)),
  );
}

/** The first elements, up to one that is not there or not ordinary. */
function leadingElements(list: object): unknown[] {
  const items: unknown[] = [];
  for (;;) {
    const item = Object.getOwnPropertyDescriptor(list, items.length);
    if (item?.writable !== true || item.enumerable !== true || item.configurable !== true) return items;
    items.push(item.value);
  }
}

/** Whether a hidden property is as every `arguments` object has it. */
function isUsual(list: object, key: PropertyKey, value: unknown): boolean {
  const property = Object.getOwnPropertyDescriptor(list, key);
  const { writable, enumerable, configurable } = property ?? {};
  return property?.value === value && writable === true && enumerable === false && configurable === true;
}

/** What every thread has by a name of its own: Math, process.env, built-in prototypes, module namespaces. */
function writeReferenced(writer: GraphWriter, value: object): Node | undefined {
  const reference = referenceTo(value);
  return reference && writeImport(writer, reference);
}

function writeInstance(writer: GraphWriter, value: object): Node {
  const refusal = refusalOf(value);
  if (refusal !== undefined) throw new Refused(refusal);
  return pushProperties(writer, header(writer, Kind.instance, value, "Object"), value);
}

function refuse(value: object): never {
  throw new Refused(refusalOf(value) ?? { what: "a Proxy", hint: "" });
}
