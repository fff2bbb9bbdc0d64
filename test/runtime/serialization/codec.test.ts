import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { pack, roundTrip } from "./codec-harness.ts";
import { difference, holes } from "./codec-same.ts";

/** Values by what is special about them. All come back the same in every respect, in plain data and in company. */
const values: Record<string, () => unknown> = {
  null: () => null,
  undefined: () => undefined,
  true: () => true,
  zero: () => 0,
  "minus zero": () => -0,
  NaN: () => NaN,
  Infinity: () => Infinity,
  "minus Infinity": () => -Infinity,
  "the smallest number": () => Number.MIN_VALUE,
  "the largest number": () => Number.MAX_VALUE,
  "2 ** 31": () => 2 ** 31,
  "2 ** 53": () => 2 ** 53,
  "2 ** 64": () => 2 ** 64,
  "-(2 ** 63)": () => -(2 ** 63),
  "an empty string": () => "",
  "a string with emoji": () => "naïve 日本語 👩‍👩‍👧 \0 end",
  "a lone high surrogate": () => "a\ud83db",
  "a lone low surrogate": () => "\udc00",
  "a long string": () => "x".repeat(200_000) + "é",
  "a small bigint": () => 5n,
  "the largest 64-bit bigint": () => 2n ** 63n - 1n,
  "the smallest 64-bit bigint": () => -(2n ** 63n),
  "a bigint of 65 bits": () => 2n ** 64n,
  "a huge bigint": () => -(7n ** 1000n),
  "a registered symbol": () => Symbol.for("manta.test"),
  "a well-known symbol": () => Symbol.asyncIterator,
  "an empty array": () => [],
  "a nested array": () => [1, [2, [3, ["four"]]]],
  "an array with undefined": () => [undefined, null, undefined],
  // oxlint-disable-next-line no-sparse-arrays
  "a sparse array": () => [1, , 3],
  "an array of holes": () => holes(7),
  "a very sparse array": () => Object.assign([], { 4_000_000_000: "far" }),
  "an array with named properties": () => Object.assign([1, 2], { index: 0, input: "ab" }),
  "the result of a match": () => /(?<letter>b)/.exec("abc"),
  "a tagged template's strings": () =>
    ((strings: TemplateStringsArray, ..._values: unknown[]) => strings)`a${1}\n`,
  "an array with a hidden element": () =>
    Object.defineProperty([1, 2, 3], 1, { value: 5, enumerable: false }),
  "an array with a symbol key": () => Object.assign([1], { [Symbol.for("k")]: 2 }),
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
  "a null prototype": () => Object.assign(Object.create(null), { a: 1 }),
  "another object as prototype": () => Object.create({ inherited: 1 }, { own: { value: 2 } }) as object,
  "attributes of properties": () =>
    Object.defineProperties(
      {},
      {
        hidden: { value: 1, writable: true, configurable: true },
        fixed: { value: 2, enumerable: true },
        [Symbol.for("s")]: { value: 3, writable: true },
      },
    ),
  "a frozen object": () => Object.freeze({ a: Object.freeze([1, 2]), b: Object.freeze({}) }),
  "a sealed object": () => Object.seal({ a: 1 }),
  "a closed object": () => Object.preventExtensions({ a: 1 }),
  "a frozen sparse array": () => Object.freeze(Object.assign([1, 2], { 5: 3, name: "n" })),
  "a Date": () => new Date(1_700_000_000_123),
  "an invalid Date": () => new Date(NaN),
  "a RegExp": () => /a\/[b\n]*(?<n>c)/giu,
  "a RegExp in use": () => Object.assign(/a/g, { lastIndex: 3 }),
  "a Map": () =>
    new Map<unknown, unknown>([
      ["b", 1],
      ["a", { deep: 2 }],
      [{ key: 1 }, NaN],
      [NaN, -0],
    ]),
  "a Set": () => new Set<unknown>(["z", "a", [1], undefined]),
  "a Map with a property": () => Object.assign(new Map([[1, 2]]), { label: "m" }),
  "a boxed number": () => Object(-0),
  "a boxed string": () => Object.assign(Object("text"), { extra: 1 }),
  "a boxed boolean": () => Object(false),
  "a boxed bigint": () => Object(12n),
  "a boxed symbol": () => Object(Symbol.for("boxed")),
  "a URL": () => new URL("https://user:pw@example.org:8080/a%20b?q=1&q=2#frag"),
  URLSearchParams: () => new URLSearchParams("a=1&a=2&b=%20+"),
  "a Uint8Array": () => new Uint8Array([1, 2, 255]),
  "an empty Float64Array": () => new Float64Array(0),
  "a Float32Array": () => new Float32Array([1.5, -0, NaN]),
  "a BigInt64Array": () => new BigInt64Array([1n, -(2n ** 63n)]),
  "a Uint8ClampedArray": () => new Uint8ClampedArray([0, 300]),
  "a view with a property": () => Object.assign(new Int16Array([1, 2]), { unit: "mV" }),
  "a long view with a property": () => Object.assign(new Int16Array(1000), { unit: "mV" }),
  "a Buffer": () => Buffer.from("héllo"),
  "an ArrayBuffer": () => new Uint8Array([1, 2, 3]).buffer,
  "an empty ArrayBuffer": () => new ArrayBuffer(0),
  "a DataView": () => new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
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
};

describe("a round trip gives the same value:", () => {
  for (const [name, make] of Object.entries(values)) {
    it(name, () => {
      expect(difference(make(), roundTrip(make()))).toBeUndefined();
    });
    it(`${name}, beside things that need the graph form`, () => {
      const beside = () => [{ nested: make() }, new Map([["k", make()]]), -0];
      expect(difference(beside(), roundTrip(beside()))).toBeUndefined();
    });
  }

  it("arguments of a call", () => {
    const list = (function (..._items: unknown[]) {
      // oxlint-disable-next-line prefer-rest-params
      return arguments;
    })(1, { a: 2 }, undefined);
    const back = roundTrip(list);
    expect(Object.prototype.toString.call(back)).toBe("[object Arguments]");
    expect([...back]).toEqual([1, { a: 2 }, undefined]);
  });
});

describe("plain messages", () => {
  const message = { kind: "call", id: "task-01", args: [1, 2.5, "x", null, true], options: { retries: 3 } };

  it("are msgpack as it stands", () => {
    expect(pack(message).bytes[0]).toBe(0x84);
  });

  it("keep their bytes when other messages follow", () => {
    const first = pack(message);
    const before = Buffer.from(first.bytes).toString("hex");
    for (let n = 0; n < 200; n++) pack({ ...message, id: `other-${n}` });
    expect(Buffer.from(first.bytes).toString("hex")).toBe(before);
  });

  it("do not hold on to the memory of a large one before them", () => {
    pack(Array.from({ length: 200_000 }, (_, n) => `item ${n}`));
    expect(pack(message).bytes.buffer.byteLength).toBeLessThanOrEqual(64 * 1024);
  });
});

describe("identity inside a value", () => {
  it("survives when two places share an object", () => {
    const shared = { n: 1 };
    const back = roundTrip({ a: shared, list: [shared], map: new Map([[shared, shared]]) });
    expect(back.list[0]).toBe(back.a);
    expect([...back.map][0]).toEqual([back.a, back.a]);
    expect([...back.map.keys()][0]).toBe(back.a);
  });

  it("survives cycles through every kind of container", () => {
    const root: Record<string, unknown> = {};
    root["self"] = root;
    root["array"] = [root];
    root["map"] = new Map<unknown, unknown>([[root, root]]);
    root["set"] = new Set([root]);
    root["error"] = new Error("with a cycle", { cause: root });
    root["prototype"] = Object.create(root);
    expect(difference(root, roundTrip(root))).toBeUndefined();
  });

  it("of a unique symbol is kept within the value and between values", () => {
    const key = Symbol("key");
    const back = roundTrip<{ key: symbol; object: Record<symbol, symbol> }>({ key, object: { [key]: key } });
    expect(back.object[back.key]).toBe(back.key);
    expect(back.key).toBe(key);
  });

  it("of search parameters belongs to their URL", () => {
    const url = new URL("https://example.org/?a=1");
    const back = roundTrip({ params: url.searchParams, url });
    back.params.set("a", "2");
    expect(back.url.href).toBe("https://example.org/?a=2");
    expect(back.url.searchParams).toBe(back.params);
  });
});

describe("a snapshot", () => {
  it("does not show what happens to the source afterwards", async () => {
    const source = { list: [1], map: new Map([["k", 1]]), date: new Date(0), bytes: new Uint8Array([1]) };
    const big = new Float64Array(10_000).fill(1);
    const { decode } = await import("./codec-harness.ts");
    const encoded = pack({ ...source, big });
    source.list.push(2);
    source.map.set("k", 2);
    source.date.setTime(5);
    source.bytes[0] = 9;
    big[0] = 9;
    const back = decode(encoded) as typeof source & { big: Float64Array };
    expect(back).toMatchObject({ list: [1], date: new Date(0), bytes: new Uint8Array([1]) });
    expect(back.map.get("k")).toBe(1);
    expect(back.big[0]).toBe(1);
  });

  it("never runs a getter", () => {
    let runs = 0;
    const source = {
      get count() {
        return ++runs;
      },
      plain: 1,
    };
    const back = roundTrip(source);
    expect(runs).toBe(0);
    expect(typeof Object.getOwnPropertyDescriptor(back, "count")?.get).toBe("function");
  });
});

describe("values of another realm", () => {
  it("come back as values of this one", () => {
    const foreign: unknown = runInNewContext(
      "[1, { map: new Map([[1, [/x/g, new Date(5)]]]), error: new RangeError('r') }]",
    );
    const back = roundTrip(foreign) as [number, { map: Map<number, [RegExp, Date]>; error: Error }];
    expect(back).toEqual([1, { map: new Map([[1, [/x/g, new Date(5)]]]), error: new RangeError("r") }]);
    expect(back[1].error).toBeInstanceOf(RangeError);
  });
});

describe("depth", () => {
  const depth = 100_000;

  it("of nested arrays costs no stack", () => {
    let list: unknown[] = [];
    for (let n = 0; n < depth; n++) list = [list];
    let back = roundTrip(list);
    let levels = 0;
    for (; back.length > 0; levels++) back = back[0] as unknown[];
    expect(levels).toBe(depth);
  });

  it("of a linked list of instances with a way back costs no stack", () => {
    class Item {
      next: Item | undefined;
      previous: Item | undefined;
    }
    const first = new Item();
    let last = first;
    for (let n = 1; n < depth; n++) {
      last.next = new Item();
      last.next.previous = last;
      last = last.next;
    }
    let count = 1;
    let back = roundTrip(first);
    expect(back).toBeInstanceOf(Item);
    for (; back.next !== undefined; back = back.next) count++;
    expect(count).toBe(depth);
  });

  it("of errors with causes costs no stack", () => {
    let error = new Error("first");
    for (let n = 0; n < 10_000; n++)
      error = Object.assign(new Error("next", { cause: error }), { stack: "s" });
    let levels = 0;
    for (let at: unknown = roundTrip(error); at instanceof Error; at = at.cause) levels++;
    expect(levels).toBe(10_001);
  });
});

it("the table above names every value once", () => {
  expect(Object.keys(values).length).toBeGreaterThan(70);
  expect(inspect(values["an empty object"]?.())).toBe("{}");
});
