import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  formatDuration,
  formatNumber,
  formatValue,
  truncate,
} from "../../packages/tune/dist/reporters/format.js";
import { fairShare, sortByMetric } from "../../packages/tune/dist/reporters/columns.js";
import { describePerturbation } from "../../packages/tune/dist/reporters/progress.js";
import { perturbationText } from "../../packages/tune/dist/reporters/lines.js";
import type { TrialStatus } from "../../packages/tune/dist/trial/types.js";
import { recordOf, trialView } from "./fixtures/trial-views.ts";

describe("values", () => {
  it.each([
    [0, "0"],
    [12, "12"],
    [123456, "123456"],
    [0.0688874, "0.06889"],
    [1.5, "1.5"],
    [0.1 + 0.2, "0.3"],
    [1234.5678, "1235"],
    [98765.4321, "98765"],
    [0.00001234, "1.234e-5"],
    [-0.000099999, "-1e-4"],
    [6.02214076e23, "6.022e+23"],
    [NaN, "NaN"],
    [-Infinity, "-Infinity"],
  ])("the number %d is %s", (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it("any number stays within a relative error of one in 2,000", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }), (value) => {
        fc.pre(Math.abs(value) > 1e-300);
        expect(Math.abs(Number(formatNumber(value)) - value)).toBeLessThanOrEqual(Math.abs(value) / 1999);
      }),
    );
  });

  it("everything else is one line", () => {
    expect(formatValue("a\nb")).toBe("a b");
    expect(formatValue([0.123456, "x"])).toBe("[0.1235, x]");
    expect(formatValue({ width: 64, act: "relu" })).toBe("{width: 64, act: relu}");
    expect([undefined, null, true, 3n].map(formatValue)).toEqual(["", "null", "true", "3"]);
  });

  it("long texts lose their beginning", () => {
    expect(truncate("some_long_string/even_longer", 15)).toBe(".../even_longer");
    expect(truncate("short", 15)).toBe("short");
  });

  it.each([
    [0, "00:00:00.00"],
    [5482, "01:31:22.00"],
    [86_400 + 5482.5, "1 day, 01:31:22.50"],
    [2 * 86_400 + 5482, "2 days, 01:31:22.00"],
    [59.999, "00:01:00.00"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe("the rows of the table", () => {
  const population = (counts: Partial<Record<TrialStatus, number>>) =>
    Object.entries(counts).flatMap(([status, count]) =>
      Array.from({ length: count }, (_, at) =>
        // The keys are states: the type above says so, and Object.entries forgets it.
        trialView(`${status}-${at}`, {}, { status: status as TrialStatus }),
      ),
    );

  it("are shared fairly between the states", () => {
    const shown = fairShare(population({ PENDING: 100, TERMINATED: 100, RUNNING: 2, ERROR: 5 }), 13);
    const counts = countBy(shown.map((trial) => trial.status));
    expect(counts).toEqual({ RUNNING: 2, PENDING: 4, TERMINATED: 4, ERROR: 3 });
  });

  it("are all trials when those fit, what runs first", () => {
    const shown = fairShare(population({ TERMINATED: 1, RUNNING: 1, PAUSED: 1 }), 20);
    expect(shown.map((trial) => trial.id)).toEqual(["RUNNING-0", "PAUSED-0", "TERMINATED-0"]);
  });

  it("can be sorted by the metric, and a metric of 0 is a value like any other", () => {
    const trials = [1, 0, NaN, 2].map((loss, at) => recordOf(`t${at}`, {}, [{ loss }]).trial);
    const silent = trialView("silent", {});
    const ids = (mode: "min" | "max") =>
      sortByMetric([silent, ...trials], "loss", mode).map((trial) => trial.id);
    expect(ids("min")).toEqual(["t1", "t0", "t3", "silent", "t2"]);
    expect(ids("max")).toEqual(["t3", "t0", "t1", "silent", "t2"]);
  });
});

describe("a perturbation", () => {
  it("tells what the donor had, what became of it, how, and from whom", () => {
    const order = {
      trial: trialView("b", { lr: 0.5, width: 64, layers: 1 }),
      donor: trialView("a", { lr: 0.01, width: 64, layers: 2 }),
      config: { lr: 0.012, width: 64, layers: 2 },
      operations: { lr: "* 1.2" },
      experimentTag: "1@perturbed[lr=0.012]",
    };
    expect(perturbationText(describePerturbation(order, 0))).toBe(
      "train_b: lr: 0.01 -> 0.012 (* 1.2), layers: 2 from train_a",
    );
  });
});

function countBy(items: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[item] = (counts[item] ?? 0) + 1;
  return counts;
}
