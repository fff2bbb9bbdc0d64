import { describe, expect, it } from "vitest";

import { ResultGrid } from "../../packages/tune/dist/analysis/result-grid.js";
import type { TrialRecord } from "../../packages/tune/dist/analysis/types.js";
import type { Config, TrialStatus } from "../../packages/tune/dist/trial/types.js";
import { checkpointOf, recordOf } from "./fixtures/trial-views.ts";

const gridOf = <C extends Config>(trials: readonly TrialRecord<C>[], metric?: string): ResultGrid<C> =>
  new ResultGrid({
    trials,
    metric,
    mode: metric === undefined ? undefined : "max",
    experimentPath: "/results",
  });

const scored = (id: string, ...values: readonly number[]) =>
  recordOf(
    id,
    { id },
    values.map((score) => ({ score })),
  );

describe("a result grid", () => {
  it("is a list of results in the order of the trials", () => {
    const grid = gridOf([scored("a", 1), scored("b", 2)]);
    expect([...grid].map((result) => result.trialId)).toEqual(["a", "b"]);
    expect([grid.length, grid.get(0).trialId, grid.get(-1).trialId]).toEqual([2, "a", "b"]);
    expect(() => grid.get(2)).toThrow("get(index): must be the index of one of 2 results, got 2");
  });

  it("scores trials as Ray does in scopes last and all", () => {
    const grid = gridOf([scored("one", 1, 4, 3), scored("two", 2, 8, 6)]);
    const scores = (scope: "last" | "all") => [
      grid.getBestResult("score", "max", scope).trialId,
      grid.getBestResult("score", "min", scope).trialId,
    ];
    expect(scores("last")).toEqual(["two", "one"]);
    expect(scores("all")).toEqual(["two", "one"]);
  });

  it("finds the best of a grid search", () => {
    const trials = [100, 200, 300].flatMap((base) =>
      Array.from({ length: 10 }, (_, i) => recordOf(`${base}-${i}`, { base, i }, [{ sum: base + i }])),
    );
    const best = gridOf(trials, "sum").getBestResult();
    expect([best.metrics?.["sum"], best.config]).toEqual([309, { base: 300, i: 9 }]);
  });

  it("finds no best result among NaN", () => {
    expect(() => gridOf([scored("a", NaN), scored("b", NaN)], "score").getBestResult()).toThrow(
      'No best trial by "score": every trial that reported it ended up with NaN or an infinity.',
    );
  });

  it("counts errors and finished trials, and hands out the errors", () => {
    const statuses: TrialStatus[] = [
      "ERROR",
      "ERROR",
      "ERROR",
      "TERMINATED",
      "TERMINATED",
      "PENDING",
      "PAUSED",
    ];
    const grid = gridOf(
      statuses.map((status, at) =>
        recordOf(`t${at}`, {}, [], {
          status,
          error: status === "ERROR" ? new Error(`failure ${at}`) : undefined,
        }),
      ),
    );
    expect([grid.numErrors, grid.numTerminated]).toEqual([3, 2]);
    expect(grid.errors.map((error) => error.message)).toEqual(["failure 0", "failure 1", "failure 2"]);
  });

  it("gives rows, last ones or best ones", () => {
    const grid = gridOf([scored("one", 1, 4, 3)]);
    expect(grid.getDataframe()[0]?.["score"]).toBe(3);
    expect(grid.getDataframe({ filterMetric: "score", filterMode: "max" })[0]?.["score"]).toBe(4);
    expect(grid.experimentPath).toBe("/results");
  });

  it("tells of each trial its metrics, configuration, checkpoints, error and directory", () => {
    const checkpoints = [checkpointOf("a", 0, { score: 7 }), checkpointOf("a", 1, { score: 5 })];
    const record = scored("a", 7, 5);
    const result = gridOf([
      { ...record, checkpoints, trial: { ...record.trial, checkpoint: checkpoints[1] } },
    ]).get(0);
    expect(result.metrics?.["score"]).toBe(5);
    expect(result.config).toEqual({ id: "a" });
    expect(result.checkpoint?.index).toBe(1);
    expect(result.bestCheckpoints).toEqual(checkpoints);
    expect(result.getBestCheckpoint("score", "max")?.index).toBe(0);
    expect([result.error, result.path]).toEqual([undefined, "/results/a"]);
  });
});
