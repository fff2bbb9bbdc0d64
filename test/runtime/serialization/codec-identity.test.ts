import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { HttpError, Point } from "./codec-cases.ts";
import { Echo, pack } from "./codec-harness.ts";

describe("a class has one identity per thread:", () => {
  const echo = new Echo();
  afterAll(() => echo.close());

  it("instances that come in two payloads are of the same class", async () => {
    const first = await echo.run((point: Point) => ({ point, Class: point.constructor }), new Point(1));
    expect(first.point).toBeInstanceOf(Point);
    expect(first.Class).toBe(Point);
    const isSame = await echo.run(
      ({ point, Class }: { point: Point; Class: Function }) =>
        point instanceof Class &&
        point.constructor === Class &&
        Object.getPrototypeOf(point) === Class.prototype,
      { point: new Point(2), Class: Point },
    );
    expect(isSame).toBe(true);
  });

  it("what the class remembers there is there for the next payload", async () => {
    class Counter {
      static made = 0;
      next(): number {
        return ++Counter.made;
      }
    }
    expect(await echo.run((counter: Counter) => counter.next(), new Counter())).toBe(1);
    expect(await echo.run((counter: Counter) => counter.next(), new Counter())).toBe(2);
    expect(Counter.made).toBe(0);
  });

  describe("what its own thread changes after it was sent", () => {
    it("arrives with the next value: statics that are new, assigned, changed within or taken away", async () => {
      class Registry {
        static limit = 1;
        static readonly names = new Map([["a", 1]]);
        static extra?: () => number;
        readonly own = 1;
      }
      const look = ({ Registry: here }: { Registry: typeof Registry }): unknown[] => [
        here.limit,
        [...here.names.keys()],
        here.extra?.(),
      ];
      expect(await echo.run(look, { Registry })).toEqual([1, ["a"], undefined]);
      Registry.limit = 2;
      Registry.names.set("b", 2);
      const answer = 42;
      Registry.extra = () => answer;
      expect(await echo.run(look, { Registry })).toEqual([2, ["a", "b"], 42]);
      Reflect.deleteProperty(Registry, "extra");
      Reflect.deleteProperty(Registry, "limit");
      expect(await echo.run(look, { Registry })).toEqual([undefined, ["a", "b"], undefined]);
    });

    it("arrives with instances of a class that had nothing but code, too", async () => {
      class Bare {
        static added?: number;
        readonly own = 1;
      }
      const look = (bare: Bare): unknown => (bare.constructor as typeof Bare).added;
      expect(await echo.run(look, new Bare())).toBe(undefined);
      Bare.added = 5;
      expect(await echo.run(look, new Bare())).toBe(5);
      expect(await echo.run(look, new Bare())).toBe(5);
      Bare.added = 6;
      expect(await echo.run(look, new Bare())).toBe(6);
    });

    it("is patched, and unpatched, on the prototype", async () => {
      class Greeter {
        hello(): string {
          return "hello";
        }
      }
      const look = (greeter: Greeter): string => greeter.hello();
      const written = Object.getOwnPropertyDescriptor(Greeter.prototype, "hello") ?? {};
      expect(await echo.run(look, new Greeter())).toBe("hello");
      Greeter.prototype.hello = () => "patched";
      expect(await echo.run(look, new Greeter())).toBe("patched");
      Object.defineProperty(Greeter.prototype, "hello", written);
      expect(await echo.run(look, new Greeter())).toBe("hello");
      Reflect.deleteProperty(Greeter.prototype, "hello");
      expect(await echo.run((greeter: Greeter) => typeof greeter.hello, new Greeter())).toBe("undefined");
      Object.defineProperty(Greeter.prototype, "hello", written);
      expect(await echo.run(look, new Greeter())).toBe("hello");
    });

    it("leaves alone what it did not change, and never comes back from there", async () => {
      class Ids {
        static next = 1;
        static step = 1;
        static readonly given: number[] = [];
        readonly own = 1;
      }
      const take = ({ Ids: here }: { Ids: typeof Ids }): number[] => {
        here.given.push((here.next += here.step));
        return here.given;
      };
      expect(await echo.run(take, { Ids })).toEqual([2]);
      Ids.step = 10;
      expect(await echo.run(take, { Ids })).toEqual([2, 12]);
      expect(await echo.run(() => new Ids(), undefined)).toBeInstanceOf(Ids);
      expect([Ids.next, Ids.given]).toEqual([1, []]);
    });

    it("is not undone by an older capture that comes later", async () => {
      class Dated {
        static state = "old";
        readonly own = 1;
      }
      const run = ({ Dated: here }: { Dated: typeof Dated }): string => here.state;
      const first = pack({ run, on: { Dated } });
      await echo.run(run, { Dated });
      Dated.state = "new";
      const second = pack({ run, on: { Dated } });
      expect(await echo.deliver(second)).toBe("new");
      expect(await echo.deliver(first)).toBe("new");
    });
  });

  it("a base class and its subclass that come apart belong together", async () => {
    class Base {
      base = true;
    }
    class Derived extends Base {
      derived = true;
    }
    await echo.send([new Base()]);
    const run = ({ Base: Here, item }: { Base: typeof Base; item: Derived }): boolean => item instanceof Here;
    expect(await echo.run(run, { Base, item: new Derived() })).toBe(true);
  });

  it("errors thrown there are of the user's own classes here", async () => {
    const { ImportedError } = createRequire(import.meta.url)("../../fixtures/serialization/errors.mjs") as {
      ImportedError: new (message: string) => TypeError;
    };
    class LocalError extends HttpError {}
    const kinds = { HttpError, LocalError, ImportedError };
    const run = ({ kind, classes }: { kind: keyof typeof kinds; classes: typeof kinds }): never => {
      if (kind === "ImportedError") throw new classes.ImportedError("remote");
      throw new classes[kind](500, "remote");
    };
    for (const kind of ["HttpError", "LocalError", "ImportedError"] as const) {
      const thrown: unknown = await echo.run(run, { kind, classes: kinds }).catch((error: unknown) => error);
      expect(Object.getPrototypeOf(thrown)).toBe(kinds[kind].prototype);
    }
  });
});

it("errors of classes in the main script come back as these very classes, from tasks and from actors", async () => {
  const program = fileURLToPath(new URL("../../fixtures/programs/thrown-classes.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  expect(stdout.trim().split("\n")).toEqual([
    "MainError true from a task false",
    "MainError true from an actor false",
    "DerivedError true from a task true",
    "DerivedError true from an actor true",
    "ImportedError true from a task false",
    "ImportedError true from an actor false",
  ]);
});
