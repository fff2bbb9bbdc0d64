import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { HttpError, Point } from "./codec-cases.ts";
import { Echo } from "./codec-harness.ts";

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
