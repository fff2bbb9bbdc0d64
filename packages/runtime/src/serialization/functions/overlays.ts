/**
 * What a function or class carries beside its source: own properties, static fields, members that were patched or
 * decorated after the definition, a changed prototype. The source makes its own members again on the other side, so
 * only the difference travels.
 */
import { builtinClassOf, isNative, ownClass } from "../builtins.ts";
import type { Overlay, SourceCode } from "./code.ts";
import type { Capturing } from "./capturing.ts";
import type { ClassMember, FunctionShape } from "./parse.ts";
import { attributesOverlay, closedParts, hasAttributes, overlayOf } from "./own-properties.ts";
import type { FunctionValue } from "./types.ts";

type Carried = Pick<SourceCode, "overlays" | "removed" | "prototypeBase" | "ownPrototype" | "closed">;

/** Compares a live function with what its source makes, and adds the values of the difference. */
export function carryProperties(fn: Function, shape: FunctionShape, into: Capturing): Carried {
  const members = shape.class?.members ?? [];
  const overlays = [...overlay(fn, "function", fn, shape, into)];
  const removed = removedMembers(fn, "function", members);
  for (const key of ["name", "length"]) if (!Object.hasOwn(fn, key)) removed.push({ on: "function", key });
  let prototypeBase: number | undefined;
  const prototype = ownPrototypeObject(fn, shape);
  if (prototype !== undefined) {
    overlays.push(...overlay(prototype, "prototype", fn, shape, into));
    removed.push(...removedMembers(prototype, "prototype", members));
    if (!Object.hasOwn(prototype, "constructor")) removed.push({ on: "prototype", key: "constructor" });
    const base: unknown = Object.getPrototypeOf(prototype);
    const usual = shape.class === undefined ? Object.prototype : usualBase(fn, shape);
    if (base !== usual && !(isObjectPrototype(base) && isObjectPrototype(usual))) {
      prototypeBase = into.value({ label: "prototype of its prototype", value: base });
    }
  }
  const ownPrototype = changedPrototype(fn, shape, into);
  return { overlays, removed, prototypeBase, ownPrototype, closed: closedParts(fn, prototype) };
}

/** What the prototype of a class inherits from unless somebody changed it. */
function usualBase(fn: Function, { class: cls }: FunctionShape): unknown {
  if (cls?.superClass === undefined) return Object.prototype;
  if (cls.extendsNull) return null;
  const base: unknown = Object.getPrototypeOf(fn);
  return typeof base === "function" ? (base.prototype as unknown) : undefined;
}

/** What a bound function has beside its parts. */
export function boundProperties(
  bound: Function,
  target: Function,
  into: FunctionValue[],
): readonly Overlay[] {
  return Reflect.ownKeys(bound).flatMap((key) => {
    const descriptor = Object.getOwnPropertyDescriptor(bound, key);
    const isGiven = key === "length" || (key === "name" && descriptor?.value === `bound ${target.name}`);
    if (descriptor === undefined || isGiven) return [];
    const add = (value: unknown): number => into.push({ label: `own property '${String(key)}'`, value }) - 1;
    return [overlayOf("function", key, descriptor, add)];
  });
}

/** The `prototype` of a class or constructor function. */
export function ownPrototypeObject(fn: Function, shape: FunctionShape): object | undefined {
  if (shape.form !== "class" && (shape.form !== "function" || shape.generator)) return undefined;
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  if (typeof prototype !== "object" || prototype === null) return undefined;
  const owner = ownClass(prototype);
  return owner === undefined || owner === fn ? prototype : undefined; // It may be that of another class.
}

/** Whether instances of the function can have anything from it: then it has an identity, as a class has. */
export function isConstructor(fn: Function, shape: FunctionShape): boolean {
  const prototype = ownPrototypeObject(fn, shape);
  if (prototype === undefined) return false;
  return (
    shape.form === "class" ||
    Reflect.ownKeys(prototype).length !== 1 ||
    !isObjectPrototype(Object.getPrototypeOf(prototype))
  );
}

function overlay(
  owner: object,
  on: Overlay["on"],
  fn: Function,
  shape: FunctionShape,
  into: Capturing,
): Overlay[] {
  const overlays: Overlay[] = [];
  for (const key of Reflect.ownKeys(owner)) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, key);
    if (descriptor === undefined || isGivenByLanguage(key, descriptor, on, fn, shape)) continue;
    const label = `${on === "function" ? (shape.class === undefined ? "own property" : "static") : "prototype member"} '${String(key)}'`;
    const add = (value: unknown): number => into.value({ label, value });
    const member = memberOf(key, descriptor, on, shape);
    if (member === undefined) overlays.push(overlayOf(on, key, descriptor, add));
    else if (!hasAttributes(descriptor, attributesOf(member), owner))
      overlays.push(attributesOverlay(on, key, descriptor, add));
  }
  return overlays;
}

/** The member of the source that makes a property. */
function memberOf(
  key: string | symbol,
  descriptor: PropertyDescriptor,
  on: Overlay["on"],
  shape: FunctionShape,
): ClassMember | undefined {
  const members = (shape.class?.members ?? []).filter((member) => member.static === (on === "function"));
  return members.find((member) => {
    const other = member.kind === "get" ? "set" : member.kind === "set" ? "get" : undefined;
    // Half of an accessor was taken away.
    if (
      other !== undefined &&
      descriptor[other] === undefined &&
      members.some((half) => half.kind === other && half.name === key)
    )
      return false;
    return matches(member, key, descriptor, shape.text);
  });
}

/** The attributes that a member is born with. */
function attributesOf({ kind }: ClassMember): PropertyDescriptor {
  const isField = kind === "field" || kind === "static block";
  return { writable: kind !== "get" && kind !== "set", enumerable: isField, configurable: true };
}

/** Own properties that every function of its form, and its prototype, has. A plain name is sent apart. */
function isGivenByLanguage(
  key: string | symbol,
  { value, writable, enumerable, configurable }: PropertyDescriptor,
  on: Overlay["on"],
  fn: Function,
  shape: FunctionShape,
): boolean {
  if (on === "prototype") return key === "constructor" && value === fn && enumerable === false;
  const isUsual = writable === false && enumerable === false && configurable === true;
  switch (key) {
    case "name":
      return isUsual && typeof value === "string";
    case "length":
      return isUsual && value === shape.length;
    case "prototype":
      return ownPrototypeObject(fn, shape) !== undefined || isGeneratorPrototype(value, shape);
    case "arguments":
    case "caller":
      return !writable && !enumerable && !configurable;
    default:
      return false;
  }
}

/** The `prototype` that a generator function is born with, and that nobody has put anything into. */
function isGeneratorPrototype(value: unknown, { generator }: FunctionShape): boolean {
  return generator && typeof value === "object" && value !== null && Reflect.ownKeys(value).length === 0;
}

/** Whether the property is what this member of the source defines. */
function matches(
  member: ClassMember,
  key: string | symbol,
  descriptor: PropertyDescriptor,
  text: string,
): boolean {
  if (member.kind === "static block") return isMadeInBlock(member, descriptor, text);
  if (member.private) return false;
  if (member.computed === undefined && member.name !== key) return false;
  const written = text.slice(member.start, member.end);
  const live: unknown =
    member.kind === "get" ? descriptor.get : member.kind === "set" ? descriptor.set : descriptor.value;
  if (typeof live !== "function") return false;
  const source = Function.prototype.toString.call(live);
  // A field's function is made again by its initialiser, which is run again; a method's text is the member's own.
  if (member.kind === "field") return member.name === key && written.includes(source);
  const partner = member.kind === "get" ? descriptor.set : member.kind === "set" ? descriptor.get : undefined;
  return (
    written.endsWith(source) &&
    (partner === undefined || text.includes(Function.prototype.toString.call(partner)))
  );
}

/**
 * Whether a static block makes this function. It does so again on the other side; that counts for functions that use
 * private members only, which cannot be sent without their class.
 */
function isMadeInBlock({ start, end }: ClassMember, { value }: PropertyDescriptor, text: string): boolean {
  if (typeof value !== "function") return false;
  const source = Function.prototype.toString.call(value);
  return source.includes("#") && text.slice(start, end).includes(source);
}

function removedMembers(
  owner: object,
  on: Overlay["on"],
  members: readonly ClassMember[],
): { on: Overlay["on"]; key: string }[] {
  return members.flatMap(({ name, static: isStatic, private: isPrivate, kind }) => {
    const mine =
      isStatic === (on === "function") && !isPrivate && name !== undefined && name !== "constructor";
    const made = kind !== "static block" && (isStatic || kind !== "field");
    return mine && made && !Object.hasOwn(owner, name) ? [{ on, key: name }] : [];
  });
}

const usualPrototypes: ReadonlySet<unknown> = new Set([
  Function.prototype,
  Object.getPrototypeOf(async () => {}),
  Object.getPrototypeOf(function* () {}),
  Object.getPrototypeOf(async function* () {}),
]);

function changedPrototype(fn: Function, shape: FunctionShape, into: Capturing): number | undefined {
  const prototype: unknown = Object.getPrototypeOf(fn);
  if (usualPrototypes.has(prototype) || shape.class?.superClass !== undefined) return undefined;
  if (isFunctionPrototype(prototype)) return undefined;
  return into.value({ label: "its prototype", value: prototype });
}

/** `Function.prototype` and its like in another realm (`node:vm`). */
function isFunctionPrototype(prototype: unknown): boolean {
  const cls = isObject(prototype) ? ownClass(prototype) : undefined;
  return cls !== undefined && isNative(cls) && /^(?:Async)?(?:Generator)?Function$/.test(cls.name);
}

/** `Object.prototype`, of whatever realm. */
function isObjectPrototype(prototype: unknown): boolean {
  return isObject(prototype) && builtinClassOf(prototype) === "Object";
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Members that a computed key has been found for. */
export type TakenKeys = {
  readonly key: string | symbol;
  readonly kind: ClassMember["kind"];
  readonly static: boolean;
}[];

/** The live key of a member whose key the source computes, when the member's own text tells which one it is. */
export function computedKey(
  fn: Function,
  shape: FunctionShape,
  member: ClassMember,
  taken: TakenKeys,
): string | symbol | undefined {
  const owner = member.static ? fn : ownPrototypeObject(fn, shape);
  if (owner === undefined || member.kind === "field") return undefined;
  const key = Reflect.ownKeys(owner).find((candidate) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, candidate);
    const free = !taken.some(
      (other) => other.key === candidate && other.kind === member.kind && other.static === member.static,
    );
    return free && descriptor !== undefined && matches(member, candidate, descriptor, shape.text);
  });
  if (key !== undefined) taken.push({ key, kind: member.kind, static: member.static });
  return key;
}
