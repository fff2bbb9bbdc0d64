import { describe, expect, it } from "vitest";

import { CombinedStopper } from "../../packages/tune/dist/stoppers/combined.js";
import { ExperimentPlateauStopper } from "../../packages/tune/dist/stoppers/experiment-plateau.js";
import { FunctionStopper } from "../../packages/tune/dist/stoppers/function-stopper.js";
import { MaximumIterationStopper } from "../../packages/tune/dist/stoppers/maximum-iteration.js";
import { TimeoutStopper } from "../../packages/tune/dist/stoppers/timeout.js";
import { toStopper } from "../../packages/tune/dist/stoppers/to-stopper.js";
import { TrialPlateauStopper } from "../../packages/tune/dist/stoppers/trial-plateau.js";
import type { Stopper } from "../../packages/tune/dist/stoppers/types.js";
import { HarnessTrial, resultOf } from "../../packages/tune/dist/testing/scheduler-harness.js";
import type { Metrics, TrialResult } from "../../packages/tune/dist/trial/types.js";

const result = (metrics: Metrics): TrialResult => resultOf(new HarnessTrial(0, {}), metrics);

/** The number of the report at which a stopper ends the trial or the experiment; undefined: none of them. */
function stopsAt(stopper: Stopper, losses: readonly unknown[]): number | undefined {
  const at = losses.findIndex((loss) => stopper.onResult("t", result({ loss })) || stopper.stopAll());
  return at === -1 ? undefined : at + 1;
}

const constant = (value: number, count: number): number[] => Array.from({ length: count }, () => value);
const rising = [10, 11, 12, ...constant(20, 10)];

describe("TimeoutStopper", () => {
  it("St1: ends the experiment when the time is used up, not counting the time between save and restore", () => {
    let now = 1000;
    const clock = { now: (): number => now };
    const stopper = new TimeoutStopper(60, clock);
    expect(stopper.stopAll()).toBe(false);
    now += 40;
    expect(stopper.stopAll()).toBe(false);
    const saved = JSON.parse(JSON.stringify(stopper.save()));
    now += 22;
    expect(stopper.stopAll()).toBe(true);
    now += 200;
    const resumed = new TimeoutStopper(60, clock);
    resumed.restore(saved);
    now += 10;
    expect(resumed.stopAll()).toBe(false);
    now += 12;
    expect(resumed.onResult()).toBe(true);
  });

  it.each([0, -1, NaN, Infinity, "60"])("refuses %j", (seconds) => {
    expect(() => new TimeoutStopper(seconds as never)).toThrow("TimeoutStopper(timeoutSeconds)");
  });
});

describe("MaximumIterationStopper", () => {
  it("St2: counts the reports of each trial", () => {
    const stopper = new MaximumIterationStopper(3);
    const ask = (id: string): boolean[] => Array.from({ length: 4 }, () => stopper.onResult(id));
    expect(ask("a")).toEqual([false, false, true, true]);
    expect(ask("b")).toEqual([false, false, true, true]);
    expect(stopper.stopAll()).toBe(false);
  });

  it("goes on counting after restore", () => {
    const stopper = new MaximumIterationStopper(2);
    stopper.onResult("a");
    const resumed = new MaximumIterationStopper(2);
    resumed.restore(JSON.parse(JSON.stringify(stopper.save())));
    expect(resumed.onResult("a")).toBe(true);
  });

  it.each([0, 1.5, "3"])("refuses %j", (count) => {
    expect(() => new MaximumIterationStopper(count as never)).toThrow("maxIterations");
  });
});

describe("TrialPlateauStopper", () => {
  const metric = "loss";
  it.each([
    ["defaults, constant", { metric }, constant(1, 10), 4],
    ["defaults, a rise before", { metric }, rising, 7],
    ["numResults 10, gracePeriod 1", { metric, numResults: 10, gracePeriod: 1 }, constant(1, 20), 10],
    ["std 1", { metric, std: 1 }, [0, 10, 0, 10, 1, 2, 1, 2], 8],
    [
      "threshold 22, max",
      { metric, metricThreshold: 22, mode: "max" as const },
      [...rising, ...constant(22, 6)],
      17,
    ],
    [
      "threshold 15, min",
      { metric, metricThreshold: 15, mode: "min" as const },
      [...constant(20, 8), ...constant(10, 6)],
      12,
    ],
    ["reports without a number do not count", { metric }, [1, NaN, 1, undefined, 1, "1", 1], 7],
  ])("St3: %s", (_name, options, losses, at) => {
    expect(stopsAt(new TrialPlateauStopper(options), losses)).toBe(at);
  });

  it("looks at each trial alone, and again after restore", () => {
    const stopper = new TrialPlateauStopper({ metric });
    const ask = (asked: Stopper, id: string): boolean => asked.onResult(id, result({ loss: 1 }));
    for (const id of ["a", "b", "a", "b", "a"]) expect(ask(stopper, id)).toBe(false);
    const resumed = new TrialPlateauStopper({ metric });
    resumed.restore(JSON.parse(JSON.stringify(stopper.save())));
    expect(ask(resumed, "b")).toBe(false);
    expect(ask(resumed, "a")).toBe(true);
  });

  it.each<readonly [object, string]>([
    [{}, "metric"],
    [{ metric, metricThreshold: 1 }, "mode"],
    [{ metric, metricThreshold: NaN, mode: "min" }, "metricThreshold"],
    [{ metric, mode: "best" }, "mode"],
    [{ metric, std: 0 }, "std"],
    [{ metric, numResults: 0 }, "numResults"],
    [{ metric, grace: 1 }, "TrialPlateauStopper({ grace }): is not an option"],
  ])("refuses %j", (options, message) => {
    expect(() => new TrialPlateauStopper(options as never)).toThrow(message);
  });
});

describe("ExperimentPlateauStopper", () => {
  const metric = "loss";
  const falling = Array.from({ length: 30 }, (_, at) => 30 - at);
  it.each([
    ["defaults, constant", { metric }, constant(1, 20), 10],
    ["top 3", { metric, top: 3 }, constant(1, 20), 3],
    ["top 3, patience 5", { metric, top: 3, patience: 5 }, constant(1, 20), 7],
    ["always better", { metric, top: 3 }, falling, undefined],
    ["max, top 3", { metric, mode: "max" as const, top: 3 }, [1, 2, 3, 3, 3], 5],
  ])("St4: %s", (_name, options, losses, at) => {
    expect(stopsAt(new ExperimentPlateauStopper(options), losses)).toBe(at);
  });

  it("goes on after restore", () => {
    const stopper = new ExperimentPlateauStopper({ metric, top: 3 });
    stopsAt(stopper, [1, 1]);
    const resumed = new ExperimentPlateauStopper({ metric, top: 3 });
    resumed.restore(JSON.parse(JSON.stringify(stopper.save())));
    expect(stopsAt(resumed, [1])).toBe(1);
  });

  it.each<readonly [object, string]>([
    [{ metric, top: 0 }, "top"],
    [{ metric, top: 1 }, "top"],
    [{ metric, top: "0" }, "top"],
    [{ metric, std: 0 }, "std"],
    [{ metric, std: -1 }, "std"],
    [{ metric, std: "0" }, "std"],
    [{ metric, patience: -1 }, "patience"],
    [{ metric, patience: 0.5 }, "patience"],
    [{ metric, mode: "0" }, "mode"],
  ])("St4: refuses %j", (options, message) => {
    expect(() => new ExperimentPlateauStopper(options as never)).toThrow(message);
  });
});

describe("toStopper", () => {
  it("St5: bounds end a trial at >=, whatever is better", () => {
    const stopper = toStopper({ "test/test1/test2": 6 });
    const ask = (value: unknown): boolean =>
      stopper.onResult("t", result({ test: { test1: { test2: value } } }));
    expect([5, 6, 7, "8", NaN, undefined].map(ask)).toEqual([false, true, true, false, false, false]);
    expect(stopper.onResult("t", result({ "test/test1/test2": 6 }))).toBe(true);
    expect(stopper.onResult("t", result({}))).toBe(false);
  });

  it("any bound is enough", () => {
    const stopper = toStopper({ a: 1, b: 1 });
    expect(stopper.onResult("t", result({ a: 0, b: 1 }))).toBe(true);
  });

  it.each<readonly [unknown, string]>([
    [{ a: { b: 1 } }, 'stop.a: must be a number; write "a/..." for a nested metric, got { b }'],
    [{ a: NaN }, "stop.a: must be a number, got NaN"],
    [{ a: "1" }, 'stop.a: must be a number, got "1"'],
    [3, "stop: must be bounds by metric, a function, a Stopper or a list of these, got 3"],
    [null, "stop: must be"],
    [["x"], "stop: must be"],
  ])("St5: refuses %j", (stop, message) => {
    expect(() => toStopper(stop as never)).toThrow(message);
    expect(() => toStopper(stop as never)).toThrow(
      expect.objectContaining({ code: "MANTA_INVALID_ARGUMENT" }),
    );
  });

  it("takes a function", () => {
    const stopper = toStopper((trialId, { test }) => trialId === "t" && Number(test) > 6);
    expect(stopper.onResult("t", result({ test: 7 }))).toBe(true);
    expect(stopper.onResult("u", result({ test: 7 }))).toBe(false);
  });

  it("refuses a function that does not answer at once", () => {
    const stopper = new FunctionStopper((async () => false) as never);
    expect(() => stopper.onResult("t", result({}))).toThrow(
      "the stop function must answer true or false at once, got an instance of Promise for trial t",
    );
  });

  it("takes a stopper as it is", () => {
    const stopper = new MaximumIterationStopper(1);
    expect(toStopper(stopper)).toBe(stopper);
  });

  it("never stops without a condition", () => {
    const stopper = toStopper(undefined);
    expect(stopper.onResult("t", result({ loss: 0 }))).toBe(false);
    expect(stopper.stopAll()).toBe(false);
  });

  it("takes a list, and shows every report to each of them", () => {
    const stopper = toStopper([{ loss: 9 }, new MaximumIterationStopper(3), [() => false]]);
    expect(stopsAt(stopper, [9, 1, 1])).toBe(1);
    expect(stopsAt(stopper, [1])).toBeUndefined();
    expect(stopsAt(stopper, [1])).toBe(1);
  });
});

describe("CombinedStopper", () => {
  it("saves and restores each of its stoppers", () => {
    const make = (): Stopper =>
      new CombinedStopper(new MaximumIterationStopper(2), new TrialPlateauStopper({ metric: "loss" }));
    const stopper = make();
    stopper.onResult("t", result({ loss: 1 }));
    const resumed = make();
    resumed.restore(JSON.parse(JSON.stringify(stopper.save())));
    expect(resumed.onResult("t", result({ loss: 1 }))).toBe(true);
  });

  it("ends the experiment when one of its stoppers does", () => {
    const stopper = new CombinedStopper(
      new MaximumIterationStopper(9),
      new ExperimentPlateauStopper({ metric: "loss", top: 2 }),
    );
    stopper.onResult("t", result({ loss: 1 }));
    expect(stopper.stopAll()).toBe(false);
    stopper.onResult("u", result({ loss: 1 }));
    expect(stopper.stopAll()).toBe(true);
  });
});
