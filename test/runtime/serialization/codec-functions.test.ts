import { createRequire } from "node:module";
import { afterAll, describe, expect, it } from "vitest";
import { decode, Echo, pack, prepare, roundTrip } from "./codec-harness.ts";

describe("functions and classes among the values, in another thread:", () => {
  const echo = new Echo();
  afterAll(() => echo.close());

  it("closures with captured data", async () => {
    const table = new Map([["a", { factor: 3 }]]);
    expect(await echo.run((x: number) => x * (table.get("a")?.factor ?? 0), 14)).toBe(42);
  });

  it("instances with their class, methods, accessors and symbol keys", async () => {
    const tag = Symbol("tag");
    class Point {
      [tag] = "tagged";
      x: number;
      constructor(x: number) {
        this.x = x;
      }
      get double(): number {
        return this.x * 2;
      }
      moved(by: number): Point {
        return new Point(this.x + by);
      }
    }
    const answer = await echo.run(
      (point: Point) => ({ point: point.moved(1), double: point.double, tag: point[tag] }),
      new Point(20),
    );
    expect(answer.point).toBeInstanceOf(Point);
    expect(answer).toMatchObject({ double: 40, tag: "tagged", point: { x: 21, [tag]: "tagged" } });
  });

  it("subclasses of builtins", async () => {
    class Stack extends Array<number> {
      get top(): number | undefined {
        return this.at(-1);
      }
    }
    class Index extends Map<string, number> {
      override get(key: string): number {
        return super.get(key) ?? -1;
      }
    }
    const on = { stack: new Stack(1, 2, 3), index: new Index([["a", 1]]) };
    const answer = await echo.run(
      ({ stack, index }: typeof on) =>
        [stack.top, stack.length, index.get("a"), index.get("b"), { stack, index }] as const,
      on,
    );
    expect(answer.slice(0, 4)).toEqual([3, 3, 1, -1]);
    expect(answer[4].stack).toBeInstanceOf(Stack);
    expect(answer[4].index).toBeInstanceOf(Index);
  });

  it("getters and setters of plain objects", async () => {
    const cell = {
      raw: 1,
      get value(): number {
        return this.raw * 10;
      },
      set value(next: number) {
        this.raw = next;
      },
    };
    const run = (on: typeof cell): number[] => {
      on.value = 4;
      return [on.raw, on.value];
    };
    expect(await echo.run(run, cell)).toEqual([4, 40]);
    expect(cell.raw).toBe(1);
  });

  it("data, class and instance that refer to each other", async () => {
    const config: { name: string; Type?: unknown; first?: unknown } = { name: "cfg" };
    class Service {
      static label = `made for ${config.name}`;
      readonly config = config;
    }
    config.Type = Service;
    config.first = new Service();
    const run = (on: typeof config): unknown[] => {
      const first = on.first as Service;
      return [
        Service.label,
        first instanceof Service,
        first.config === on,
        on.Type === Service,
        Object.keys(on),
      ];
    };
    expect(await echo.run(run, config)).toEqual([
      "made for cfg",
      true,
      true,
      true,
      ["name", "Type", "first"],
    ]);
  });

  it("static initialisers see the data that they capture, functions in it included", async () => {
    const settings = { scale: (x: number) => x * 2, base: [20, 1] };
    class Derived {
      readonly own = 1;
      static total = settings.scale(settings.base[0] ?? 0) + (settings.base[1] ?? 0);
    }
    const holder = { settings, Derived };
    expect(await echo.run((on: typeof holder) => on.Derived.total, holder)).toBe(41);
  });

  it("a Map in insertion order whose keys are functions and classes", async () => {
    class Key {
      readonly own = 1;
    }
    const fn = (): number => 1;
    const map = new Map<unknown, number>([
      ["first", 0],
      [Key, 1],
      [fn, 2],
      [{ data: true }, 3],
      [Key.prototype, 4],
    ]);
    const run = (on: typeof map): string[] => [...on].map(([key, n]) => `${typeof key}${n}`);
    expect(await echo.run(run, map)).toEqual(["string0", "function1", "function2", "object3", "object4"]);
  });

  it("functions that recurse, also through each other", async () => {
    const even = (n: number): boolean => n === 0 || odd(n - 1);
    const odd = (n: number): boolean => n !== 0 && even(n - 1);
    expect(await echo.run(even, 10)).toBe(true);
  });

  it("one class per thread, however many values bring it", async () => {
    class Marked {
      readonly own = 1;
    }
    const first = (await echo.run((value: Marked) => [value, Marked], new Marked())) as [Marked, unknown];
    expect(first[0]).toBeInstanceOf(Marked);
    expect(first[1]).toBe(Marked);
    expect(await echo.run((value: Marked) => value instanceof Marked, first[0])).toBe(true);
  });

  it("functions that another thread passes on keep what was put onto them", async () => {
    class Tuned {
      shown(): number {
        return 1;
      }
    }
    Object.defineProperty(Tuned.prototype, "shown", { enumerable: true });
    const bound = Object.assign(((x: number) => x).bind(null, 1), { extra: { x: 1 } });
    const length = Object.defineProperty((_a: number) => 1, "length", { value: 7 });
    const frozen = Object.freeze(Object.assign(() => 1, { x: 1 }));
    const echoed = (await echo.send([bound, length, frozen])) as [typeof bound, Function, typeof frozen];
    expect(echoed[0]()).toBe(1);
    expect(echoed[0].extra).toEqual({ x: 1 });
    expect(echoed[1].length).toBe(7);
    expect([Object.isFrozen(echoed[2]), echoed[2].x]).toEqual([true, 1]);
    const other = new Echo();
    try {
      // From the first thread to the second, by way of this one.
      const run = ({ f, T }: { f: typeof bound; T: typeof Tuned }): unknown => [
        f.extra.x,
        Object.keys(T.prototype),
      ];
      expect(await other.run(run, { f: echoed[0], T: Tuned })).toEqual([1, ["shown"]]);
    } finally {
      await other.close();
    }
  });

  it("frozen functions' holders stay frozen", async () => {
    const api = Object.freeze({ call: () => 7, list: Object.freeze([() => 8]) });
    const run = (on: typeof api): unknown[] => [
      Object.isFrozen(on),
      on.call(),
      on.list[0]?.(),
      Object.isFrozen(on.list),
    ];
    expect(await echo.run(run, api)).toEqual([true, 7, 8, true]);
  });
});

describe("imports", () => {
  // Loaded by Node: vitest would make a copy of its own.
  const { helper, Helper } = createRequire(import.meta.url)("../../fixtures/serialization/helper.mjs") as {
    helper: (x: number) => number;
    Helper: new (base: number) => { twice(): number };
  };

  it("travel as references, which prepare loads", async () => {
    const encoded = pack({ helper, instance: new Helper(20) });
    expect(Buffer.from(encoded.bytes).includes("fixtures/serialization/helper.mjs")).toBe(true);
    await prepare(encoded);
    const back = decode(encoded) as { helper: unknown; instance: unknown };
    expect(back.helper).toBe(helper);
    expect(back.instance).toBeInstanceOf(Helper);
  });

  it("are not looked for in plain values, nor in graphs without any", () => {
    expect(prepare(pack({ plain: [1] }))).toBeUndefined();
    expect(prepare(pack({ date: new Date(0) }))).toBeUndefined();
  });

  it("work in another thread", async () => {
    const echo = new Echo();
    try {
      const on = { helper, instance: new Helper(20) };
      expect(await echo.run(({ helper: add, instance }: typeof on) => add(instance.twice()), on)).toBe(41);
    } finally {
      await echo.close();
    }
  });
});

describe("functions in the same thread", () => {
  it("are made anew, and classes are not", () => {
    class Same {
      readonly own = 1;
    }
    const fn = (): unknown => Same;
    const back = roundTrip({ fn, Same, object: new Same() });
    expect(back.Same).toBe(Same);
    expect(back.object).toBeInstanceOf(Same);
    expect(back.fn()).toBe(Same);
  });
});
