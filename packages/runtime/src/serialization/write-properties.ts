/**
 * The header and the tail that most nodes share: prototype, integrity, and own properties with their attributes, in
 * order. Getters are never run; they travel as functions.
 */
import { types } from "node:util";
import { builtinClassOf, classesOf } from "./builtins.ts";
import { integrityOf } from "./integrity.ts";
import { HIDDEN } from "./paths.ts";
import { hasNamedProperties, LISTED_ELEMENTS } from "./plain.ts";
import { Refused } from "./refused.ts";
import { isLibraryInternal } from "./functions/dismantle.ts";
import { privateMembers } from "./functions/privates.ts";
import { referenceTo } from "./functions/references.ts";
import { isWellFormed } from "./text.ts";
import { Attribute, Integrity, type Node } from "./wire.ts";
import type { GraphWriter } from "./write-graph.ts";

/** Begins a node: kind, prototype, integrity. `usual` names the class whose prototype the kind implies. */
export function header(writer: GraphWriter, kind: number, value: object, usual: string): Node {
  return [kind, prototypeCell(writer, value, usual), integrityOf(value)];
}

function prototypeCell(writer: GraphWriter, value: object, usual: string): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return null;
  // An object's prototype is an object or null.
  const link = prototype as object;
  if (isPrototypeOf(link, usual)) return 0;
  checkClasses(value, link);
  return writer.reference(link, HIDDEN);
}

/** Whether an object is the prototype of the class of this name, of this realm or of another. */
function isPrototypeOf(prototype: object, name: string): boolean {
  const cls: unknown = Reflect.get(globalThis, name);
  return (typeof cls === "function" && cls.prototype === prototype) || builtinClassOf(prototype) === name;
}

/** Prototypes whose instances can be copied. */
const harmless = new WeakSet<object>();

/** Refuses instances whose class keeps state where no copy can reach it. */
function checkClasses(value: object, prototype: object): void {
  if (types.isProxy(prototype) || harmless.has(prototype)) return;
  for (const cls of classesOf(value)) {
    const refusal = judge(cls);
    if (refusal !== undefined) {
      const [nearest] = classesOf(value);
      const kind = cls === nearest ? "" : ` (a kind of ${titleOf(cls)})`;
      throw new Refused({
        what: `an instance of ${titleOf(nearest)}${kind}, ${refusal}`,
        hint: INSTANCE_HINT,
      });
    }
  }
  harmless.add(prototype);
}

function titleOf(cls: Function | undefined): string {
  return cls === undefined || cls.name === "" ? "an anonymous class" : cls.name;
}

const INSTANCE_HINT =
  "Give its class a serializer (registerSerializer), send what is needed to create it, export it from a module of your own and import it, or keep it in an actor.";

/** Why instances of a class cannot be copied; `undefined` when they can. */
function judge(cls: Function): string | undefined {
  const hidden = privateMembers(cls);
  if (hidden.length > 0)
    return `which has private state (${hidden.join(", ")}) that cannot be read from outside`;
  const reference = referenceTo(cls);
  if (reference?.specifier.startsWith("node:") === true)
    return `which holds native or process-local state (${reference.specifier})`;
  if (reference === undefined && isLibraryInternal(cls))
    return "whose class is internal to a library, so that the other thread cannot import it";
  return undefined;
}

/** Appends all own properties of `value` but those that the kind implies. */
export function pushProperties(
  writer: GraphWriter,
  node: Node,
  value: object,
  isImplied?: (key: PropertyKey) => boolean,
): Node {
  const implicit = implicitAttributes(node[2]);
  for (const key of ownKeys(value)) {
    if (isImplied?.(key) === true) continue;
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property !== undefined) pushProperty(writer, node, key, property, implicit);
  }
  return node;
}

/** Appends one property. `implicit` are the attributes that the object's integrity takes away by itself. */
export function pushProperty(
  writer: GraphWriter,
  node: Node,
  key: string | symbol,
  property: PropertyDescriptor,
  implicit = 0,
): void {
  const attributes = attributesOf(property) | implicit;
  if ("value" in property) {
    if (attributes === Attribute.all && typeof key === "string" && isWellFormed(key)) {
      node.push(key, writer.cell(property.value, key));
    } else {
      node.push(attributes & Attribute.all, writer.cell(key, HIDDEN), writer.cell(property.value, key));
    }
    return;
  }
  const kept = attributes & (Attribute.enumerable | Attribute.configurable);
  // The functions themselves are the values here; none of them is called.
  const get: unknown = Reflect.get(property, "get");
  const set: unknown = Reflect.get(property, "set");
  const text = typeof key === "string" ? key : String(key);
  node.push(
    kept | Attribute.accessor,
    writer.cell(key, HIDDEN),
    writer.cell(get, { text: `get ${text}`, throughCode: true, ownKey: key }),
    writer.cell(set, { text: `set ${text}`, throughCode: true, ownKey: key }),
  );
}

function attributesOf(property: PropertyDescriptor): number {
  return (
    (property.writable === true ? Attribute.writable : 0) |
    (property.enumerable === true ? Attribute.enumerable : 0) |
    (property.configurable === true ? Attribute.configurable : 0)
  );
}

/** The attributes that an integrity implies, which need no mention. */
export function implicitAttributes(integrity: unknown): number {
  if (integrity === Integrity.frozen) return Attribute.writable | Attribute.configurable;
  return integrity === Integrity.sealed ? Attribute.configurable : 0;
}

function ownKeys(value: object): readonly (string | symbol)[] {
  const symbols = Object.getOwnPropertySymbols(value);
  if (types.isTypedArray(value) && value.length > LISTED_ELEMENTS && !hasNamedProperties(value))
    return symbols;
  const names = Object.getOwnPropertyNames(value);
  return symbols.length === 0 ? names : [...names, ...symbols];
}
