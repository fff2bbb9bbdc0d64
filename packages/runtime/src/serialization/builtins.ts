/**
 * Tells the builtin classes of the language from the user's, in this realm and in others (`node:vm`, vitest's
 * vmThreads): an array made in another realm is still an array. Reads no getter.
 */
import { types } from "node:util";

const names: ReadonlySet<string> = new Set(
  (
    "Object Function Array Number Boolean String Symbol BigInt Promise Map Set WeakMap WeakSet WeakRef " +
    "FinalizationRegistry Date RegExp Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError " +
    "URIError ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array " +
    "Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array"
  ).split(" "),
);

/** Name of the builtin class that a prototype belongs to, of whatever realm. */
export function builtinClassOf(prototype: object): string | undefined {
  const cls = ownClass(prototype);
  return cls !== undefined && names.has(cls.name) && isNative(cls) ? cls.name : undefined;
}

/** The class whose `prototype` this object is. */
export function ownClass(prototype: object): Function | undefined {
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof constructor !== "function" || types.isProxy(constructor)) return undefined;
  const own: unknown = Object.getOwnPropertyDescriptor(constructor, "prototype")?.value;
  return own === prototype ? constructor : undefined;
}

/** The classes in the prototype chain of an object, nearest first. Ends at the first link that is a Proxy. */
export function* classesOf(value: object): Generator<Function> {
  for (
    let link: object | null = Object.getPrototypeOf(value);
    link !== null;
    link = Object.getPrototypeOf(link)
  ) {
    if (types.isProxy(link)) return;
    const cls = ownClass(link);
    if (cls !== undefined) yield cls;
  }
}

/** Name of the class of an object. */
export function classNameOf(value: object): string {
  if (types.isProxy(value)) return "Proxy";
  for (const cls of classesOf(value)) if (cls.name !== "") return cls.name;
  return "Object";
}

/** A builtin accessor as a function of its receiver: works on internal slots, whatever the receiver's prototype. */
export function builtinGetter(owner: object, key: PropertyKey): (receiver: object) => unknown {
  const property: PropertyDescriptor = Object.getOwnPropertyDescriptor(owner, key) ?? {};
  const getter: unknown = Reflect.get(property, "get");
  if (typeof getter !== "function") throw new TypeError(`there is no getter ${String(key)}`);
  return (receiver) => Reflect.apply(getter, receiver, []);
}

/** Whether a function has no JavaScript source. Bound functions count as well. */
export function isNative(fn: Function): boolean {
  return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(fn));
}

/** Whether a value has properties and an identity: functions count as well. */
export function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
