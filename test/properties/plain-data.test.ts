/** Messages without a layout of their own: whatever plain data they hold, it comes out as it went in. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { appendData, readData } from "../../packages/runtime/dist/transport/plain-data.js";
import { scratch } from "../../packages/runtime/dist/transport/scratch.js";

/** Over the wire: the reader gets a copy, and somewhere in the middle of other bytes. */
function there(value: unknown, at: number): unknown {
  const end = appendData(at, value);
  return readData(Buffer.from(scratch.bytes.subarray(0, end)), at);
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const leaf = fc.oneof(
  fc.constantFrom(null, undefined, true, false, -0, NaN, Infinity, 2 ** 31, -(2 ** 31), 2 ** 53, ""),
  fc.integer(),
  fc.double(),
  fc.string({ unit: "binary", maxLength: 60 }),
  bytes,
);
const key = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "constructor", "t"));
const { data } = fc.letrec((tie) => ({
  data: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("data")), fc.dictionary(key, tie("data"))),
}));

describe("plain data in a message", () => {
  it("comes out as it went in", () => {
    fc.assert(
      fc.property(data, fc.nat(100), (value, at) => {
        expect(there(value, at)).toEqual(withOrdinaryPrototypes(value));
      }),
    );
  });

  it("may be longer than the memory in which messages are written", () => {
    const value = ["x".repeat(300_000), Buffer.alloc(300_000, 7), "\u00e9".repeat(200_000)];
    expect(there(value, 5)).toEqual(value);
  });

  it("is nothing else", () => {
    for (const value of [() => 1, Symbol("s"), 1n, [{ deep: () => 1 }]])
      expect(() => appendData(0, value)).toThrow(/a message holds a (?:function|symbol|bigint)/);
    expect(() => readData(Buffer.of(99), 0)).toThrow("something of kind 99");
  });
});

/** fast-check makes some objects without a prototype; messages make none. */
function withOrdinaryPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOrdinaryPrototypes);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, withOrdinaryPrototypes(item)]),
  );
}
