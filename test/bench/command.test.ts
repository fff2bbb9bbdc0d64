/** The processes of a run: a row that fails in any way is named, and the run goes on. */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

import { parseOptions } from "../../bench/src/options.ts";
import { runRow, type Outcome, type RunRowOptions } from "../../bench/src/process/run-row.ts";

const program = fileURLToPath(new URL("../fixtures/bench/row-process.mjs", import.meta.url));
const command = fileURLToPath(new URL("../../bench/dist/run.js", import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function bench(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [command, ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

const run = (how: string, options: RunRowOptions = {}): Promise<Outcome> =>
  runRow({ subject: "limits", name: how }, { quick: true, cores: 2 }, { program, ...options });

describe("runRow", () => {
  it("hands back what the process measured", async () => {
    expect(await run("measures")).toMatchObject({ ok: true, sample: { value: 1 } });
  });

  it("hands back the error of the row", async () => {
    expect(await run("fails")).toEqual({ ok: false, error: "RangeError: no such thing" });
  });

  it("names the code of a process that ended without an answer, with what it printed", async () => {
    const error = "the process ended by code 3; it printed: out of memory";
    expect(await run("exits")).toEqual({ ok: false, error });
  });

  it("ends a process that hangs", async () => {
    expect(await run("hangs", { timeoutMs: 1 })).toEqual({ ok: false, error: "did not end within 0.001 s" });
  });

  it("fails a row whose process does not end after its answer", async () => {
    const error = "measured, but its process did not end within 0.001 s";
    expect(await run("stays", { graceMs: 1 })).toEqual({ ok: false, error });
  });

  it("names a row that does not exist", async () => {
    const outcome = await runRow(
      { subject: "limits", name: "quux" },
      { quick: true, cores: 2 },
      {
        program: fileURLToPath(new URL("../../bench/dist/process/child.js", import.meta.url)),
      },
    );
    expect(outcome).toMatchObject({ ok: false, error: expect.stringContaining('limits has no row "quux"') });
  });
});

describe("the command", () => {
  it("takes --only more than once and refuses what it does not know", () => {
    expect(parseOptions(["--only", "a", "--only", "b", "--quick"])).toMatchObject({
      only: ["a", "b"],
      quick: true,
      json: undefined,
    });
    expect(() => parseOptions(["--fast"])).toThrow("--fast");
    expect(() => parseOptions(["memcpy"])).toThrow("memcpy");
    expect(() => parseOptions(["--only"])).toThrow("--only");
  });

  it("ends with code 2 and the usage for a wrong flag", async () => {
    const { code, stderr } = await bench("--fast");
    expect(code).toBe(2);
    expect(stderr).toContain("--only <text>");
  });

  it("lists rows without running them", async () => {
    const { code, stdout } = await bench("--list", "--only", "1:1 actor calls sync");
    expect(code).toBe(0);
    expect(stdout).toContain("  1:1 actor calls sync (calls/s): get(actor.smallValue.remote())");
    expect(stdout).toContain("raw postMessage ping-pong");
    expect(stdout).not.toContain("single client tasks sync");
  });

  it("measures a row, prints it and writes it as JSON", async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "manta-bench-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, "results.json");
    const { code, stdout } = await bench("--quick", "--only", "memcpy 64 MiB into", "--json", file);
    expect(code).toBe(0);
    expect(stdout).toContain("memcpy 64 MiB into fresh shared memory");
    const { rows } = JSON.parse(readFileSync(file, "utf8")) as { rows: Record<string, unknown>[] };
    expect(rows).toEqual([
      expect.objectContaining({
        name: "memcpy 64 MiB into fresh shared memory",
        unit: "GB/s",
        value: expect.any(Number),
        deviation: expect.any(Number),
        usage: expect.objectContaining({ cpuMs: expect.any(Number), rssPeakBytes: expect.any(Number) }),
      }),
    ]);
  });
});
