/** Every shape of function that Manta promises to ship, run natively and in a worker, in programs of their own. */
import { spawnSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

interface ShapeResult {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

const pathOf = (file: string): string =>
  fileURLToPath(new URL(`../../fixtures/functions/${file}`, import.meta.url));

function runShapes(file: string, ...flags: string[]): ShapeResult[] {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, pathOf(file)], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" },
  });
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** The same program as TypeScript: tsx compiles it to one line and keeps names with a helper. */
function runAsTypeScript(file: string): ShapeResult[] {
  const copy = file.replace(".mjs", "-as-typescript.ts");
  copyFileSync(pathOf(file), pathOf(copy));
  try {
    return runShapes(copy, "--import", "tsx");
  } finally {
    rmSync(pathOf(copy));
  }
}

const denied = ["--experimental-permission", "--allow-fs-read=*", "--allow-fs-write=*", "--allow-worker"];

describe.each([
  ["plain ESM", 151, runShapes("shapes.mjs")],
  ["plain ESM under tsx", 151, runAsTypeScript("shapes.mjs")],
  ["TypeScript under tsx", 15, runShapes("typescript.ts", "--import", "tsx")],
  ["CommonJS", 14, runShapes("commonjs.cjs")],
  ["TypeScript as CommonJS under tsx", 6, runShapes("commonjs.cts", "--import", "tsx")],
  ["sloppy CommonJS", 4, runShapes("sloppy.cjs")],
  ["plain ESM without the inspector", 8, runShapes("denied.mjs", ...denied)],
])("functions and classes in %s", (_mode, count, results) => {
  it("are all tried", () => {
    expect(results.length).toBeGreaterThanOrEqual(count);
  });

  it.each(results)("$name", ({ ok, detail }) => {
    expect(ok, detail).toBe(true);
  });
});
