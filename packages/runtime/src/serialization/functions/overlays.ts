/**
 * What a function or class carries beside its source: own properties, static fields, members that were patched or
 * decorated after the definition, a changed prototype. The source makes its own members again on the other side, so
 * only the difference travels.
 */
import { attributesOf, memberOf, removedMembers } from "./class-members.ts";
import type { Overlay, SourceCode } from "./code.ts";
import type { Capturing } from "./capturing.ts";
import type { FunctionShape } from "./parse.ts";
import { attributesOverlay, closedParts, hasAttributes, overlayOf } from "./own-properties.ts";
import { changedPrototype, isObjectPrototype, ownPrototypeObject, usualBase } from "./prototypes.ts";
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

/** What a bound function has beside its parts. */
export function boundProperties(
  bound: Function,
  target: Function,
  into: FunctionValue[],
): readonly Overlay[] {
  const length = Math.max(0, target.length - (into.length - 2)); // All values but the target and `this` are arguments.
  const given = new Map<unknown, unknown>([
    ["name", `bound ${target.name}`],
    ["length", length],
  ]);
  return Reflect.ownKeys(bound).flatMap((key) => {
    const descriptor = Object.getOwnPropertyDescriptor(bound, key);
    if (descriptor === undefined || (given.has(key) && given.get(key) === descriptor.value)) return [];
    const add = (value: unknown): number => into.push({ label: `own property '${String(key)}'`, value }) - 1;
    return [overlayOf("function", key, descriptor, add)];
  });
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
