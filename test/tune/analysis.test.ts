import { describe, expect, it } from "vitest";

import { ExperimentAnalysis } from "../../packages/tune/dist/analysis/experiment-analysis.js";
import type { ExperimentRecord, TrialRecord } from "../../packages/tune/dist/analysis/types.js";
import type { Config, Metrics } from "../../packages/tune/dist/trial/types.js";
import { checkpointOf, recordOf, trialView } from "./fixtures/trial-views.ts";

const analysisOf = <C extends Config>(
  trials: readonly TrialRecord<C>[],
  rest: Partial<ExperimentRecord<C>> = {},
): ExperimentAnalysis<C> => new ExperimentAnalysis({ trials, experimentPath: "/results", ...rest });

const series = (...values: readonly number[]): Metrics[] => values.map((loss) => ({ loss }));

/** Two trials whose order differs between scopes. */
const steady = recordOf("steady", { lr: 0.1, net: { width: 8 } }, series(4, 4, 4, 4, 4, 4));
const lucky = recordOf("lucky", { lr: 0.2, net: { width: 16 } }, series(9, 1, 9, 9, 9, 3));

describe("the best trial", () => {
  it("is the one with the best last value by default", () => {
    const analysis = analysisOf([steady, lucky], { metric: "loss", mode: "min" });
    expect(analysis.bestTrial.id).toBe("lucky");
    expect(analysis.bestConfig).toEqual({ lr: 0.2, net: { width: 16 } });
    expect(analysis.bestResult["loss"]).toBe(3);
  });

  it("depends on the scope", () => {
    const analysis = analysisOf([steady, lucky]);
    const idIn = (scope: "last" | "all" | "avg" | "last-5-avg" | "last-10-avg") =>
      analysis.getBestTrial("loss", "min", scope).id;
    expect([idIn("last"), idIn("all"), idIn("avg"), idIn("last-5-avg"), idIn("last-10-avg")]).toEqual([
      "lucky",
      "lucky",
      "steady",
      "steady",
      "steady",
    ]);
  });

  it("is the first of equals, and 0 is a value like any other", () => {
    const analysis = analysisOf([
      recordOf("a", {}, series(1)),
      recordOf("b", {}, series(0)),
      recordOf("c", {}, series(0)),
    ]);
    expect(analysis.getBestTrial("loss", "min").id).toBe("b");
  });

  it("may be judged by a nested metric or by one of Manta's fields", () => {
    const analysis = analysisOf([
      recordOf("a", {}, [{ eval: { acc: 0.2 } }]),
      recordOf("b", {}, [{ eval: { acc: 0.1 } }, { eval: { acc: 0.1 } }]),
    ]);
    expect(analysis.getBestTrial("eval/acc", "max").id).toBe("a");
    expect(analysis.getBestTrial("training_iteration", "max").id).toBe("b");
  });

  it("is never one whose value is NaN or infinite, unless that is allowed", () => {
    const analysis = analysisOf([
      recordOf("nan", {}, series(NaN)),
      recordOf("inf", {}, series(-Infinity)),
      steady,
    ]);
    expect(analysis.getBestTrial("loss", "min").id).toBe("steady");
    expect(analysis.getBestTrial("loss", "min", "last", { filterNanAndInf: false }).id).toBe("inf");
  });

  it("is the only trial when there is one, without any metric", () => {
    expect(analysisOf([steady]).bestTrial.id).toBe("steady");
  });

  it("cannot be told among several trials without a metric or a mode", () => {
    expect(() => analysisOf([steady, lucky]).bestTrial).toThrowErrorMatchingInlineSnapshot(
      `[InvalidArgumentError: bestTrial({ metric }): no metric to judge 2 trials by; pass one here, or give run() a metric and a mode]`,
    );
    expect(() => analysisOf([steady, lucky]).getBestConfig("loss")).toThrowErrorMatchingInlineSnapshot(
      `[InvalidArgumentError: getBestConfig({ mode }): no mode to judge 2 trials by; pass one here, or give run() a metric and a mode]`,
    );
  });

  it("refuses a scope or a mode that does not exist, naming it", () => {
    const analysis = analysisOf([steady, lucky]);
    // @ts-expect-error: not a scope
    expect(() => analysis.getBestTrial("loss", "min", "last-3-avg")).toThrowErrorMatchingInlineSnapshot(
      `[InvalidArgumentError: getBestTrial({ scope }): must be one of last, all, avg, last-5-avg, last-10-avg, got "last-3-avg"]`,
    );
    // @ts-expect-error: not a mode
    expect(() => analysis.getBestTrial("loss", "best")).toThrowErrorMatchingInlineSnapshot(
      `[InvalidArgumentError: getBestTrial({ mode }): must be "min" or "max", got "best"]`,
    );
  });
});

describe("without a usable trial", () => {
  const bestOf = (trials: readonly TrialRecord[]) => () => analysisOf(trials).getBestTrial("loss", "min");

  it("says that there are no trials", () => {
    expect(bestOf([])).toThrowErrorMatchingInlineSnapshot(
      `[TuneError: No best trial by "loss": the experiment has no trials.]`,
    );
  });

  it("says that nothing was reported", () => {
    expect(bestOf([recordOf("a", {}, [])])).toThrowErrorMatchingInlineSnapshot(
      `[TuneError: No best trial by "loss": none of the 1 trials has reported a result.]`,
    );
  });

  it("says that all failed, with the first error as the cause", () => {
    const error = new Error("out of cheese");
    const failing = bestOf([recordOf("a", {}, [], { status: "ERROR", error })]);
    expect(failing).toThrowErrorMatchingInlineSnapshot(
      `[TuneError: No best trial by "loss": no trial reported a result, and 1 of 1 failed; see the cause and \`errors\`.]`,
    );
    expect(failing).toThrow(expect.objectContaining({ cause: error }));
  });

  it("says what was reported instead of the metric", () => {
    expect(bestOf([recordOf("a", {}, [{ accuracy: 1 }])])).toThrow(
      'No best trial by "loss": no trial reported it as a number; reported were accuracy, training_iteration,',
    );
  });

  it("says that every value was NaN or infinite", () => {
    expect(bestOf([recordOf("a", {}, series(NaN))])).toThrowErrorMatchingInlineSnapshot(
      `[TuneError: No best trial by "loss": every trial that reported it ended up with NaN or an infinity. Pass { filterNanAndInf: false } to compare those too.]`,
    );
  });
});

describe("checkpoints", () => {
  const kept = [0, 1, 2].map((index) => checkpointOf("lucky", index, { loss: [9, 1, 3][index] }));
  const record: TrialRecord = { ...lucky, trial: { ...lucky.trial, checkpoint: kept[2] }, checkpoints: kept };

  it("are best by the result that they were reported with", () => {
    const analysis = analysisOf([steady, record], { metric: "loss", mode: "min" });
    expect(analysis.bestCheckpoint?.index).toBe(1);
    expect(analysis.getBestCheckpoint(record.trial, "loss", "max")?.index).toBe(0);
    expect(analysis.getLastCheckpoint()?.index).toBe(2);
  });

  it("are undefined for a trial that made none", () => {
    const analysis = analysisOf([steady], { metric: "loss", mode: "min" });
    expect([analysis.bestCheckpoint, analysis.getLastCheckpoint()]).toEqual([undefined, undefined]);
  });

  it("are refused for a trial of another experiment", () => {
    const analysis = analysisOf([steady], { metric: "loss", mode: "min" });
    expect(() => analysis.getBestCheckpoint(trialView("stranger", { lr: 1, net: { width: 1 } }))).toThrow(
      'getBestCheckpoint(trial): must be a trial of this experiment, got "stranger"',
    );
  });
});

describe("all trials", () => {
  it("have their last results by id and their configurations by directory", () => {
    const analysis = analysisOf([steady, recordOf("silent", { lr: 1, net: { width: 1 } }, [])]);
    expect(Object.keys(analysis.results)).toEqual(["steady"]);
    expect(analysis.getAllConfigs()["/results/steady"]).toEqual({ lr: 0.1, net: { width: 8 } });
    expect(analysis.getAllConfigs({ prefix: true })["/results/steady"]).toEqual({
      "config/lr": 0.1,
      "config/net/width": 8,
    });
  });

  it("are counted and added up", () => {
    const failed = recordOf("failed", { lr: 1, net: { width: 1 } }, series(1), { status: "ERROR" });
    expect(analysisOf([steady, failed], { elapsedSeconds: 2 }).stats).toEqual({
      numTrials: 2,
      numTerminated: 1,
      numErrors: 1,
      numResults: 7,
      trainingSeconds: 3.5,
      elapsedSeconds: 2,
    });
    expect(analysisOf([steady]).experimentPath).toBe("/results");
  });
});

describe("the dataframe", () => {
  it("has one flat row for each trial that reported, with its last metrics, configuration and directory", () => {
    const nested = recordOf("a", { lr: 0.1, net: { width: 8 } }, [{ loss: 1, eval: { acc: 0.5 } }]);
    const rows = analysisOf([nested, recordOf("silent", { lr: 1, net: { width: 1 } }, [])]).dataframe();
    expect(rows).toEqual([
      {
        loss: 1,
        "eval/acc": 0.5,
        training_iteration: 1,
        reports_total: 1,
        time_this_iter_s: 0.5,
        time_total_s: 0.5,
        time_since_restore: 0.5,
        iterations_since_restore: 1,
        done: false,
        trial_id: "a",
        trial_name: "train_a",
        date: "2026-11-23_20-57-00",
        timestamp: 1795467420,
        pid: 42,
        hostname: "host",
        node_ip: "127.0.0.1",
        "config/lr": 0.1,
        "config/net/width": 8,
        logdir: "/results/a",
      },
    ]);
  });

  it("shows the row at which a metric was best when asked for a metric or a mode", () => {
    const analysis = analysisOf([steady, lucky], { metric: "loss", mode: "max" });
    const iterations = (rows: readonly { training_iteration?: number }[]) =>
      rows.map((row) => row.training_iteration);
    expect(iterations(analysis.dataframe({ metric: "loss", mode: "min" }))).toEqual([1, 2]);
    expect(iterations(analysis.dataframe({ mode: "max" }))).toEqual([1, 1]);
    expect(iterations(analysis.dataframe())).toEqual([6, 6]);
  });

  it("shows the configuration that the row was reached with, not a later one", () => {
    const perturbed = recordOf("a", { lr: 0.1 }, series(1));
    const record = { ...perturbed, trial: { ...perturbed.trial, config: { lr: 0.12 } } };
    expect(analysisOf([record]).dataframe()[0]?.["config/lr"]).toBe(0.1);
  });

  it("refuses a metric that no trial reported", () => {
    expect(() => analysisOf([steady]).dataframe({ metric: "acuracy", mode: "max" })).toThrow(
      'dataframe({ metric }): no trial reported "acuracy" as a finite number; reported were loss, training_iteration,',
    );
  });
});
