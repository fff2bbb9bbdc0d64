/**
 * Every shape of function that Manta promises to ship, run natively and in a worker, in programs of their own. The quick
 * modes run here; `npm run test:shapes` runs all of them, on all versions of Node.
 */
import { describe, expect, it } from "vitest";

import { modes, runMode } from "../../shapes/modes.mjs";

/** Fewer than this means that a program was not run to its end. */
const fewest: Readonly<Record<string, number>> = {
  "plain ESM": 490,
  CommonJS: 515,
  "tsx, ESM": 505,
  "no inspector": 8,
};

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
