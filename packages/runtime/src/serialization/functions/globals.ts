/**
 * Things that every thread has of its own and that are never copied: the global object and what hangs on it, the
 * intrinsics of the language, process.env. Each has a name that means the same in every thread.
 */
import { SerializationError } from "../../core/errors.ts";
import { once } from "../../core/load.ts";
import { isNative, isObject } from "../builtins.ts";
import { ImportReference } from "./types.ts";
import type { ImportedBinding } from "./types.ts";

const specifier = "manta:global";

/** Names that a thread has without anybody having defined them. */
const nodeGlobals =
  `AbortController AbortSignal Blob BroadcastChannel Buffer ByteLengthQueuingStrategy CloseEvent
  CompressionStream CountQueuingStrategy Crypto CryptoKey CustomEvent DecompressionStream DOMException ErrorEvent Event EventSource
  EventTarget File FormData Headers MessageChannel MessageEvent MessagePort Navigator Performance PerformanceEntry
  PerformanceMark PerformanceMeasure PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming
  ReadableByteStreamController ReadableStream ReadableStreamBYOBReader ReadableStreamBYOBRequest
  ReadableStreamDefaultController ReadableStreamDefaultReader Request Response Storage SubtleCrypto TextDecoder
  TextDecoderStream TextEncoder TextEncoderStream TransformStream TransformStreamDefaultController URL URLPattern URLSearchParams
  WebAssembly WebSocket WritableStream WritableStreamDefaultController WritableStreamDefaultWriter atob btoa
  clearImmediate clearInterval clearTimeout console crypto fetch global localStorage navigator performance process
  queueMicrotask sessionStorage setImmediate setInterval setTimeout structuredClone gc escape unescape`.split(
    /\s+/,
  );

const languageGlobals: ReadonlySet<string> = new Set(
  `AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date
  DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array
  Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set
  SharedArrayBuffer String SuppressedError Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray
  WeakMap WeakRef WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent eval globalThis isFinite isNaN
  parseFloat parseInt undefined arguments`.split(/\s+/),
);

const standard: ReadonlySet<string> = new Set([...nodeGlobals, ...languageGlobals]);

/** Whether a free name means a global that every thread has. */
export function isStandardGlobal(name: string): boolean {
  return standard.has(name);
}

/** Whether a class is one that Node puts onto the global object, and that the codec has no form for. */
export function isPlatformClass(cls: Function): boolean {
  return platformNames.has(cls.name) && !carried.has(cls.name) && Reflect.get(globalThis, cls.name) === cls;
}

const platformNames: ReadonlySet<string> = new Set(nodeGlobals);
const carried: ReadonlySet<string> = new Set(["Buffer", "DOMException", "URL", "URLSearchParams"]);

/** Whether the binding names a global instead of a module's export. */
export function isGlobalReference(binding: ImportedBinding): boolean {
  return binding.specifier === specifier;
}

/** The reference to a global object or function, if it is one. */
export function globalReference(value: object): ImportReference | undefined {
  // Programs and test runners replace process.env, so it is compared as it is now.
  if (value === process.env) return new ImportReference(specifier, undefined, "process.env");
  const name =
    tables().names.get(value) ?? (typeof value === "function" ? lazyGlobal(value) : lazyObject(value));
  if (name === undefined || (typeof value === "function" && isPatch(name, value))) return undefined;
  return new ImportReference(specifier, undefined, name);
}

/** A function with a source on a global of the language is the user's. */
function isPatch(name: string, value: Function): boolean {
  const [, owner = ""] = /^(?:[gs]et )?(\w+)\./.exec(name) ?? [];
  return languageGlobals.has(owner) && !isNative(value);
}

/** The other direction of {@link globalReference}. */
export function globalByName(name: string): unknown {
  if (name === "process.env") return process.env;
  const value = tables().values.get(name) ?? byPath(name);
  if (value !== undefined) return value;
  throw new SerializationError(
    name,
    `this worker has no global ${name}; was it added to in the sending thread?`,
  );
}

/** Globals behind a getter load a part of Node when they are read; only those already asked for are compared. */
function lazyGlobal(value: Function): string | undefined {
  for (const name of nodeGlobals) {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    if (descriptor?.get !== undefined && name === value.name && Reflect.get(globalThis, name) === value)
      return name;
  }
  return undefined;
}

/** Objects that Node makes when they are asked for first, by the name of their class. */
const lazyObjects: ReadonlyMap<unknown, string> = new Map([
  ["Performance", "performance"],
  ["Crypto", "crypto"],
  ["SubtleCrypto", "crypto.subtle"],
  ["Navigator", "navigator"],
]);

function lazyObject(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== "object" || prototype === null) return undefined;
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  const name = typeof constructor === "function" ? lazyObjects.get(constructor.name) : undefined;
  return name !== undefined && byPath(name) === value ? name : undefined;
}

/**
 * The reference to a function of Node that hangs on a class of the global object, `Performance.prototype.now`. Looking
 * for it loads what those globals stand for, so it comes last.
 */
export function memberReference(fn: Function): ImportReference | undefined {
  for (const name of nodeGlobals) {
    const cls: unknown = Reflect.get(globalThis, name);
    if (typeof cls !== "function") continue;
    for (const path of [name, `${name}.prototype`]) {
      const member = memberOf(path, fn);
      if (member !== undefined) return new ImportReference(specifier, undefined, member);
    }
  }
  return undefined;
}

function memberOf(path: string, fn: Function): string | undefined {
  const owner = byPath(path);
  if (typeof owner !== "function" && (typeof owner !== "object" || owner === null)) return undefined;
  for (const key of Object.getOwnPropertyNames(owner)) {
    const { value, get, set } = Object.getOwnPropertyDescriptor(owner, key) ?? {};
    if (value === fn) return `${path}.${key}`;
    if (get === fn) return `get ${path}.${key}`;
    if (set === fn) return `set ${path}.${key}`;
  }
  return undefined;
}

/** What a path of names leads to from the global object; `get` or `set` before it means the accessor itself. */
function byPath(name: string): unknown {
  const [, accessor, path = name] = /^(get|set) (.+)$/.exec(name) ?? [];
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let owner: unknown = globalThis;
  for (const key of keys) owner = isObject(owner) ? Reflect.get(owner, key) : undefined;
  if (!isObject(owner)) return undefined;
  if (accessor === undefined) return Reflect.get(owner, last);
  return Reflect.get(Object.getOwnPropertyDescriptor(owner, last) ?? {}, accessor);
}

const tables: () => { names: WeakMap<object, string>; values: Map<string, object> } = once(() => {
  const names = new WeakMap<object, string>();
  const values = new Map<string, object>();
  const add = (name: string, value: unknown): boolean => {
    if ((typeof value !== "object" || value === null) && typeof value !== "function") return false;
    if (!names.has(value)) names.set(value, name);
    values.set(name, value);
    return true;
  };
  // Data on a global is the user's.
  const addMembers = (name: string, owner: object): void => {
    for (const key of Reflect.ownKeys(owner)) {
      const descriptor = Object.getOwnPropertyDescriptor(owner, key);
      const member = `${name}.${typeof key === "symbol" ? `@@${key.description ?? ""}` : key}`;
      for (const [prefix, part] of [
        ["", descriptor?.value],
        ["get ", descriptor?.get],
        ["set ", descriptor?.set],
      ] as const) {
        if (typeof part === "function") add(prefix + member, part);
      }
    }
  };
  const addWhole = (name: string, value: unknown): void => {
    if (!add(name, value)) return;
    const owner = value as object; // `add` took it, so it is an object or a function.
    addMembers(name, owner);
    const prototype: unknown = Object.getOwnPropertyDescriptor(owner, "prototype")?.value;
    if (add(`${name}.prototype`, prototype)) addMembers(`${name}.prototype`, prototype as object);
  };
  add("globalThis", globalThis);
  for (const name of standard) {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    if (descriptor !== undefined && "value" in descriptor && descriptor.value !== globalThis)
      addWhole(name, descriptor.value);
  }
  addWhole("process", process);
  addWhole("Buffer", Buffer);
  for (const name of [
    "NumberFormat",
    "DateTimeFormat",
    "Collator",
    "PluralRules",
    "RelativeTimeFormat",
    "ListFormat",
    "Segmenter",
    "Locale",
  ]) {
    addWhole(`Intl.${name}`, Reflect.get(Intl, name));
  }
  const generator = Object.getPrototypeOf(function* () {}) as { readonly prototype: unknown };
  const asyncGenerator = Object.getPrototypeOf(async function* () {}) as { readonly prototype: unknown };
  const hidden: Record<string, unknown> = {
    "%TypedArray%": Object.getPrototypeOf(Uint8Array),
    "%AsyncFunction%": Object.getPrototypeOf(async function () {}).constructor,
    "%GeneratorFunction%": generator.constructor,
    "%AsyncGeneratorFunction%": asyncGenerator.constructor,
    "%IteratorPrototype%": Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())),
    "%GeneratorPrototype%": generator.prototype,
    "%AsyncGeneratorPrototype%": asyncGenerator.prototype,
    "%ArrayIteratorPrototype%": Object.getPrototypeOf([][Symbol.iterator]()),
  };
  for (const [name, value] of Object.entries(hidden)) addWhole(name, value);
  return { names, values };
});
