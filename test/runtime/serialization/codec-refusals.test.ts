import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { inspectSerializability } from "../../../packages/runtime/dist/serialization/inspect.js";
import { Locked } from "./codec-cases-refused.ts";
import { refusal } from "./codec-harness.ts";

describe("the path", () => {
  const socket = new Socket();
  const steps: Record<string, unknown> = {
    args: socket,
    "args[0].socket": [{ socket }],
    'args[0].get("k")': [new Map([["k", socket]])],
    "args.get(7)": new Map([[7, socket]]),
    "args (key 1)": new Map<unknown, number>([
      ["a", 1],
      [socket, 2],
    ]),
    "args (element 1)": new Set([1, socket]),
    'args["with space"]': { "with space": socket },
    'args[""]': { "": socket },
    "args[Symbol(s)]": { [Symbol("s")]: socket },
    "args.get(key 0).x": new Map([[{}, { x: socket }]]),
  };
  for (const [path, value] of Object.entries(steps)) {
    it(`reads ${path}`, () => {
      expect(refusal(value).path).toBe(path);
    });
  }

  it("starts with the label", () => {
    expect(refusal({ socket }, "return value of square").path).toBe("return value of square.socket");
  });

  it("goes on behind a captured variable", () => {
    const cfg = { db: { pool: { socket } } };
    const { path, message } = refusal([() => cfg.db.pool]);
    expect(path).toMatch(/^args\[0\] -> captured 'cfg'.* -> \.db -> \.pool -> \.socket$/);
    expect(message).toContain("refusal([() => cfg.db.pool])");
    expect(message).toContain("Hint: ");
  });

  it("goes on behind the class of an instance", () => {
    const pool = { socket };
    class Store {
      read(): unknown {
        return pool.socket;
      }
    }
    expect(refusal([new Store()]).path).toMatch(
      /^args\[0\] -> class Store -> captured 'pool'.* -> \.socket$/,
    );
  });

  it("goes through a getter without running it", () => {
    const value = {
      get now() {
        return socket;
      },
    };
    expect(refusal(value).path).toMatch(/^args -> get now -> captured 'socket'/);
  });
});

describe("inspectSerializability", () => {
  it("says yes to what can be sent", () => {
    const report = inspectSerializability({ a: [1, new Map()] }, { name: "config" });
    expect(report).toMatchObject({ serializable: true, issues: [] });
    expect(String(report)).toBe("config can be sent to another thread");
  });

  it("names every problem at once", () => {
    const socket = new Socket();
    const report = inspectSerializability(
      { a: socket, b: [Promise.resolve(1), 2, new WeakMap()], c: () => socket.end(), d: new Locked() },
      { name: "config" },
    );
    expect(report.serializable).toBe(false);
    expect(report.issues.map(({ path }) => path)).toEqual([
      "config.a",
      "config.d",
      "config.b[0]",
      "config.b[2]",
    ]);
    expect(String(report)).toContain("config.b[0]: a Promise\n    Hint: Await it first");
  });

  it("holds no live values", () => {
    const report = inspectSerializability([Promise.resolve(1)]);
    for (const issue of report.issues) {
      for (const field of Object.values(issue)) expect(typeof field).toBe("string");
    }
  });

  it("does not complain about what an error may leave behind", () => {
    const error = Object.assign(new Error("failed"), { socket: new Socket() });
    expect(inspectSerializability(error).serializable).toBe(true);
  });
});
