/**
 * Errors always travel: a failure that could not be reported would be worse than one that is reported less exactly.
 * An error of a builtin class, of one of Manta's, or of a class that can be shipped arrives as such, with its stack
 * verbatim, its cause and its own properties. When the class cannot be shipped, the nearest builtin class stands in
 * under the original name; a property that cannot be carried becomes a short text that says so.
 */
import { types } from "node:util";
import { errorClassByName, MantaError } from "../core/errors.ts";
import { builtinClassOf, builtinGetter, isNative, ownClass } from "./builtins.ts";
import { integrityOf } from "./integrity.ts";
import { HIDDEN } from "./paths.ts";
import { privateMembers } from "./functions/privates.ts";
import { HEIR_MARK, Kind, type Node } from "./wire.ts";
import type { GraphWriter } from "./write-graph.ts";
import { implicitAttributes, pushProperty } from "./write-properties.ts";

/** What an error leaves behind. */
export interface ErrorPlan {
  isClassLost: boolean;
  /** Properties that become a text, with what stood there. */
  readonly lost: Map<PropertyKey, string>;
}

/** Whether a value is an error that may lose its class or a property rather than fail. */
export function isDegradable(value: unknown): value is object {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  return isError(value) && ownClass(value) === undefined;
}

/** Errors by birth, by inheritance (`Object.create(Error.prototype)`), of any realm, and DOMException. */
export function isError(value: object): boolean {
  return types.isNativeError(value) || Error.prototype.isPrototypeOf(value);
}

const BRAND = "@mantajs/error/";

export function writeError(writer: GraphWriter, error: object): Node {
  const plan = writer.plan.get(error);
  const link: unknown = Object.getPrototypeOf(error);
  const base = baseOf(error);
  const isOwnClass = typeof link === "object" && link !== null && !isClassOf(link, base);
  const isClassLost = isOwnClass && (plan?.isClassLost === true || !isShippable(writer, link));
  const prototype = link === null ? null : isOwnClass && !isClassLost ? writer.reference(link, HIDDEN) : 0;
  const node: Node = [base.kind, prototype, integrityOf(error), ...base.head];
  if (isClassLost) pushName(writer, node, error, base.name);
  const implicit = implicitAttributes(node[2]);
  for (const key of Reflect.ownKeys(error)) {
    if (isKnownBrand(key)) continue;
    const property = propertyOf(error, key);
    if (property === undefined) continue;
    const lost = plan?.lost.get(key);
    pushProperty(writer, node, key, lost === undefined ? property : textInstead(property, lost), implicit);
  }
  return node;
}

interface Base {
  readonly kind: number;
  readonly name: string;
  readonly head: readonly unknown[];
}

/** The nearest class that every thread has. */
function baseOf(error: object): Base {
  if (error instanceof MantaError) {
    const name = mantaClassName(error);
    return { kind: Kind.mantaError, name, head: [name, error.code] };
  }
  if (isDomException(error)) {
    return {
      kind: Kind.domException,
      name: "DOMException",
      head: [error.message, error.name],
    };
  }
  for (const prototype of chainOf(error)) {
    const name = prototype === DOMException.prototype ? undefined : builtinClassOf(prototype);
    if (name?.endsWith("Error") === true) return { kind: Kind.error, name, head: [headOf(error, name)] };
  }
  return { kind: Kind.error, name: "Error", head: [headOf(error, "Error")] };
}

/** An object that has only inherited from the class is none when it arrives, either. */
function headOf(error: object, name: string): string {
  return types.isNativeError(error) ? name : HEIR_MARK + name;
}

function mantaClassName(error: object): string {
  for (const prototype of chainOf(error)) {
    const cls = ownClass(prototype);
    const name: unknown = cls && Object.getOwnPropertyDescriptor(cls, "className")?.value;
    if (typeof name === "string" && errorClassByName(name) !== undefined) return name;
  }
  return MantaError.className;
}

/** Whether `prototype` is that of the base itself: of this realm, another realm, or another copy of the package. */
function isClassOf(prototype: object, base: Base): boolean {
  if (base.kind === Kind.domException) return prototype === DOMException.prototype;
  if (base.kind === Kind.error) return builtinClassOf(prototype) === base.name;
  const cls = ownClass(prototype);
  return cls !== undefined && Object.getOwnPropertyDescriptor(cls, "className")?.value === base.name;
}

/** Whether the class itself can be taken along. What it captures shows only later; then the plan says so. */
function isShippable(writer: GraphWriter, prototype: object): boolean {
  const cls = ownClass(prototype);
  if (cls === undefined) return !types.isProxy(prototype);
  try {
    writer.dismantle(cls, undefined);
    return privateMembers(cls).length === 0;
  } catch {
    return false;
  }
}

function pushName(writer: GraphWriter, node: Node, error: object, baseName: string): void {
  if (Object.hasOwn(error, "name")) return;
  const name = nameOf(error);
  if (name === undefined || name === baseName) return;
  pushProperty(writer, node, "name", { value: name, writable: true, enumerable: false, configurable: true });
}

function nameOf(error: object): string | undefined {
  try {
    // May run the user's getter: it is the only place where such a class keeps its name.
    const name: unknown = Reflect.get(error, "name");
    return typeof name === "string" ? name : undefined;
  } catch {
    return undefined;
  }
}

/** A property as it is to travel. `stack` is an accessor in newer versions of V8, with the same meaning. */
function propertyOf(error: object, key: string | symbol): PropertyDescriptor | undefined {
  const property = Object.getOwnPropertyDescriptor(error, key);
  const getter: unknown = key === "stack" ? Reflect.get(property ?? {}, "get") : undefined;
  if (typeof getter !== "function" || !isNative(getter)) return property; // A getter of the user's is not run.
  const stack: unknown = Reflect.get(error, "stack");
  return { value: stack, writable: true, enumerable: false, configurable: true };
}

function textInstead(property: PropertyDescriptor, what: string): PropertyDescriptor {
  const enumerable = property.enumerable === true;
  return { value: `[not carried: ${what}]`, writable: true, enumerable, configurable: true };
}

/** Brands of Manta's own classes come with the class; those of the user's subclasses are properties like others. */
function isKnownBrand(key: string | symbol): boolean {
  const text = typeof key === "symbol" ? Symbol.keyFor(key) : undefined;
  return text?.startsWith(BRAND) === true && errorClassByName(text.slice(BRAND.length)) !== undefined;
}

const domExceptionName = builtinGetter(DOMException.prototype, "name");

function isDomException(error: object): error is DOMException {
  if (!DOMException.prototype.isPrototypeOf(error)) return false;
  try {
    // Throws for an object that only inherits from the prototype.
    return typeof domExceptionName(error) === "string";
  } catch {
    return false;
  }
}

function* chainOf(value: object): Generator<object> {
  for (
    let link: object | null = Object.getPrototypeOf(value);
    link !== null;
    link = Object.getPrototypeOf(link)
  ) {
    if (types.isProxy(link)) return;
    yield link;
  }
}
