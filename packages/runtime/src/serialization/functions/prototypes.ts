/** What a function's `prototype` is, what it inherits from, and what the function itself inherits from. */
import { builtinClassOf, isNative, isObject, ownClass } from "../builtins.ts";
import type { Capturing } from "./capturing.ts";
import type { FunctionShape } from "./parse.ts";

/** The `prototype` of a class or constructor function. */
export function ownPrototypeObject(fn: Function, shape: FunctionShape): object | undefined {
  if (shape.form !== "class" && (shape.form !== "function" || shape.generator)) return undefined;
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  if (typeof prototype !== "object" || prototype === null) return undefined;
  // That of a function may be another class's as well.
  const owner = shape.form === "class" ? fn : ownClass(prototype);
  return owner === undefined || owner === fn ? prototype : undefined;
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

/** What the prototype of a class inherits from unless somebody changed it. */
export function usualBase(fn: Function, { class: cls }: FunctionShape): unknown {
  if (cls?.superClass === undefined) return Object.prototype;
  if (cls.extendsNull) return null;
  const base: unknown = Object.getPrototypeOf(fn);
  return typeof base === "function" ? (base.prototype as unknown) : undefined;
}

const usualPrototypes: ReadonlySet<unknown> = new Set([
  Function.prototype,
  Object.getPrototypeOf(async () => {}),
  Object.getPrototypeOf(function* () {}),
  Object.getPrototypeOf(async function* () {}),
]);

export function changedPrototype(fn: Function, shape: FunctionShape, into: Capturing): number | undefined {
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
export function isObjectPrototype(prototype: unknown): boolean {
  return isObject(prototype) && builtinClassOf(prototype) === "Object";
}
