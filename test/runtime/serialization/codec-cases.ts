/**
 * Every class of value and what the codec does with it: the tests run these cases, and `docs/serialization.md` is
 * written from them (`write-codec-table.ts`). A value either arrives the same in every respect that `codec-same.ts`
 * compares, or `how` says what is different and `check` proves it, or it is in `codec-cases-refused.ts`.
 */
import { AssertionError } from "node:assert";
import { types } from "node:util";
import { runInNewContext } from "node:vm";
import { holes } from "./codec-same.ts";

export interface CarriedCase {
  /** The first column of the table. */
  readonly value: string;
  /** The second: how it arrives. */
  readonly how: string;
  readonly examples: Readonly<Record<string, () => unknown>>;
  /** Throws when what arrived is not what `how` says. @defaultValue the same in every respect */
  readonly check?: (back: unknown, sent: unknown) => void;
}

export interface CaseGroup {
  readonly title: string;
  readonly cases: readonly CarriedCase[];
}

const EQUAL = "equal";

/** Not in the ES typings of Node 20. */
export const ResizableArrayBuffer = ArrayBuffer as unknown as new (
  byteLength: number,
  options: { readonly maxByteLength: number },
) => ArrayBuffer & {
  readonly resizable: boolean;
  readonly maxByteLength: number;
  resize(byteLength: number): void;
};

export class Point {
  x: number;
  constructor(x: number) {
    this.x = x;
  }
  get double(): number {
    return this.x * 2;
  }
}

class Stack extends Array<number> {
  get top(): number | undefined {
    return this.at(-1);
  }
}

class Index extends Map<string, number> {
  label = "index";
}

class Samples extends Float64Array {
  get mean(): number {
    return this.reduce((sum, x) => sum + x, 0) / this.length;
  }
}

class Endpoint extends URL {
  get short(): string {
    return this.host;
  }
}

export class HttpError extends Error {
  override name = "HttpError";
  readonly status: number;
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

function expectThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`);
}

const primitives: CaseGroup = {
  title: "Primitives",
  cases: [
    {
      value: "`null`, `undefined`, booleans",
      how: EQUAL,
      examples: { null: () => null, undefined: () => undefined, true: () => true, false: () => false },
    },
    {
      value: "numbers, with `-0`, `NaN` and the infinities",
      how: EQUAL,
      examples: {
        zero: () => 0,
        "minus zero": () => -0,
        NaN: () => NaN,
        Infinity: () => Infinity,
        "minus Infinity": () => -Infinity,
        "the smallest number": () => Number.MIN_VALUE,
        "the largest number": () => Number.MAX_VALUE,
        "small whole numbers": () => [-32, -33, 127, 128, 255, 256, 65_535, 65_536],
        "2 ** 31": () => [2 ** 31, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) - 1],
        "2 ** 53": () => 2 ** 53,
        "2 ** 64": () => 2 ** 64,
        "-(2 ** 63)": () => -(2 ** 63),
      },
    },
    {
      value: "bigints of any size",
      how: EQUAL,
      examples: {
        "a small bigint": () => 5n,
        "the largest 64-bit bigint": () => 2n ** 63n - 1n,
        "the smallest 64-bit bigint": () => -(2n ** 63n),
        "a bigint of 65 bits": () => 2n ** 64n,
        "a huge bigint": () => -(7n ** 1000n),
        "a bigint of 100,000 digits": () => 10n ** 100_000n + 7n,
      },
    },
    {
      value: "strings, lone surrogates included",
      how: EQUAL,
      examples: {
        "an empty string": () => "",
        "a string with emoji": () => "naïve 日本語 👩‍👩‍👧 \0 end",
        "short and long ones": () => ["x".repeat(20), "x".repeat(21), "é".repeat(20), "x".repeat(300)],
        "a lone high surrogate": () => "a\ud83db",
        "a lone low surrogate": () => "\udc00",
        "a long string": () => "x".repeat(200_000) + "é",
        "lone surrogates in keys and patterns": () => [
          { "\udfff": 1 },
          new Map([["\ud800", "\udbff"]]),
          /\ud800/,
          Object("\ud800"),
        ],
      },
    },
    {
      value: "symbols of the registry, well-known symbols",
      how: EQUAL,
      examples: {
        "a registered symbol": () => Symbol.for("manta.test"),
        "a well-known symbol": () => Symbol.asyncIterator,
      },
    },
    {
      value: "other symbols",
      how: "one symbol per thread: every value that names it brings the same one, and home again it is the original",
      examples: { "a unique symbol": () => uniqueSymbol },
    },
  ],
};

const uniqueSymbol = Symbol("unique");

const objects: CaseGroup = {
  title: "Objects and arrays",
  cases: [
    {
      value: "plain objects",
      how: "equal: order of keys, attributes of properties, own `__proto__` keys, symbol keys",
      examples: {
        "an empty object": () => ({}),
        "an object": () => ({ a: 1, b: { c: [true, null] }, undefined }),
        "keys that look special": () => ({
          constructor: 1,
          toJSON: 2,
          // oxlint-disable-next-line unicorn/no-thenable
          then: 3,
          hasOwnProperty: 4,
          "": 5,
          7: 6,
          "-1": 7,
        }),
        "an own key __proto__": () => JSON.parse('{"__proto__":{"polluted":true},"b":1}'),
        "a key with a lone surrogate": () => ({ "\ud800": 1 }),
        "a symbol key": () => ({ [Symbol.for("key")]: 1, plain: 2 }),
        "keys of prototypes": () =>
          JSON.parse('{"constructor":{"prototype":{"polluted":1}},"prototype":2,"__proto__":{"polluted":3}}'),
        "a constructor whose prototype leads back": () => {
          const object: Record<string, unknown> = { a: 1 };
          object["constructor"] = { prototype: object };
          return object;
        },
        "a hundred thousand keys": () =>
          Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`key${n}`, n])),
        "attributes of properties": () =>
          Object.defineProperties(
            {},
            {
              hidden: { value: 1, writable: true, configurable: true },
              fixed: { value: 2, enumerable: true },
              [Symbol.for("s")]: { value: 3, writable: true },
            },
          ),
      },
    },
    {
      value: "objects with a `null` prototype, or another object as prototype",
      how: EQUAL,
      examples: {
        "a null prototype": () => Object.assign(Object.create(null), { a: 1 }),
        "another object as prototype": () => Object.create({ inherited: 1 }, { own: { value: 2 } }) as object,
        "an array, a Map or a Date as prototype": () =>
          [[1, 2], new Map([[1, 2]]), new Date(5)].map((prototype) => Object.create(prototype) as object),
        "a prototype that leads back": () => {
          const prototype: { child?: object } = {};
          return (prototype.child = Object.create(prototype) as object);
        },
        "an array without a prototype": () => Object.setPrototypeOf([1, 2], null) as object,
      },
    },
    {
      value: "frozen, sealed and closed objects and arrays",
      how: EQUAL,
      examples: {
        "a frozen object": () => Object.freeze({ a: Object.freeze([1, 2]), b: Object.freeze({}) }),
        "a sealed object": () => Object.seal({ a: 1 }),
        "a closed object": () => Object.preventExtensions({ a: 1 }),
        "a frozen sparse array": () => Object.freeze(Object.assign([1, 2], { 5: 3, name: "n" })),
      },
    },
    {
      value: "getters and setters",
      how: "as functions with what they capture; none is run on the way",
      examples: {
        "an accessor": (): { raw: number; value: number } => ({
          raw: 1,
          get value(): number {
            return this.raw * 10;
          },
          set value(next: number) {
            this.raw = next;
          },
        }),
      },
      check: (back) => {
        const cell = back as { raw: number; value: number };
        expectThat(typeof Object.getOwnPropertyDescriptor(cell, "value")?.get === "function", "a getter");
        cell.value = 4;
        expectThat(cell.raw === 4 && cell.value === 40, "both work");
      },
    },
    {
      value: "arrays, with holes, `undefined`, any length, named and hidden properties",
      how: EQUAL,
      examples: {
        "an empty array": () => [],
        "a nested array": () => [1, [2, [3, ["four"]]]],
        "a long array": () => Array.from({ length: 100 }, (_, n) => n * 1.5),
        "an array with undefined": () => [undefined, null, undefined],
        // oxlint-disable-next-line no-sparse-arrays
        "a sparse array": () => [1, , 3],
        "an array of holes": () => holes(7),
        "a very sparse array": () => Object.assign([], { 4_000_000_000: "far" }),
        "the longest array": () => Object.assign([], { length: 2 ** 32 - 1 }),
        "the longest array's last element": () => Object.assign([], { [2 ** 32 - 2]: "last", 5: "sixth" }),
        "an array with named properties": () => Object.assign([1, 2], { index: 0, input: "ab" }),
        "an array with a hidden property": () => Object.defineProperty([1, 2], "hidden", { value: 1 }),
        "a long array with a hidden property": () =>
          Object.defineProperty(
            Array.from({ length: 99 }, () => 1),
            "hidden",
            { value: 1 },
          ),
        "a hole and a named property": () => Object.assign(holes(1), { named: 1 }),
        "the result of a match": () => /(?<letter>b)/.exec("abc"),
        "a tagged template's strings": () =>
          ((strings: TemplateStringsArray, ..._values: unknown[]) => strings)`a${1}\n`,
        "an array with a hidden element": () =>
          Object.defineProperty([1, 2, 3], 1, { value: 5, enumerable: false }),
        "an array with a symbol key": () => Object.assign([1], { [Symbol.for("k")]: 2 }),
      },
    },
    {
      value:
        "an element that alone was made read-only or not configurable, of an array that is else ordinary",
      how: "as an ordinary element: looking for it would cost every array more than packing it",
      examples: {
        "a read-only element": () => Object.defineProperty([1, 2], 1, { writable: false }),
      },
      check: (back) => {
        expectThat(JSON.stringify(back) === "[1,2]", "the elements");
        expectThat(Object.getOwnPropertyDescriptor(back, 1)?.writable === true, "writable");
      },
    },
    {
      value: "`arguments`",
      how: "equal, as in strict code: the elements follow no variables, and there is no `callee`",
      examples: {
        "arguments of a call": () =>
          (function (..._items: unknown[]) {
            // oxlint-disable-next-line prefer-rest-params
            return arguments;
          })(1, { a: 2 }, undefined),
      },
      check: (back) => {
        expectThat(Object.prototype.toString.call(back) === "[object Arguments]", "an arguments object");
        expectThat(JSON.stringify([...(back as Iterable<unknown>)]) === '[1,{"a":2},null]', "its elements");
      },
    },
    {
      value: "cycles, and objects in several places",
      how: "equal: one object stays one object, within one value",
      examples: {
        "a cycle": () => {
          const root: Record<string, unknown> = {};
          root["self"] = root;
          root["all"] = [root, new Map([[root, root]]), new Set([root]), Object.create(root)];
          return root;
        },
        "a shared object": () => {
          const shared = { n: 1 };
          return [shared, { shared }, new Map([[shared, shared]])];
        },
      },
    },
    {
      value: "objects of another realm (`node:vm`)",
      how: "as objects of this realm",
      examples: { "an array with a map": () => runInNewContext("[1, new Map([[1, [/x/g, new Date(5)]]])]") },
      check: (back) => {
        const [one, map] = back as [number, Map<number, [RegExp, Date]>];
        expectThat(Array.isArray(back) && one === 1 && map instanceof Map, "array and map of this realm");
        expectThat(map.get(1)?.[0] instanceof RegExp && map.get(1)?.[1] instanceof Date, "RegExp and Date");
      },
    },
  ],
};

const builtins: CaseGroup = {
  title: "Built-in classes",
  cases: [
    {
      value: "`Map`, `Set`",
      how: "equal: order, keys of any kind, own properties",
      examples: {
        "a Map": () =>
          new Map<unknown, unknown>([
            ["b", 1],
            ["a", { deep: 2 }],
            [{ key: 1 }, NaN],
            [NaN, -0],
          ]),
        "a Set": () => new Set<unknown>(["z", "a", [1], undefined]),
        "a Map with a property": () => Object.assign(new Map([[1, 2]]), { label: "m" }),
        "a frozen Map and Set": () => [Object.freeze(new Map([[1, 2]])), Object.freeze(new Set([1]))],
        "a Map and a Set that hold themselves": () => {
          const map = new Map<unknown, unknown>();
          const set = new Set<unknown>([map]);
          map.set(map, map).set(set, set);
          return [map, set.add(set)];
        },
      },
    },
    {
      value: "`Date`, invalid ones too",
      how: EQUAL,
      examples: { "a Date": () => new Date(1_700_000_000_123), "an invalid Date": () => new Date(NaN) },
    },
    {
      value: "`RegExp`",
      how: "equal, with `lastIndex`",
      examples: {
        "a RegExp": () => /a\/[b\n]*(?<n>c)/giu,
        "a frozen RegExp in use": () => Object.freeze(Object.assign(/a/g, { lastIndex: 3 })),
        "a sealed RegExp": () => Object.seal(Object.assign(/a/g, { lastIndex: 1 })),
        "a RegExp that cannot be used": () => Object.defineProperty(/a/g, "lastIndex", { writable: false }),
        "a RegExp in use": () => Object.assign(/a/g, { lastIndex: 3 }),
        "a RegExp with sets": () => new RegExp("[\\p{L}--[a-z]]", "v"),
        "a lastIndex that is no number": () => Object.assign(/a/g, { lastIndex: "3" }),
      },
    },
    {
      value: "boxed primitives",
      how: EQUAL,
      examples: {
        "a boxed number": () => Object(-0),
        "a boxed string": () => Object.assign(Object("text"), { extra: 1 }),
        "a boxed boolean": () => Object(false),
        "a boxed bigint": () => Object(12n),
        "a boxed symbol": () => Object(Symbol.for("boxed")),
      },
    },
    {
      value: "`URL`, `URLSearchParams`",
      how: "equal; `url.searchParams` goes on belonging to its URL",
      examples: {
        "a URL": () => new URL("https://user:pw@example.org:8080/a%20b?q=1&q=2#frag"),
        URLSearchParams: () => new URLSearchParams("a=1&a=2&b=%20+"),
      },
    },
    {
      value: "`Math`, `process.env`, `Map.prototype`, `Math.max` and all else that every thread has",
      how: "by reference: the receiver's own",
      examples: {
        "a global object": () => [Math, JSON, globalThis, process, process.env, console, Map.prototype],
        "a global function": () => [
          Math.max,
          parseInt,
          Object,
          structuredClone,
          URL,
          Buffer,
          Reflect.get(Array.prototype, "push"),
        ],
      },
    },
  ],
};

const memory: CaseGroup = {
  title: "Binary data",
  cases: [
    {
      value: "typed arrays of every class, `DataView`, `Buffer`",
      how:
        "equal, own properties included. Of the memory, only the span that views of this value cover travels: `byteOffset` " +
        "becomes the rest of its division by 8 when the view begins the span",
      examples: {
        "a Uint8Array": () => new Uint8Array([1, 2, 255]),
        "an empty Float64Array": () => new Float64Array(0),
        "a Float32Array": () => new Float32Array([1.5, -0, NaN]),
        "a BigInt64Array": () => new BigInt64Array([1n, -(2n ** 63n)]),
        "a Uint8ClampedArray": () => new Uint8ClampedArray([0, 300]),
        "one of each": () => [
          new Int8Array([-1]),
          new Int16Array([-1, 1]),
          new Uint16Array([1]),
          new Int32Array([-1]),
          new Uint32Array([2 ** 32 - 1]),
          new BigUint64Array([2n ** 64n - 1n]),
        ],
        "a view with an offset": () => new Uint16Array(new ArrayBuffer(32), 10, 3).fill(7),
        "a view with a property": () => Object.assign(new Int16Array([1, 2]), { unit: "mV" }),
        "a long view with a property": () => Object.assign(new Int16Array(1000), { unit: "mV" }),
        "a closed view": () => Object.preventExtensions(new Int16Array(4)),
        "a view with another prototype": () =>
          Object.setPrototypeOf(new Uint8Array([1]), Float32Array.prototype) as object,
        "a Buffer": () => Buffer.from("héllo"),
        "a DataView": () => new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
      },
    },
    {
      value: "several views of one `ArrayBuffer`",
      how: "on one memory again",
      examples: {
        "two views": () => {
          const shared = new ArrayBuffer(32);
          return [new Uint8Array(shared), new Float64Array(shared, 8, 2)];
        },
      },
      check: (back) => {
        const [bytes, numbers] = back as [Uint8Array, Float64Array];
        numbers[0] = 1;
        expectThat(bytes[15] === 0x3f && bytes.buffer === numbers.buffer, "one memory");
      },
    },
    {
      value: "views whose memory is 64 KiB or more",
      how: "on shared memory: `buffer` is a `SharedArrayBuffer`, which every reader sees, so write to a `slice()`",
      examples: { "a large view": () => new Float32Array(16_384).fill(0.5) },
      check: (back) => {
        const view = back as Float32Array;
        expectThat(view.length === 16_384 && view.every((x) => x === 0.5), "its elements");
        expectThat(types.isSharedArrayBuffer(view.buffer), "shared memory");
      },
    },
    {
      value: "`ArrayBuffer`, resizable ones too",
      how: "equal: a copy",
      examples: {
        "an ArrayBuffer": () => new Uint8Array([1, 2, 3]).buffer,
        "an empty ArrayBuffer": () => new ArrayBuffer(0),
        "a resizable ArrayBuffer": () => new ResizableArrayBuffer(8, { maxByteLength: 64 }),
      },
    },
    {
      value: "views of a resizable `ArrayBuffer`",
      how: "the whole buffer travels and stays resizable; the view keeps its present length, also if it followed the buffer's",
      examples: { "a view": () => new Uint16Array(new ResizableArrayBuffer(8, { maxByteLength: 64 }), 2) },
      check: (back) => {
        const { buffer, byteOffset, length } = back as Uint16Array;
        expectThat(byteOffset === 2 && length === 3, "offset and length");
        expectThat((buffer as { maxByteLength?: number }).maxByteLength === 64, "resizable");
      },
    },
    {
      value: "`SharedArrayBuffer`, and views of one",
      how: "the same memory, not a copy: both sides can use `Atomics`",
      examples: { "a view and its memory": () => new Int32Array(new SharedArrayBuffer(8), 4, 1) },
      check: (back, sent) => {
        Atomics.store(back as Int32Array, 0, 42);
        expectThat((sent as Int32Array)[0] === 42, "one memory");
      },
    },
  ],
};

const errors: CaseGroup = {
  title: "Errors",
  cases: [
    {
      value: "errors of the built-in classes",
      how: "equal: class, stack of the origin, `cause`, own properties",
      examples: {
        Error: () => new Error("plain"),
        TypeError: () => new TypeError("type"),
        RangeError: () => new RangeError("range"),
        SyntaxError: () => new SyntaxError("syntax"),
        ReferenceError: () => new ReferenceError("reference"),
        EvalError: () => new EvalError("eval"),
        URIError: () => new URIError("uri"),
        AggregateError: () => new AggregateError([new TypeError("one"), "two"], "several"),
        "a cause": () => new Error("outer", { cause: new RangeError("inner", { cause: { deep: true } }) }),
        "an undefined cause": () => new Error("outer", { cause: undefined }),
        "no message": () => new Error(),
        "own properties": () =>
          Object.assign(new Error("m"), { code: "E_CODE", details: { list: [1, new Date(0)] } }),
        "an own name": () => Object.assign(new Error("m"), { name: "Custom" }),
        "no stack": () => {
          const error = new Error("m");
          delete error.stack;
          return error;
        },
        "a frozen error": () => Object.freeze(new Error("m")),
        "a symbol key": () => Object.assign(new Error("m"), { [Symbol.for("k")]: 1 }),
        "a cause that is the error itself": () => {
          const error = new Error("m");
          return Object.assign(error, { cause: error });
        },
        "AggregateErrors within each other": () =>
          new AggregateError([new AggregateError([new TypeError("a"), null], "b"), 5], "c", { cause: 1 }),
        "no prototype": () => Object.setPrototypeOf(new Error("m"), null) as object,
        "an error as the prototype": () => Object.create(new RangeError("m")) as object,
        "an object that has only inherited from a class": () =>
          Object.assign(Object.create(TypeError.prototype) as object, { message: "m", stack: "none" }),
        "a text instead of the stack": () => Object.assign(new Error("m"), { stack: "mine" }),
      },
    },
    {
      value: "getters that were put onto errors, `stack` included",
      how: "as functions; none is run on the way",
      examples: {
        "a getter for the stack": () =>
          Object.defineProperty(new Error("m"), "stack", {
            get: () => {
              throw new Error("ran");
            },
          }),
      },
      check: (back) => {
        expectThat(typeof Object.getOwnPropertyDescriptor(back, "stack")?.get === "function", "a getter");
      },
    },
    {
      value: "errors of your classes",
      how: "equal: the class comes along or is imported, so `instanceof` holds on both sides",
      examples: { "an HttpError": () => new HttpError(404, "nope", { cause: new HttpError(500, "inner") }) },
    },
    {
      value: "`DOMException`, `AssertionError`, errors of Node",
      how: "with class (of Node's internal ones the built-in one that they extend), name, code, message and stack",
      examples: {
        "an AbortError": () => AbortSignal.abort().reason as unknown,
        "an AssertionError": () => new AssertionError({ actual: 1, expected: 2, operator: "strictEqual" }),
        "an error of Buffer": () => caught(() => Buffer.alloc(-1)),
      },
      check: (back, sent) => {
        const [a, b] = [sent, back] as [Error & { code?: unknown }, Error & { code?: unknown }];
        // Node's own subclasses of RangeError and its like cannot be reached; their code says which one it is.
        const cls = a instanceof RangeError ? RangeError : a.constructor;
        expectThat(typeof cls === "function" && b instanceof cls, "class");
        expectThat(a.name === b.name && a.message === b.message && a.code === b.code, "name, message, code");
        expectThat(a.stack === b.stack, "stack");
      },
    },
    {
      value: "an error that holds something that cannot travel",
      how:
        "errors always travel: in the place of that part stands a text `[not carried: …]`; an error whose class cannot " +
        "travel arrives as its nearest built-in class, under its own name",
      examples: {
        "an error with a promise": () => Object.assign(new Error("m"), { wait: Promise.resolve() }),
      },
      check: (back) => {
        const { message, wait } = back as Error & { wait: unknown };
        expectThat(message === "m" && wait === "[not carried: a Promise]", "the text");
      },
    },
  ],
};

function caught(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

const code: CaseGroup = {
  title: "Functions, classes and their instances",
  cases: [
    {
      value: "functions as values",
      how: "with what they capture, or by reference to their module; made anew in each thread",
      examples: { "a closure": () => (x: number) => new Point(x).double },
      check: (back) => {
        expectThat((back as (x: number) => number)(21) === 42, "it works");
      },
    },
    {
      value: "classes as values, their prototypes, instances of them",
      how: "equal: one class per thread however many values bring it, and home again it is the original; statics that its own thread has changed since are changed where it was already",
      examples: {
        "a class": () => Point,
        "a prototype": () => Point.prototype,
        "an instance": () => [new Point(1), Object.freeze(new Point(2))],
      },
    },
    {
      value: "subclasses of built-in classes",
      how: EQUAL,
      examples: {
        "of Array": () => Stack.of(1, 2, 3),
        "of Map": () => new Index([["a", 1]]),
        "of Float64Array": () => new Samples([1, 2, 3]),
        "of URL": () => new Endpoint("https://a.example/x?y=1"),
      },
    },
    {
      value: "instances of classes that have a serializer (`registerSerializer`)",
      how: "as `deserialize(serialize(instance))`; both functions travel along. A subclass needs a serializer of its own",
      examples: {},
    },
    {
      value: "`ObjectRef`, `ActorHandle`",
      how: "the same object or actor, kept alive for as long as the value lives",
      examples: {},
    },
  ],
};

export const carried: readonly CaseGroup[] = [primitives, objects, builtins, memory, errors, code];
