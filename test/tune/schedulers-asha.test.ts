import { describe, expect, it } from "vitest";

import {
  AsyncHyperBandScheduler,
  type AsyncHyperBandOptions,
} from "../../packages/tune/dist/schedulers/asha.js";
import { milestonesOf } from "../../packages/tune/dist/schedulers/rungs.js";
import { SchedulerHarness, type HarnessTrial } from "../../packages/tune/dist/testing/scheduler-harness.js";
import { randomStream } from "../../packages/tune/dist/random.js";

const metric = "reward";

function asha(options: AsyncHyperBandOptions = {}): SchedulerHarness {
  return new SchedulerHarness(new AsyncHyperBandScheduler({ metric, mode: "max", ...options }));
}

const report = (harness: SchedulerHarness, trial: HarnessTrial, time: number, reward: unknown): string =>
  harness.report(trial, { training_iteration: time, reward });

const complete = (harness: SchedulerHarness, trial: HarnessTrial, time: number, reward: number): void =>
  harness.complete(trial, { training_iteration: time, reward });

/** t1 reports 0, 100, ... 900 at 0 ... 9; t2 reports 450 at 0 ... 4. Nothing is stopped. */
function basicSetUp(harness: SchedulerHarness, second = 450): readonly [HarnessTrial, HarnessTrial] {
  const t1 = harness.add();
  const t2 = harness.add();
  for (let at = 0; at < 10; at += 1) expect(report(harness, t1, at, at * 100)).toBe("CONTINUE");
  for (let at = 0; at < 5; at += 1) expect(report(harness, t2, at, second)).toBe("CONTINUE");
  return [t1, t2];
}

describe("ASHA stops trials", () => {
  it("A1: at maxT", () => {
    const harness = asha({ maxT: 10 });
    const [t1, t2] = basicSetUp(harness);
    complete(harness, t1, 10, 1000);
    expect(report(harness, t2, 101, 0)).toBe("STOP");
  });

  it("A2: not before the grace period", () => {
    const harness = asha({ gracePeriod: 2.5, reductionFactor: 3 });
    const [t1, t2] = basicSetUp(harness);
    complete(harness, t1, 10, 1000);
    complete(harness, t2, 10, 1000);
    const t3 = harness.add();
    expect([1, 2, 3].map((time) => report(harness, t3, time, 10))).toEqual(["CONTINUE", "CONTINUE", "STOP"]);
  });

  it("A3: in every bracket, also in those without rungs", () => {
    const harness = asha({ maxT: 10, brackets: 10 });
    const trials = Array.from({ length: 10 }, () => harness.add());
    expect(trials.map((trial) => report(harness, trial, 10, -2))).toEqual(trials.map(() => "STOP"));
  });

  it("A4: below the cutoff of each rung", () => {
    const harness = asha({ maxT: 10, reductionFactor: 2 });
    const [t1, t2] = basicSetUp(harness);
    complete(harness, t1, 10, 1000);
    complete(harness, t2, 10, 1000);
    const t3 = harness.add();
    expect([1, 2].map((time) => report(harness, t3, time, 260))).toEqual(["STOP", "STOP"]);
  });

  it("A5: but none whose score is NaN, and NaN counts for nothing", () => {
    const harness = asha({ maxT: 10, reductionFactor: 2 });
    const t1 = harness.add();
    const t2 = harness.add();
    for (let at = 0; at < 10; at += 1) expect(report(harness, t1, at, 450)).toBe("CONTINUE");
    for (let at = 0; at < 10; at += 1) expect(report(harness, t2, at, NaN)).toBe("CONTINUE");
    complete(harness, t1, 10, 1000);
    complete(harness, t2, 10, 1000);
    expect(report(harness, harness.add(), 1, 260)).toBe("STOP");
  });

  it("A6: the same after save and restore", () => {
    const harness = asha();
    for (let count = 0; count < 5; count += 1) {
      expect(report(harness, harness.add(), 1, 10)).toBe("CONTINUE");
    }
    expect(report(harness, harness.add(), 1, 5)).toBe("STOP");
    const resumed = asha();
    resumed.scheduler.restore(JSON.parse(JSON.stringify(harness.scheduler.save())));
    resumed.trials.push(...harness.trials);
    expect(report(resumed, resumed.add(), 1, 4)).toBe("STOP");
    expect(report(resumed, resumed.add(), 1, 2)).toBe("STOP");
  });

  it("A7: at no maxT with stopLastTrials false", () => {
    const harness = asha({ maxT: 3, reductionFactor: 2, stopLastTrials: false });
    const trials = [10, 8, 6, 4].map((reward) => ({ trial: harness.add(), reward }));
    expect(trials.map(({ trial, reward }) => report(harness, trial, 2, reward))).toEqual([
      "CONTINUE",
      "STOP",
      "STOP",
      "STOP",
    ]);
    const [best] = trials;
    if (best === undefined) throw new Error("no trial");
    const later = [
      [4, 10],
      [8, 10],
      [14, 1],
    ] as const;
    for (const [time, reward] of later) expect(report(harness, best.trial, time, reward)).toBe("CONTINUE");
  });

  it("A8: compares with what was there before, then records", () => {
    const harness = asha({ maxT: 10, reductionFactor: 2 });
    expect(report(harness, harness.add(), 1, 2)).toBe("CONTINUE");
    expect(report(harness, harness.add(), 1, 4)).toBe("CONTINUE");
    expect(harness.scheduler.summary().text).toContain("Iter 2.000: None | Iter 1.000: 3");
    expect(report(harness, harness.add(), 1, 1)).toBe("STOP");
    expect(harness.scheduler.summary().text).toContain("Using AsyncHyperBand: num_stopped=1");
    expect(harness.scheduler.summary().text).toContain("Iter 1.000: 2");
  });

  it.each(["max", "min"] as const)("A9: compares in the direction of mode %s", (mode) => {
    const harness = asha({ mode });
    const sign = mode === "max" ? 1 : -1;
    const better = harness.add();
    const worse = harness.add();
    expect(report(harness, better, 1, sign * 450)).toBe("CONTINUE");
    expect(report(harness, worse, 1, 0)).toBe("STOP");
    expect(report(harness, harness.add(), 1, sign * 451)).toBe("CONTINUE");
  });

  it("A10: ranks by the anonymous metric when only a mode is known", () => {
    const scheduler = new AsyncHyperBandScheduler({ mode: "max" });
    scheduler.setSearchProperties(undefined, undefined);
    expect(scheduler.metric).toBe("_metric");
  });

  it("not for a report without time or metric", () => {
    const harness = asha({ maxT: 10 });
    const trial = harness.add();
    expect(report(harness, trial, 100, undefined)).toBe("CONTINUE");
    expect(report(harness, trial, 100, "9")).toBe("CONTINUE");
    expect(harness.report(trial, { training_iteration: undefined, reward: 1 })).toBe("CONTINUE");
  });

  it("by nested metrics", () => {
    const harness = new SchedulerHarness(
      new AsyncHyperBandScheduler({ metric: "test/loss", mode: "min", timeAttr: "at/epoch" }),
    );
    const ask = (loss: number): string => harness.report(harness.add(), { at: { epoch: 1 }, test: { loss } });
    expect([1, 2].map(ask)).toEqual(["CONTINUE", "STOP"]);
  });
});

describe("ASHA's rungs", () => {
  it.each([
    [1, 100, 4, 0, [1, 4, 16, 64]],
    [1, 10, 2, 0, [1, 2, 4, 8]],
    [2.5, 100, 3, 0, [2.5, 7.5, 22.5, 67.5]],
    [1, 100, 4, 1, [4, 16, 64]],
    [1, 100, 4, 4, []],
    [1, 243, 3, 0, [1, 3, 9, 27, 81, 243]],
    [1, 1000, 10, 0, [1, 10, 100, 1000]],
    [5, 5, 2, 0, [5]],
  ])("grace %d, maxT %d, factor %d, bracket %d: %j", (grace, maxT, factor, bracket, rungs) => {
    expect(milestonesOf(grace, maxT, factor, bracket)).toEqual(rungs);
  });

  it("fills one rung a report, from the highest that was reached", () => {
    const harness = asha({ maxT: 100, reductionFactor: 2 });
    const trial = harness.add();
    const recorded = (): string => harness.scheduler.summary().text;
    report(harness, trial, 5, 7);
    expect(recorded()).toContain("Iter 4.000: 7 | Iter 2.000: None | Iter 1.000: None");
    report(harness, trial, 6, 8);
    expect(recorded()).toContain("Iter 4.000: 7 | Iter 2.000: 8 | Iter 1.000: None");
  });

  it("draws brackets by softmax over their numbers of rungs, for each trial by itself", () => {
    // For maxT 100 and factor 4 the brackets have 4 and 3 rungs: e^4 / (e^4 + e^3).
    const share = 0.7311;
    const bracketOf = (index: number): number => {
      const harness = asha({ brackets: 2 });
      for (let at = 0; at <= index; at += 1) harness.add();
      const { assigned } = harness.scheduler.save() as { assigned: [string, number][] };
      return assigned[index]?.[1] ?? -1;
    };
    const random = randomStream(1);
    for (let index = 0; index < 20; index += 1) {
      const wanted = random.derive(`asha/trial-${index}`).float() < share ? 0 : 1;
      expect(bracketOf(index)).toBe(wanted);
    }
  });
});

describe("ASHA's trials", () => {
  it("run in the order in which they were made", () => {
    const harness = asha();
    const [first, second] = [harness.add(), harness.add()];
    expect(harness.choose()).toBe(first);
    expect(harness.choose()).toBe(second);
    expect(harness.choose()).toBeUndefined();
  });

  it("run again after a failure", () => {
    const harness = asha();
    const [first, second] = [harness.add(), harness.add()];
    harness.choose();
    harness.choose();
    harness.fail(first);
    harness.complete(second);
    expect(harness.choose()).toBeUndefined();
    harness.recover(first);
    expect(harness.choose()).toBe(first);
  });
});

describe("ASHA refuses", () => {
  it.each<readonly [object, string]>([
    [{ maxT: 0 }, "AsyncHyperBandScheduler({ maxT }): must be a finite number > 0, got 0"],
    [{ gracePeriod: 0 }, "AsyncHyperBandScheduler({ gracePeriod }): must be a finite number > 0, got 0"],
    [{ gracePeriod: 11, maxT: 10 }, "AsyncHyperBandScheduler({ gracePeriod }): must be <= maxT = 10, got 11"],
    [{ reductionFactor: 1 }, "AsyncHyperBandScheduler({ reductionFactor }): must be a number > 1, got 1"],
    [{ brackets: 0 }, "AsyncHyperBandScheduler({ brackets }): must be a whole number >= 1, got 0"],
    [{ brackets: 1.5 }, "AsyncHyperBandScheduler({ brackets })"],
    [{ mode: "best" }, 'AsyncHyperBandScheduler({ mode }): must be "min" or "max", got "best"'],
    [{ metric: "" }, "AsyncHyperBandScheduler({ metric })"],
    [{ timeAttr: 3 }, "AsyncHyperBandScheduler({ timeAttr })"],
    [{ stopLastTrials: 1 }, "AsyncHyperBandScheduler({ stopLastTrials })"],
    [{ max_t: 10 }, "AsyncHyperBandScheduler({ max_t }): is not an option"],
  ])("%j", (options, message) => {
    expect(() => new AsyncHyperBandScheduler(options as never)).toThrow(message);
    expect(() => new AsyncHyperBandScheduler(options as never)).toThrow(
      expect.objectContaining({ code: "MANTA_INVALID_ARGUMENT" }),
    );
  });

  it("a metric that is given twice, and a metric without mode", () => {
    expect(() =>
      new AsyncHyperBandScheduler({ metric, mode: "max" }).setSearchProperties("loss", undefined),
    ).toThrow('metric: is given to run ("loss") and to AsyncHyperBandScheduler ("reward"); give it once');
    expect(() => new AsyncHyperBandScheduler({ metric }).setSearchProperties(undefined, undefined)).toThrow(
      "mode: AsyncHyperBandScheduler needs",
    );
    expect(() => new AsyncHyperBandScheduler().setSearchProperties("loss", undefined)).toThrow("mode");
  });

  it("nothing when gracePeriod equals maxT", () => {
    expect(() => new AsyncHyperBandScheduler({ gracePeriod: 10, maxT: 10 })).not.toThrow();
  });
});
