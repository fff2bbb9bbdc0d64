/** Every shape of function that Manta promises to ship, run natively and in a worker, in programs of their own. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

interface ShapeResult {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

function runShapes(file: string, ...flags: string[]): ShapeResult[] {
  const path = fileURLToPath(new URL(`../../fixtures/functions/${file}`, import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, [...flags, path], {
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" },
  });
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe.each([
  ["plain ESM", runShapes("shapes.mjs")],
  ["TypeScript under tsx", runShapes("shapes.ts", "--import", "tsx")],
])("functions and classes in %s", (_mode, results) => {
  it("are all tried", () => {
    expect(results.length).toBeGreaterThanOrEqual(120);
  });

  it.each(results)("$name", ({ ok, detail }) => {
    expect(ok, detail).toBe(true);
  });
});
