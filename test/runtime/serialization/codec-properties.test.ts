import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unpackSmall } from "../../../packages/runtime/dist/serialization/read-small.js";
import { packSmall } from "../../../packages/runtime/dist/serialization/write-small.js";
import { allocate, decode, encodeArguments, pack, roundTrip, type Encoded } from "./codec-harness.ts";
import { difference, holes } from "./codec-same.ts";

/** Any primitive but unique symbols. */
const primitive: fc.Arbitrary<unknown> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.integer({ min: 0xd7f0, max: 0xe00f }).map((unit) => String.fromCharCode(unit)),
    maxLength: 4,
  }),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  fc.boolean(),
  fc.constantFrom(null, undefined, Symbol.iterator, Symbol.for("a")),
);

const key: fc.Arbitrary<string | symbol> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 3 }),
  fc.constantFrom("__proto__", "constructor", "0", "length", "then", Symbol.for("k"), Symbol.toStringTag),
);

/** How one object of the graph is made, and what it holds: primitives, or the numbers of other objects. */
interface Blueprint {
  readonly make: number;
  readonly entries: readonly {
    readonly key: string | symbol;
    readonly to: number | undefined;
    readonly leaf: unknown;
  }[];
  readonly close: number;
}

const blueprint: fc.Arbitrary<Blueprint> = fc.record({
  make: fc.nat({ max: 16 }),
  entries: fc.array(fc.record({ key, to: fc.option(fc.nat(), { nil: undefined }), leaf: primitive }), {
    maxLength: 5,
  }),
  close: fc.nat({ max: 9 }),
});

const makers: readonly (() => object)[] = [
  () => ({}),
  () => [],
  () => new Map(),
  () => new Set(),
  () => Object.create(null) as object,
  () => new RangeError("message"),
  () => new Date(5),
  () => new Uint16Array([1, 2]),
  () => Object.create({ inherited: true }) as object,
  () => new DataView(new ArrayBuffer(9), 1, 3),
  () => Buffer.from("pooled"),
  () => new Float64Array(SHARED_MEMORY, 8, 2),
  () => new Uint8Array(SHARED_MEMORY, 3, 20),
  () => new Date(NaN),
  () => Object.assign(/a/g, { lastIndex: 1 }),
  () => Object(0n) as object,
  () => new URLSearchParams("a=1"),
];
const SHARED_MEMORY = new ArrayBuffer(40);

/** Builds a graph with sharing and cycles; every object may refer to every other. */
function build(blueprints: readonly Blueprint[]): object {
  const objects = blueprints.map(({ make }) => makers[make]?.() ?? {});
  for (const [index, { entries }] of blueprints.entries()) {
    for (const entry of entries) {
      const value = entry.to === undefined ? entry.leaf : objects[entry.to % objects.length];
      put(objects[index] ?? {}, entry.key, value);
    }
  }
  for (const [index, { close }] of blueprints.entries()) {
    const object = objects[index];
    if (object === undefined || ArrayBuffer.isView(object)) continue;
    if (close === 0) Object.freeze(object);
    if (close === 1) Object.seal(object);
    if (close === 2) Object.preventExtensions(object);
  }
  return objects[0] ?? {};
}

function put(object: object, name: string | symbol, value: unknown): void {
  if (object instanceof Map) object.set(value, name);
  else if (object instanceof Set) object.add(value);
  else if (Array.isArray(object) && name !== "length") object.push(value);
  else if (name === Symbol.toStringTag || name === "length" || (ArrayBuffer.isView(object) && name === "0"))
    return;
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

describe("any graph", () => {
  it("comes back the same, with its sharing, cycles, order and attributes", () => {
    fc.assert(
      fc.property(fc.array(blueprint, { minLength: 1, maxLength: 12 }), (blueprints) => {
        const graph = build(blueprints);
        expect(difference(graph, roundTrip(graph))).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });

  it("made of JSON-like data takes the plain path or the graph path to the same result", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true, maxDepth: 5 }), (value) => {
        expect(difference(value, roundTrip(value))).toBeUndefined();
        expect(difference([value, -0], roundTrip([value, -0]))).toBeUndefined();
      }),
      { numRuns: 400 },
    );
  });
});

describe("arguments of a call", () => {
  const view = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.float64Array({ maxLength: 10 }),
    fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.int16Array({ minLength: 4, maxLength: 10 }).map((numbers) => numbers.subarray(1, 3)),
  );
  const { argument } = fc.letrec((tie) => ({
    argument: fc.oneof({ maxDepth: 4 }, primitive, view, tie("list"), tie("record")),
    list: fc.array(tie("argument"), { maxLength: 6 }),
    record: fc.dictionary(fc.string({ unit: "binary", maxLength: 12 }), tie("argument"), { maxKeys: 6 }),
  }));

  it("come back the same, whether they are short or long, alone or twice in the list", () => {
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 5 }), fc.boolean(), (list, isTwice) => {
        const args = isTwice ? [...list, list[0]] : list;
        const back = decode(encodeArguments(args, { label: "args", allocate }));
        expect(difference(args, back)).toBeUndefined();
        expect(difference(args, roundTrip(args))).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it("are packed by the fast path and by the general one into bytes that read the same", () => {
    fc.assert(
      fc.property(argument, (value) => {
        const small = packSmall(value);
        if (small === undefined) return;
        expect(difference(unpackSmall(small), decodeLong(value))).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  /** The value after a way on which something beside it keeps it off the fast path. */
  function decodeLong(value: unknown): unknown {
    const encoded = pack([value, new Map()]);
    expect(encoded.bytes[0]).toBe(0xc1);
    return (decode(encoded) as unknown[])[0];
  }
});

describe("damaged bytes", () => {
  const samples: readonly unknown[] = [
    [1, "short", [new Uint8Array([1, 2, 3]), -0.5, undefined, 2n ** 40n], { key: new Float64Array(3) }],
    { kind: "call", args: [1, 2.5, "text", null, [true, { deep: "x".repeat(50) }]] },
    build([
      {
        make: 0,
        entries: [
          { key: "a", to: 1, leaf: 0 },
          { key: "b", to: 2, leaf: 0 },
        ],
        close: 9,
      },
      {
        make: 2,
        entries: [
          { key: "k", to: 3, leaf: 0 },
          { key: "l", to: 0, leaf: 0 },
        ],
        close: 9,
      },
      {
        make: 1,
        entries: [
          { key: "", to: 4, leaf: 0 },
          { key: "", to: undefined, leaf: -0 },
        ],
        close: 0,
      },
      { make: 3, entries: [{ key: "", to: 5, leaf: 0 }], close: 9 },
      { make: 7, entries: [], close: 9 },
      { make: 8, entries: [{ key: "__proto__", to: 0, leaf: 0 }], close: 1 },
    ]),
    [
      new URL("https://example.org/?a=1"),
      /a+/giu,
      new Date(0),
      10n ** 30n,
      "\ud800",
      Symbol.for("s"),
      Object("b"),
    ],
    [new AggregateError([new TypeError("x")], "m", { cause: 1 }), new DOMException("m", "AbortError")],
    // oxlint-disable-next-line no-sparse-arrays
    [new Float64Array(3), new DataView(new ArrayBuffer(9), 1), new ArrayBuffer(3), [1, , 2], holes(9)],
    { big: new Uint8Array(70_000), shared: new SharedArrayBuffer(8) },
  ];
  const encoded = samples.map((sample) => pack(sample));

  /** Decodes; anything but a value or a SerializationError is a failure. */
  function attempt(candidate: Encoded): void {
    try {
      decode(candidate);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "SerializationError") throw error;
    }
  }

  it("with some bytes changed give a value or a SerializationError, and nothing else", () => {
    const change = fc.record({ at: fc.nat(), to: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(fc.nat(), fc.array(change, { minLength: 1, maxLength: 4 }), (which, changes) => {
        const original = encoded[which % encoded.length] as Encoded; // `which` is reduced to an index.
        const bytes = Uint8Array.from(original.bytes);
        for (const { at, to } of changes) bytes[at % bytes.length] = to;
        attempt({ ...original, bytes });
      }),
      { numRuns: 4000 },
    );
  });

  it("cut short throw SerializationError", () => {
    for (const original of encoded) {
      for (let length = 0; length < Math.min(original.bytes.length, 300); length++) {
        const bytes = original.bytes.slice(0, length);
        expect(() => decode({ ...original, bytes })).toThrow(
          expect.objectContaining({ code: "MANTA_SERIALIZATION" }),
        );
      }
    }
  });

  it("without their buffers throw SerializationError", () => {
    expect(() => decode({ ...(encoded.at(-1) as Encoded), buffers: [] })).toThrow(
      /buffer out of band is missing/,
    );
    const short = {
      ...(encoded.at(-1) as Encoded),
      buffers: [new SharedArrayBuffer(8), new SharedArrayBuffer(8)],
    };
    expect(() => decode(short)).toThrow(expect.objectContaining({ code: "MANTA_SERIALIZATION" }));
  });

  it("of random content give a value or a SerializationError, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (noise, isGraph) => {
        const bytes = isGraph ? Uint8Array.from([0xc1, 0, 0x92, ...noise]) : noise;
        attempt({ bytes, buffers: [], tracked: [] });
      }),
      { numRuns: 4000 },
    );
  });
});
