import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { MetricSummary } from "../../packages/tune/dist/analysis/metric-summary.js";
import {
  MAX_METRICS_PER_TRIAL,
  TrialHistory,
  type TrialHistoryState,
} from "../../packages/tune/dist/analysis/trial-history.js";
import { fromJson, toJson } from "../../packages/tune/dist/storage/json.js";
import { resultOf } from "./fixtures/trial-views.ts";

const summaryOf = (values: readonly number[]): MetricSummary => {
  const summary = new MetricSummary();
  for (const value of values) summary.add(value);
  return summary;
};

describe("a metric's summary", () => {
  it("has the figures that Ray has for the same series", () => {
    const figures = summaryOf([5, 1, 9, 3, 7, 2, 8, 4, 6, 10, 0, 3]).figures();
    expect(figures).toEqual({
      count: 12,
      first: 5,
      last: 3,
      min: 0,
      max: 10,
      avg: 58 / 12,
      last5Avg: 4.6,
      last10Avg: 5.2,
    });
  });

  it("averages what there is while the window is not full", () => {
    const figures = summaryOf([1, 2, 6]).figures();
    expect([figures.last5Avg, figures.last10Avg]).toEqual([3, 3]);
  });

  it("is all NaN while nothing was reported", () => {
    expect(new MetricSummary().figures()).toEqual({
      count: 0,
      first: NaN,
      last: NaN,
      min: NaN,
      max: NaN,
      avg: NaN,
      last5Avg: NaN,
      last10Avg: NaN,
    });
  });

  it("reads a score in each scope", () => {
    const summary = summaryOf([5, 1, 9, 3, 7, 2, 8, 4, 6, 10, 0, 3]);
    expect(summary.score("last", "max")).toBe(3);
    expect(summary.score("all", "max")).toBe(10);
    expect(summary.score("all", "min")).toBe(0);
    expect(summary.score("avg", "max")).toBe(58 / 12);
    expect(summary.score("last-5-avg", "max")).toBe(4.6);
    expect(summary.score("last-10-avg", "max")).toBe(5.2);
  });

  it("skips NaN and infinities when asked, in every figure", () => {
    const summary = summaryOf([NaN, 2, Infinity, 4, -Infinity]);
    expect(summary.figures({ finiteOnly: true })).toEqual({
      count: 2,
      first: 2,
      last: 4,
      min: 2,
      max: 4,
      avg: 3,
      last5Avg: 3,
      last10Avg: 3,
    });
  });

  it("keeps infinities, but never NaN, as extremes when not asked to skip them", () => {
    const figures = summaryOf([1, NaN, Infinity, -Infinity, 2]).figures();
    expect([figures.min, figures.max, figures.avg]).toEqual([-Infinity, Infinity, NaN]);
  });

  it("scores a trial that ended on NaN as NaN in scope last, skipping or not", () => {
    const summary = summaryOf([1, 2, NaN]);
    expect(summary.score("last", "max", { finiteOnly: true })).toBeNaN();
    expect(summary.score("all", "max", { finiteOnly: true })).toBe(2);
  });

  it("keeps no more than the last ten values, and goes on from its saved state as if never saved", () => {
    fc.assert(
      fc.property(fc.array(fc.double()), fc.array(fc.double()), (before, after) => {
        const saved = summaryOf(before).save();
        expect(saved.window.length).toBeLessThanOrEqual(10);
        const resumed = MetricSummary.restore(saved);
        for (const value of after) resumed.add(value);
        expect(resumed.save()).toEqual(summaryOf([...before, ...after]).save());
      }),
    );
  });
});

describe("a trial's history", () => {
  const historyOf = (series: readonly Record<string, unknown>[]): TrialHistory => {
    const history = new TrialHistory();
    series.forEach((metrics, at) => history.add(resultOf("t0", at + 1, metrics, { lr: 0.1 })));
    return history;
  };

  it("summarises numbers only, nested ones by their path, and not the configuration", () => {
    const history = historyOf([{ loss: 1, note: "warm-up", eval: { acc: 0.5 } }]);
    expect(history.metric("loss")?.figures().last).toBe(1);
    expect(history.metric("eval/acc")?.figures().last).toBe(0.5);
    expect(history.metric("training_iteration")?.figures().last).toBe(1);
    expect([history.metric("note"), history.metric("config/lr")]).toEqual([undefined, undefined]);
  });

  it("remembers the first result at which a metric was best", () => {
    const history = historyOf([{ loss: 3 }, { loss: 1 }, { loss: NaN }, { loss: 1 }, { loss: 2 }]);
    expect(history.bestResult("loss", "min")?.training_iteration).toBe(2);
    expect(history.bestResult("loss", "max")?.training_iteration).toBe(1);
    expect(history.numResults).toBe(5);
  });

  it("comes back from the storage with its NaN and infinities", () => {
    const history = historyOf([{ loss: NaN, reward: Infinity }, { loss: 1, reward: 0 }, { loss: NaN }]);
    // What was written comes back with the type it had.
    const restored = TrialHistory.restore(fromJson(toJson(history.save())) as TrialHistoryState);
    expect(restored.metric("loss")?.figures()).toEqual(history.metric("loss")?.figures());
    expect(restored.metric("reward")?.score("all", "max")).toBe(Infinity);
    expect(restored.bestResult("loss", "min")).toEqual(history.bestResult("loss", "min"));
    expect(restored.numResults).toBe(3);
  });

  it("does not grow without end when every report names a new metric", () => {
    const history = historyOf(
      Array.from({ length: MAX_METRICS_PER_TRIAL + 100 }, (_, at) => ({ [`m${at}`]: at })),
    );
    expect(history.metricNames.length).toBe(MAX_METRICS_PER_TRIAL);
  });
});
