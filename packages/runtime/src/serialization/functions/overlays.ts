/**
 * What a function or class carries beside its source: own properties, static fields, members that were patched or
 * decorated after the definition, a changed prototype. The source makes its own members again on the other side, so
 * only the difference travels.
 */
import type { Overlay, SourceCode } from "./code.ts";
import type { Capturing } from "./capturing.ts";
import type { ClassMember, FunctionShape } from "./parse.ts";

type Carried = Pick<SourceCode, "overlays" | "removed" | "prototypeBase" | "ownPrototype">;

/** Compares a live function with what its source makes, and adds the values of the difference. */
export function carryProperties(fn: Function, shape: FunctionShape, into: Capturing): Carried {
  const members = shape.class?.members ?? [];
  const overlays = [...overlay(fn, "function", fn, shape, into)];
  const removed = removedMembers(fn, "function", members);
  let prototypeBase: number | undefined;
  const prototype = ownPrototypeObject(fn, shape);
  if (prototype !== undefined) {
    overlays.push(...overlay(prototype, "prototype", fn, shape, into));
    removed.push(...removedMembers(prototype, "prototype", members));
    const base: unknown = Object.getPrototypeOf(prototype);
    if (shape.class === undefined && base !== Object.prototype) {
      prototypeBase = into.value({ label: "prototype of its prototype", value: base });
    }
  }
  return { overlays, removed, prototypeBase, ownPrototype: changedPrototype(fn, shape, into) };
}

/** The `prototype` of a class or constructor function. */
export function ownPrototypeObject(fn: Function, shape: FunctionShape): object | undefined {
  if (shape.form !== "class" && (shape.form !== "function" || shape.generator)) return undefined;
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  return typeof prototype === "object" && prototype !== null ? prototype : undefined;
}

/** Whether instances of the function can have anything from it: then it has an identity, as a class has. */
export function isConstructor(fn: Function, shape: FunctionShape): boolean {
  const prototype = ownPrototypeObject(fn, shape);
  if (prototype === undefined) return false;
  return (
    shape.form === "class" ||
    Reflect.ownKeys(prototype).length !== 1 ||
    Object.getPrototypeOf(prototype) !== Object.prototype
  );
}

const builtinOwn: ReadonlySet<string | symbol> = new Set([
  "length",
  "name",
  "prototype",
  "arguments",
  "caller",
]);

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
    if (descriptor === undefined || isMadeBySource(key, descriptor, on, fn, shape)) continue;
    const label = `${on === "function" ? (shape.class === undefined ? "own property" : "static") : "prototype member"} '${String(key)}'`;
    const add = (value: unknown): number => into.value({ label, value });
    overlays.push({
      on,
      key: typeof key === "symbol" ? into.value({ label: `${label} (its key)`, value: key }) : key,
      writable: descriptor.writable ?? false,
      enumerable: descriptor.enumerable ?? false,
      configurable: descriptor.configurable ?? false,
      ...("value" in descriptor && { value: add(descriptor.value) }),
      ...(descriptor.get !== undefined && { get: add(descriptor.get) }),
      ...(descriptor.set !== undefined && { set: add(descriptor.set) }),
    });
  }
  return overlays;
}

function isMadeBySource(
  key: string | symbol,
  descriptor: PropertyDescriptor,
  on: Overlay["on"],
  fn: Function,
  shape: FunctionShape,
): boolean {
  if (on === "prototype" && key === "constructor") return descriptor.value === fn;
  if (on === "function" && builtinOwn.has(key)) {
    // A static member of that name is in the class's source; a plain name is sent apart.
    if (key !== "name" && key !== "length") return true;
    if (shape.class === undefined || typeof descriptor.value !== "function") return isPlainName(descriptor);
  }
  const members = (shape.class?.members ?? []).filter((member) => member.static === (on === "function"));
  return members.some((member) => matches(member, key, descriptor, shape.text));
}

function isPlainName({ value, get }: PropertyDescriptor): boolean {
  return get === undefined && (typeof value === "string" || typeof value === "number");
}

/** Whether the property is what this member of the source defines. */
function matches(
  member: ClassMember,
  key: string | symbol,
  descriptor: PropertyDescriptor,
  text: string,
): boolean {
  if (member.private || member.kind === "static block") return false;
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
  return into.value({ label: "its prototype", value: prototype });
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
