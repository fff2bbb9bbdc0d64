/** What captures cost and leave behind, seen from programs of their own: modules loaded, objects alive, debuggers. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { currentMajor } from "../../shapes/modes.mjs";

const pathOf = (file: string): string => fileURLToPath(new URL(`../../fixtures/${file}`, import.meta.url));

function run(file: string, ...flags: string[]): { stdout: string; stderr: string } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, pathOf(file)], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1", MANTA_SHAPES_OUT: undefined },
  });
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
  return { stdout, stderr };
}

function runJson(file: string, ...flags: string[]): unknown {
  return JSON.parse(run(file, ...flags).stdout);
}

const permission = currentMajor >= 22 ? "--permission" : "--experimental-permission";
const restricted = [permission, "--allow-fs-read=*", "--allow-worker"];

describe("loading", () => {
  it("leaves the parser, the lexer, source maps and the inspector for the first capture", () => {
    const { atImport, atCapture } = runJson("functions/loaded.mjs") as {
      atImport: string[];
      atCapture: string[];
    };
    expect(atImport).toEqual([]);
    expect(atCapture).toEqual(expect.arrayContaining(["acorn", "node:inspector"]));
  });
});

describe("a capture leaves nothing behind", () => {
  const report = runJson("functions/liveness.mjs", "--expose-gc") as {
    logged: number;
    captured: number;
    reported: { alive: number; issues: number[] };
    debugged: { paused: number; breakpoint: string };
  };

  it("and console.log keeps nothing alive after it", () => {
    // The last one may still be on the stack; a connected session would keep all 20.
    expect(report.logged).toBeLessThanOrEqual(1);
  });

  it("of the function and what it captured", () => {
    expect(report.captured).toBe(0);
  });

  it("in a report of what cannot be sent, which names every problem", () => {
    expect(report.reported).toEqual({ alive: 0, issues: [2, 2, 2, 2, 2] });
  });

  it("and takes nothing from a debugger that is attached", () => {
    expect(report.debugged).toEqual({ paused: 2, breakpoint: "string" });
  });
});

describe("programs", () => {
  it("ship functions under --inspect", () => {
    const { stdout } = run("functions/inspected.mjs", "--inspect=127.0.0.1:0");
    expect(JSON.parse(stdout)).toEqual({ value: 11 });
  });

  it("import TypeScript inside of shipped functions under tsx", () => {
    const { stdout } = run("functions/imports-typescript.ts", "--import", "tsx");
    const shapes = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { name: string; ok: boolean; detail?: string });
    expect(shapes.filter(({ ok }) => !ok)).toEqual([]);
    expect(shapes.length).toBeGreaterThan(5);
  });

  it("run by reference and with given captures under the permission model, and are told why the rest fails", () => {
    expect(runJson("programs/restricted.mjs", ...restricted)).toEqual({
      byReference: 42,
      given: 11,
      nothingCaptured: 2,
      actor: 12,
      again: 102,
      nested: 12,
      implicit:
        "'base' is not defined (used at restricted.mjs:32:47); captured variables cannot be read because the inspector is unavailable",
      hint: "give the captured values: remote(fn, { captures: () => ({ base }) }), or export the function from a module.",
    });
  });
});
