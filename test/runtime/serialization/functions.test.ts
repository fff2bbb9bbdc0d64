/**
 * Every shape of function that Manta promises to ship, run natively and in a worker, in programs of their own. The quick
 * modes run here; `npm run test:shapes` runs all of them, on all versions of Node.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { modes, runMode } from "../../shapes/modes.mjs";
import { functionsPagePath, renderFunctionsPage, shapeRows } from "./functions-table.ts";

/** Fewer than this means that a program was not run to its end. */
const fewest: Readonly<Record<string, number>> = {
  "plain ESM": 490,
  CommonJS: 515,
  "tsx, ESM": 505,
  "no inspector": 8,
};

/** `docs/functions.md` says so. */
const promised = 500;

const quick = modes.filter((mode) => mode.quick === true);
const results = new Map<string, Awaited<ReturnType<typeof runMode>>>();
for (const mode of quick) results.set(mode.name, await runMode(mode));

describe.each([...results])("functions and classes in %s", (mode, shapes) => {
  it("are all tried", () => {
    expect(shapes.length).toBeGreaterThanOrEqual(fewest[mode] ?? Infinity);
  });

  it.each(shapes.map((shape) => ({ ...shape, title: `${shape.file}: ${shape.name}` })))(
    "$title",
    ({ ok, detail }) => {
      expect(ok, detail).toBe(true);
    },
  );
});

describe("docs/functions.md", () => {
  const all = [...results.values()].flat();

  it("has the table that write-codec-table.ts writes", async () => {
    expect(readFileSync(functionsPagePath, "utf8")).toBe(await renderFunctionsPage());
  });

  it("counts no more shapes than there are", () => {
    expect(readFileSync(functionsPagePath, "utf8")).toContain(`more than ${promised} that are run`);
    expect(new Set(all.map(({ name }) => name)).size).toBeGreaterThan(promised);
  });

  it.each(shapeRows)("is right about $shape", ({ shapes, outcome }) => {
    for (const name of shapes) {
      const outcomes = all.filter((result) => result.name === name && result.outcome !== "n.a.");
      expect(outcomes.length, name).toBeGreaterThan(0);
      for (const result of outcomes) expect(result.outcome, name).toBe(outcome);
    }
  });
});
