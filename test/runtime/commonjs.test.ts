/**
 * The packages in CommonJS: `require` and `import` give the same things, in JavaScript and in TypeScript, and types
 * resolve for both.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, describe, expect, it } from "vitest";

const fixtures = fileURLToPath(new URL("../fixtures/commonjs/", import.meta.url));
const results = mkdtempSync(path.join(tmpdir(), "manta-commonjs-"));
afterAll(() => rmSync(results, { recursive: true }));

/** Runs a program and gives what it prints last, read as JSON. */
async function run(file: string, ...flags: string[]): Promise<unknown> {
  const args = [...flags, path.join(fixtures, file), results];
  const env = { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1", VITEST: undefined };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

const shared = {
  same: true,
  sameTune: true,
  names: true,
  session: true,
  ref: [1, 2],
  nested: 11,
  whole: [true, true, true],
  back: true,
  error: [true, true, "MANTA_INVALID_ARGUMENT"],
  losses: [4, 2, 3],
  shutDown: true,
};

describe("a process that requires and imports the packages", () => {
  it("has one session, one class of refs, and errors and reports that both know", async () => {
    expect(await run("both.cjs")).toEqual(shared);
  });

  it("has them under a loader as well, where Node loads imported CommonJS apart", async () => {
    expect(await run("both.cjs", "--import", "tsx")).toEqual(shared);
  });
});

describe("a program in TypeScript that compiles to CommonJS", () => {
  it("runs under tsx, and sends functions that capture the packages", async () => {
    const found = await run("consumer.cts", "--import", "tsx");
    const functions = ["function", "function"];
    expect(found).toEqual({ nested: 11, added: 13, whole: true, lr: true, functions });
  });

  it.each(["node16", "nodenext"])(
    "has types under %s, the same as an ES module beside it",
    async (module) => {
      const tsc = path.join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");
      const options = `--noEmit --strict --module ${module} --target es2022 --lib es2023,esnext.disposable --types node`;
      const files = ["consumer.cts", "mixed.mts"].map((file) => path.join(fixtures, file));
      const args = [tsc, ...options.split(" "), "--allowImportingTsExtensions", "--ignoreConfig", ...files];
      // It fails with the errors on its output.
      const { stdout } = await promisify(execFile)(process.execPath, args).catch(
        (error: unknown) => error as never,
      );
      expect(stdout).toBe("");
    },
  );
});
