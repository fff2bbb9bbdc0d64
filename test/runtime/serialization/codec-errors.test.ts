import { Socket } from "node:net";
import { types } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import {
  ActorDiedError,
  GetTimeoutError,
  InvalidArgumentError,
  MantaError,
  SerializationError,
  TaskError,
} from "../../../packages/runtime/dist/core/errors.js";
import { HttpError } from "./codec-cases.ts";
import { Echo, pack, roundTrip } from "./codec-harness.ts";
import { difference } from "./codec-same.ts";

it("errors stay native errors", () => {
  expect(types.isNativeError(roundTrip(new RangeError("r")))).toBe(true);
});

describe("Manta's errors", () => {
  const errors: MantaError[] = [
    new MantaError("MANTA_TUNE", "tune"),
    new InvalidArgumentError("n", "must be a number"),
    new SerializationError("args[0]", "no"),
    new GetTimeoutError("late", 100),
    new TaskError("task failed", {
      cause: new HttpError(404, "nope"),
      fields: { taskId: "t1", taskName: "f" },
    }),
    new ActorDiedError("dead", { cause: new Error("why"), fields: { actorId: "a1" } }),
  ];
  for (const error of errors) {
    it(`${error.name} keeps code, fields and brand`, () => {
      const back = roundTrip(error);
      expect(back).toBeInstanceOf(MantaError);
      expect(Object.getPrototypeOf(back)).toBe(Object.getPrototypeOf(error));
      const keys = Object.getOwnPropertyNames(error);
      expect(Object.getOwnPropertyNames(back)).toEqual(keys);
      for (const key of keys)
        expect(difference(Reflect.get(error, key), Reflect.get(back, key))).toBeUndefined();
    });
  }

  it("of a user's subclass keep both", () => {
    class QuotaError extends MantaError {
      static override readonly className: string = "QuotaError";
      readonly left = 0;
    }
    const back = roundTrip(new QuotaError("MANTA_TUNE", "no quota"));
    expect(back).toBeInstanceOf(QuotaError);
    expect(back).toMatchObject({ name: "QuotaError", code: "MANTA_TUNE", left: 0 });
  });
});

describe("a user's error class", () => {
  it("comes back as itself", () => {
    const error = new HttpError(404, "nope", { cause: new HttpError(500, "inner") });
    const back = roundTrip(error);
    expect(difference(error, back)).toBeUndefined();
  });

  it("made in the old way comes back as itself", () => {
    function OldError(this: { message: string }, message: string): void {
      this.message = message;
    }
    OldError.prototype = Object.create(Error.prototype, { constructor: { value: OldError } }) as object;
    const error = Reflect.construct(OldError, ["m"]) as Error;
    expect(roundTrip(error)).toBeInstanceOf(OldError);
    expect(roundTrip(error).message).toBe("m");
  });

  it("that captures a socket becomes the nearest builtin class under its name", () => {
    const socket = new Socket();
    class DbError extends RangeError {
      override name = "DbError";
      retry(): unknown {
        return socket.connect(1);
      }
    }
    const error = new DbError("lost");
    const back = roundTrip({ error }).error;
    expect(Object.getPrototypeOf(back)).toBe(RangeError.prototype);
    expect([back.name, back.message, back.stack]).toEqual(["DbError", "lost", error.stack]);
  });

  it("with #private state becomes the nearest builtin class", () => {
    class SecretError extends TypeError {
      #secret = 1;
      override get name(): string {
        return `SecretError${this.#secret}`;
      }
      override set name(_: string) {
        this.#secret++;
      }
    }
    const back = roundTrip(new SecretError("m"));
    expect(Object.getPrototypeOf(back)).toBe(TypeError.prototype);
    expect([back.name, back.message]).toEqual(["SecretError1", "m"]);
  });
});

describe("an error always travels:", () => {
  it("what it cannot take along becomes a text", () => {
    const error = Object.assign(new Error("failed"), {
      socket: new Socket(),
      request: { agent: { pending: Promise.resolve(1) } },
      code: "E_IO",
    });
    const back = roundTrip([error])[0] as unknown as Record<string, unknown>;
    expect(back["code"]).toBe("E_IO");
    expect(back["socket"]).toMatch(/^\[not carried: an instance of Socket/);
    expect(back["request"]).toBe("[not carried: a Promise]");
  });

  it("so do its cause and the errors of an AggregateError, each with its own loss", () => {
    const inner = Object.assign(new TypeError("inner"), { wait: Promise.resolve() });
    const error = new AggregateError([inner], "outer", { cause: inner });
    const back = roundTrip(error);
    expect(back.errors[0]).toBe(back.cause);
    expect(back.cause).toMatchObject({ message: "inner", wait: "[not carried: a Promise]" });
  });

  it("accessors and functions that cannot be carried are replaced too", () => {
    const socket = new Socket();
    const error = Object.defineProperty(Object.assign(new Error("m"), { end: () => socket.end() }), "peer", {
      get: () => socket,
      enumerable: true,
      configurable: true,
    });
    const back = roundTrip(error) as unknown as Record<string, unknown>;
    expect(back["end"]).toMatch(/^\[not carried: .*Socket/);
    expect(back["peer"]).toMatch(/^\[not carried: .*Socket/);
  });

  it("a value that holds what the error had to leave behind is refused all the same", () => {
    const socket = new Socket();
    const error = Object.assign(new Error("m"), { socket });
    expect(() => pack({ error, direct: { socket } })).toThrow(/^args\.direct\.socket: /);
  });
});

describe("in another thread", () => {
  const echo = new Echo();
  afterAll(() => echo.close());

  it("a thrown error of a user's class arrives with class and stack of the origin", async () => {
    const thrown = await echo
      .run((status: number) => {
        throw new HttpError(status, "remote");
      }, 418)
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(HttpError);
    expect(thrown).toMatchObject({ status: 418, message: "remote" });
    expect((thrown as Error).stack).toContain("codec-errors.test.ts");
  });
});
