import { describe, expect, it } from "vitest";
import { pack, refusal, roundTrip } from "./codec-harness.ts";
import { difference } from "./codec-same.ts";

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

describe("depth", () => {
  const depth = 100_000;

  /** Each wraps the value of the level below, and finds it again. */
  const shapes: Record<string, [wrap: (inner: unknown) => unknown, unwrap: (outer: unknown) => unknown]> = {
    "nested arrays": [(inner) => [inner], (outer) => (outer as unknown[])[0]],
    "nested objects": [(inner) => ({ inner }), (outer) => (outer as { inner: unknown }).inner],
    "nested maps": [(inner) => new Map([["k", inner]]), (outer) => (outer as Map<string, unknown>).get("k")],
    "maps nested in keys": [
      (inner) => new Map([[inner, 1]]),
      (outer) => (outer as Map<unknown, number>).keys().next().value,
    ],
    "nested sets": [(inner) => new Set([inner]), (outer) => (outer as Set<unknown>).values().next().value],
    "frozen objects": [(inner) => Object.freeze({ inner }), (outer) => (outer as { inner: unknown }).inner],
    "errors with causes": [
      (inner) => Object.assign(new Error("next", { cause: inner }), { stack: "s" }),
      (outer) => (outer as Error).cause,
    ],
    "errors of errors": [
      (inner) => Object.assign(new AggregateError([inner], "next"), { stack: "s" }),
      (outer) => (outer as AggregateError).errors[0] as unknown,
    ],
  };
  for (const [name, [wrap, unwrap]] of Object.entries(shapes)) {
    it(`of ${name} costs no stack, there and back`, () => {
      let value: unknown = "innermost";
      for (let n = 0; n < depth; n++) value = wrap(value);
      let levels = 0;
      for (let back = roundTrip(value); back !== "innermost"; back = unwrap(back)) levels++;
      expect(levels).toBe(depth);
    });
  }

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

  it("of what cannot be carried is named in a path of bearable length", () => {
    let value: unknown = Promise.resolve();
    for (let n = 0; n < depth; n++) value = [value];
    const { path, message } = refusal(value);
    expect(path).toMatch(/^args(\[0\]){20}.*\(99960 steps\).*(\[0\]){20}$/);
    expect(message.length).toBeLessThan(1000);
  });
});
