/** Functions that are written in a test file, as users write them: vitest has transformed everything around them. */
import { basename } from "node:path";
import { Session } from "node:inspector";
import pc from "picocolors";
import { afterAll, describe, expect, it, vi } from "vitest";

import { encode } from "../../../packages/runtime/dist/serialization/codec.js";
import { config, LocalBase } from "../../fixtures/functions/lib/own.mjs";
import { mocked } from "../../fixtures/functions/lib/mocked.mjs";
import { ship, stopWorker } from "../../fixtures/functions/ship.mjs";
import Greeter, { bump, counter, doubled } from "../../fixtures/functions/typescript-lib.ts";
import * as library from "../../fixtures/functions/typescript-lib.ts";

vi.mock("../../fixtures/functions/lib/mocked.mjs", () => ({ mocked: (): string => "mocked" }));

const moduleLevel = 10;
let assigned = 0;
const assign = (): number => ++assigned;

class Account {
  #balance = moduleLevel;
  static opened = 0;
  deposit(amount: number): number {
    return (this.#balance += amount);
  }
}

class Savings extends LocalBase {
  override who(): string {
    return `savings of ${super.who()}`;
  }
}

const encodeIt = (value: unknown): unknown =>
  encode(value, { label: "fn", allocate: (bytes: number) => new SharedArrayBuffer(bytes) });

afterAll(stopWorker);

describe("a function in a test file", () => {
  it("captures variables of the test and of the module", async () => {
    const local = 5;
    const helper = (x: number): number => x + local;
    expect(await ship((x: number) => helper(x) + moduleLevel, 1)).toBe(16);
  });

  it("uses imports of built-in modules, packages and own JavaScript", async () => {
    expect(await ship(() => [basename("/a/b"), typeof pc.red("x"), config.name])).toEqual([
      "b",
      "string",
      "own",
    ]);
  });

  it("uses imports of own TypeScript, which the worker cannot load", async () => {
    expect(await ship(() => [doubled(), library.levels.low])).toEqual([42, 1]);
    expect(await ship(() => new Greeter().greet({ name: "you" }))).toBe("hi you 1");
  });

  it("sees what a function of a TypeScript module does to its exported variable", async () => {
    const difference = await ship(() => {
      const before = counter;
      bump();
      return counter - before;
    });
    expect(difference).toBe(1);
  });

  it("shares assigned variables with its helpers", async () => {
    expect(await ship(() => [assign(), assign(), assigned])).toEqual([1, 2, 2]);
    expect(assigned).toBe(0);
  });

  it("uses classes with private fields, and classes that extend imported ones", async () => {
    expect(await ship(() => [new Account().deposit(5), new Savings().who()])).toEqual([
      15,
      "savings of local base",
    ]);
  });

  it("gets back instances of the classes that it has", async () => {
    class Point {
      readonly x: number;
      constructor(x: number) {
        this.x = x;
      }
    }
    const point = await ship(() => new Point(3));
    expect(point).toBeInstanceOf(Point);
    expect(point).toEqual(new Point(3));
  });

  it("imports dynamically, from the point of view of the test file", async () => {
    const name = await ship(async () => (await import("../../fixtures/functions/lib/own.mjs")).config.name);
    expect(name).toBe("own");
    expect(await ship(() => import.meta.url)).toBe(import.meta.url);
  });

  it("takes mocked modules along as they are mocked", async () => {
    expect(await ship(() => mocked())).toBe("mocked");
  });

  it("throws with the line of the test file in its stack", async () => {
    const failure: { remoteStack: string } = await ship(() => {
      throw new Error("here");
    }).catch((error: unknown) => error as { remoteStack: string });
    const line = Number(/functions-in-vitest\.test\.ts:(\d+)/.exec(failure.remoteStack)?.[1]);
    expect(line).toBe(104);
  });

  it("is refused with the place in the test file when it holds something that cannot travel", () => {
    const socket = { handle: Promise.resolve() };
    expect(() => encodeIt(() => socket.handle)).toThrow(
      /captured 'socket' \(used at functions-in-vitest\.test\.ts:\d+:\d+\) -> \.handle/,
    );
  });
});

describe("a capture", () => {
  it("leaves no inspector session connected, whether it succeeds or fails", () => {
    const connect = vi.spyOn(Session.prototype, "connect");
    const disconnect = vi.spyOn(Session.prototype, "disconnect");
    try {
      const promise = Promise.resolve();
      encodeIt(() => moduleLevel);
      expect(() => encodeIt(() => promise)).toThrow(/Promise/);
      expect(() => encodeIt({ deep: [() => encodeIt(promise)] })).toThrow(/Promise/);
      expect(connect.mock.calls.length).toBeGreaterThanOrEqual(3);
      expect(disconnect).toHaveBeenCalledTimes(connect.mock.calls.length);
    } finally {
      vi.restoreAllMocks();
    }
  });

  it("opens one session for all functions of a value", () => {
    const connect = vi.spyOn(Session.prototype, "connect");
    try {
      encodeIt(Array.from({ length: 20 }, (_, at) => () => at));
      expect(connect).toHaveBeenCalledTimes(1);
    } finally {
      vi.restoreAllMocks();
    }
  });
});
