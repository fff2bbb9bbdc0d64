import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { Readable } from "node:stream";
import { MessageChannel } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { inspectSerializability } from "../../../packages/runtime/dist/serialization/inspect.js";
import { refusal } from "./codec-harness.ts";

class Locked {
  #key = 1;
  open(): number {
    return this.#key;
  }
}
class LockedChild extends Locked {
  visible = true;
}
class Emitter extends EventEmitter {}

/** What is refused, and words that the message must have: what is there, and what to do. */
const refused: Record<string, [make: () => unknown, what: RegExp, hint: RegExp]> = {
  "a Promise": [() => Promise.resolve(1), /a Promise/, /Await it first, or pass the ObjectRef/],
  "a WeakMap": [() => new WeakMap(), /a WeakMap/, /Use a Map/],
  "a WeakSet": [() => new WeakSet(), /a WeakSet/, /Use a Map or a Set/],
  "a WeakRef": [() => new WeakRef({}), /WeakRef/, /object that it refers to/],
  "a generator": [() => (function* () {})(), /a generator in progress/, /Array\.from/],
  "an async generator": [() => (async function* () {})(), /a generator in progress/, /generator function/],
  "an array iterator": [() => [1].values(), /an iterator in progress/, /Collect/],
  "a map iterator": [() => new Map().entries(), /an iterator in progress/, /Collect/],
  "a string iterator": [() => "a"[Symbol.iterator](), /an iterator in progress/, /Collect/],
  "a match iterator": [() => "a".matchAll(/a/g), /an iterator in progress/, /Collect/],
  "a Proxy of an object": [() => new Proxy({ a: 1 }, {}), /a Proxy/, /object behind it/],
  "a Proxy of an array": [() => new Proxy([1], {}), /a Proxy/, /object behind it/],
  "an object that inherits from a Proxy": [
    () => Object.create(new Proxy({}, {})) as object,
    /Proxy/,
    /plain copy/,
  ],
  "a socket": [() => new Socket(), /Socket.*Stream/, /inside the task or in an actor/],
  "a stream": [() => Readable.from([1]), /Readable/, /inside the task/],
  "an EventEmitter": [() => new EventEmitter(), /EventEmitter/, /inside the task/],
  "a subclass of EventEmitter": [
    () => new Emitter(),
    /Emitter \(a kind of EventEmitter\)/,
    /inside the task/,
  ],
  "an AbortSignal": [() => new AbortController().signal, /AbortSignal/, /cancel\(ref\)/],
  "an AbortController": [() => new AbortController(), /AbortController/, /cancel\(ref\)/],
  "an Intl formatter": [() => new Intl.NumberFormat("en"), /NumberFormat/, /resolvedOptions/],
  "a MessagePort": [() => new MessageChannel().port1, /MessagePort/, /actor|Queue/],
  "a Blob": [() => new Blob(["x"]), /Blob/, /arrayBuffer/],
  "a hash in progress": [() => createHash("sha1"), /Hash/, /inside the task/],
  "a timer": [
    () => {
      const timer = setTimeout(() => undefined, 0);
      clearTimeout(timer);
      return timer;
    },
    /Timeout/,
    /./,
  ],
  "an instance with #private state": [
    () => new Locked(),
    /Locked.*private state \(#key\)/,
    /registerSerializer/,
  ],
  "an instance that inherits #private state": [
    () => new LockedChild(),
    /LockedChild.*#key/,
    /registerSerializer/,
  ],
  "a transferred ArrayBuffer": [
    () => {
      const buffer = new ArrayBuffer(8);
      structuredClone(buffer, { transfer: [buffer] });
      return buffer;
    },
    /transferred/,
    /copy/,
  ],
};

describe("a value that cannot be carried is refused with its path:", () => {
  for (const [name, [make, what, hint]] of Object.entries(refused)) {
    it(name, () => {
      const { path, message, code } = refusal([{ held: make() }]);
      expect({ path, code }).toEqual({ path: "args[0].held", code: "MANTA_SERIALIZATION" });
      expect(message.startsWith("args[0].held: cannot be sent to another thread: ")).toBe(true);
      expect(message).toMatch(what);
      expect(message).toMatch(hint);
    });
  }
});

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
