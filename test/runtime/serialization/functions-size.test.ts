/** Functions that carry much: a warning names the variable, an error too, and what is never copied is not. */
import { describe, expect, it, vi } from "vitest";

import { encode } from "../../../packages/runtime/dist/serialization/codec.js";
import { checkFunctionSize } from "../../../packages/runtime/dist/serialization/functions/size.js";

const encodeIt = (value: unknown): { bytes: Uint8Array } =>
  encode(value, { label: "fn", allocate: (bytes: number) => new SharedArrayBuffer(bytes) });

const table = new Float64Array(200);
const small = { x: 1 };
const lookUp = (at: number): number | undefined => table[at];

const limits = { warnBytes: 1000, failBytes: 2000 };

describe("a function that carries much", () => {
  it("is warned about from the first limit on, by the name of the variable", () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    try {
      checkFunctionSize(() => [table, small], "job", 999, limits);
      expect(warn).not.toHaveBeenCalled();
      checkFunctionSize(() => [table, small], "job", 1600, limits);
      expect(warn).toHaveBeenCalledTimes(1);
      const [message, options] = warn.mock.calls[0] ?? [];
      expect(message).toMatch(
        /^job carries 1600 bytes of captured values .*captured 'table' \(used at functions-size\.test\.ts:\d+:\d+\): put\(\)/,
      );
      expect(options).toMatchObject({ code: "MANTA_LARGE_FUNCTION" });
    } finally {
      vi.restoreAllMocks();
    }
  });

  it("is refused from the second on, with the way to the variable through a captured function", () => {
    expect(() => checkFunctionSize(() => lookUp(small.x), "job", 2000, limits)).toThrow(
      /captured 'lookUp' \(.*\) -> captured 'table' \(.*\); the limit is 2000 bytes\.\nHint: put\(\)/,
    );
  });

  it("has Ray's limits by default", () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    try {
      checkFunctionSize(() => table, "job", 9_999_999);
      expect(warn).not.toHaveBeenCalled();
      checkFunctionSize(() => table, "job", 10_000_000);
      expect(warn).toHaveBeenCalledTimes(1);
      expect(() => checkFunctionSize(() => table, "job", 99_999_999)).not.toThrow();
      expect(() => checkFunctionSize(() => table, "job", 100_000_000)).toThrow(/100\.0 MB/);
    } finally {
      vi.restoreAllMocks();
    }
  });
});

describe("secrets", () => {
  it("of process.env are never copied, however it is captured", () => {
    vi.stubEnv("MANTA_SECRET", "do-not-copy-me");
    try {
      const environment = process.env;
      const { env } = process;
      const nested = { settings: { env } };
      const heir = Object.create(env) as typeof env;
      const table = new Map([["env", { get: () => env }]]);
      const texts = [
        () => environment,
        () => env,
        () => nested.settings.env,
        () => process.env,
        () => heir["MANTA_SECRET"],
        () => table.get("env"),
        function (this: unknown): unknown {
          return this;
        }.bind(env),
        (
          (given = env) =>
          () =>
            given
        )(),
      ].map((fn) => Buffer.from(encodeIt(fn).bytes).toString("latin1"));
      for (const text of texts) expect(text).not.toContain("do-not-copy-me");
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
