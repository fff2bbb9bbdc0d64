import { describe, expect, it } from "vitest";

import { TuneError } from "../../packages/tune/dist/errors.js";
import { getContext, report } from "../../packages/tune/dist/session.js";
import { simulate } from "../../packages/tune/dist/testing/simulate.js";
import { configsOf, scheduler } from "./fixtures/toy-schedulers.ts";

const count = (times: number) =>
  async function count(config: Record<string, unknown>) {
    for (let epoch = 1; epoch <= times; epoch++) await report({ epoch, x: config["x"] });
  };

describe("the controller", () => {
  it("runs trials to their end in the order of creation, as many at once as fit", async () => {
    const { trials, rows, maxRunning, seconds, endReason } = await simulate({
      trainable: count(3),
      configs: configsOf(4),
      scheduler: scheduler(),
      capacity: { CPU: 2 },
    });
    expect(trials.map((trial) => trial.status)).toEqual(Array(4).fill("TERMINATED"));
    expect(rows.map((trial) => trial.map((row) => row["epoch"]))).toEqual(
      Array.from({ length: 4 }, () => [1, 2, 3]),
    );
    expect(maxRunning).toBe(2);
    expect(seconds).toBe(6);
    expect(endReason).toBeUndefined();
  });

  it("adds Manta's fields to each report", async () => {
    const { rows, trials } = await simulate({
      trainable: count(2),
      configs: configsOf(1),
      scheduler: scheduler(),
      duration: ({ event }) => (event.type === "report" ? 2.5 : 0),
    });
    expect(rows[0]?.[1]).toMatchObject({
      training_iteration: 2,
      reports_total: 2,
      time_this_iter_s: 2.5,
      time_total_s: 5,
      time_since_restore: 5,
      iterations_since_restore: 2,
      timestamp: 5,
      done: false,
      trial_id: trials[0]?.id,
      config: { x: 0 },
    });
    expect(trials[0]?.lastResult?.done).toBe(true);
  });

  it("merges what a function returns over its last result, and files only the returned keys", async () => {
    const completed: unknown[] = [];
    const { rows, trials } = await simulate({
      trainable: async () => {
        await report({ epoch: 1, loss: 0.5 });
        return { finalLoss: 0.25 };
      },
      configs: configsOf(1),
      scheduler: scheduler({ onComplete: (_, result) => completed.push(result) }),
    });
    expect(trials[0]?.lastResult).toMatchObject({
      epoch: 1,
      loss: 0.5,
      finalLoss: 0.25,
      done: true,
      training_iteration: 1,
    });
    expect(rows[0]).toHaveLength(2);
    expect(rows[0]?.[1]).toMatchObject({ finalLoss: 0.25, done: true, training_iteration: 1 });
    expect(rows[0]?.[1]).not.toHaveProperty("epoch");
    expect(completed).toEqual([trials[0]?.lastResult]);
  });

  it("counts a trial that only returns as one report", async () => {
    const { rows } = await simulate({
      trainable: (config) => ({ score: config["x"] }),
      configs: configsOf(2),
      scheduler: scheduler(),
    });
    expect(rows.map(([row]) => [row?.["score"], row?.training_iteration])).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  it("takes what generators yield as reports, and their return as the end", async () => {
    const { rows } = await simulate({
      trainable: async function* () {
        const first: unknown = yield { epoch: 1 };
        yield { epoch: 2, perturbed: (first as { perturbed: boolean }).perturbed };
        return { last: true };
      },
      configs: configsOf(1),
      scheduler: scheduler(),
    });
    expect(rows[0]?.map(({ epoch, perturbed, last }) => ({ epoch, perturbed, last }))).toEqual([
      { epoch: 1, perturbed: undefined, last: undefined },
      { epoch: 2, perturbed: false, last: undefined },
      { epoch: undefined, perturbed: undefined, last: true },
    ]);
  });

  it("parks a paused trial, gives its slot away, and continues it where it was", async () => {
    let live = 0;
    const { trials, rows, maxRunning } = await simulate({
      trainable: count(4),
      configs: configsOf(3),
      scheduler: scheduler({ onResult: () => "PAUSE" }),
      capacity: { CPU: 1 },
      onStep: (controller) => (live = Math.max(live, controller.population.seated.size)),
    });
    expect(trials.map((trial) => trial.status)).toEqual(Array(3).fill("TERMINATED"));
    expect(rows.map((trial) => trial.map((row) => row["epoch"]))).toEqual(
      Array.from({ length: 3 }, () => [1, 2, 3, 4]),
    );
    expect(rows.flat().every((row) => row.iterations_since_restore === row.training_iteration)).toBe(true);
    expect(maxRunning).toBe(1);
    expect(live).toBe(3);
  });

  it("stops a trial when the scheduler says so, and runs its cleanup", async () => {
    const cleaned: string[] = [];
    const { trials, rows } = await simulate({
      trainable: async () => {
        const { trialId } = getContext();
        try {
          for (let epoch = 1; ; epoch++) await report({ epoch });
        } finally {
          cleaned.push(trialId);
        }
      },
      configs: configsOf(2),
      scheduler: scheduler({ onResult: (_, __, result) => (result["epoch"] === 3 ? "STOP" : "CONTINUE") }),
    });
    expect(trials.map((trial) => [trial.status, trial.lastResult?.done])).toEqual([
      ["TERMINATED", true],
      ["TERMINATED", true],
    ]);
    expect(rows.map((trial) => trial.length)).toEqual([3, 3]);
    expect(cleaned).toEqual(trials.map((trial) => trial.id));
  });

  it("asks the stopper before the scheduler", async () => {
    const seen: unknown[] = [];
    const { trials } = await simulate({
      trainable: count(10),
      configs: configsOf(1),
      scheduler: scheduler({
        onResult: (_, __, result) => {
          seen.push(result["epoch"]);
          return "CONTINUE";
        },
      }),
      stopper: {
        onResult: (_, result) => Number(result["epoch"]) >= 3,
        stopAll: () => false,
        save: () => ({}),
        restore: () => undefined,
      },
    });
    expect(seen).toEqual([1, 2]);
    expect(trials[0]?.lastResult?.["epoch"]).toBe(3);
  });

  it("ends every trial when a stopper ends the experiment", async () => {
    let results = 0;
    const { trials, endReason, executor } = await simulate({
      trainable: count(10),
      configs: configsOf(4),
      scheduler: scheduler(),
      capacity: { CPU: 2 },
      stopper: {
        onResult: () => (results++, false),
        stopAll: () => results >= 4,
        save: () => ({}),
        restore: () => undefined,
      },
    });
    expect(endReason).toBe("stopper");
    expect(trials.map((trial) => trial.status)).toEqual(Array(4).fill("TERMINATED"));
    expect(executor.resources().used).toEqual({});
  });

  it("ends a trial that reports done: true", async () => {
    const { rows } = await simulate({
      trainable: async () => {
        for (let epoch = 1; ; epoch++) await report({ epoch, done: epoch === 2 });
      },
      configs: configsOf(1),
      scheduler: scheduler(),
    });
    expect(rows[0]?.map((row) => row.done)).toEqual([false, true]);
  });

  it("runs no more trials at once than maxConcurrentTrials", async () => {
    const { maxRunning } = await simulate({
      trainable: count(2),
      configs: configsOf(6),
      scheduler: scheduler(),
      capacity: { CPU: 6 },
      maxConcurrentTrials: 2,
    });
    expect(maxRunning).toBe(2);
  });

  it("says so when a scheduler leaves trials paused for ever", async () => {
    const { error, trials } = await simulate({
      trainable: count(2),
      configs: configsOf(1),
      scheduler: scheduler({
        onResult: () => "PAUSE",
        choose: (context) => context.trials.find((trial) => trial.status === "PENDING"),
      }),
    });
    expect(error).toBeInstanceOf(TuneError);
    expect(error?.message).toContain(trials[0]?.id);
    expect(error?.message).toMatch(/names no trial to run/);
  });

  it("ends the run with the error of a scheduler that throws, and keeps the report", async () => {
    const { error, rows, executor, endReason } = await simulate({
      trainable: count(3),
      configs: configsOf(3),
      capacity: { CPU: 2 },
      scheduler: scheduler({
        onResult: () => {
          throw new RangeError("no such attribute");
        },
      }),
    });
    expect(error).toEqual(new RangeError("no such attribute"));
    expect(endReason).toBe("fatal");
    expect(rows[0]).toHaveLength(1);
    expect(executor.resources().used).toEqual({});
    expect(executor.live).toBe(0);
  });
});

describe("the metric", () => {
  it("that is never reported is an error with the keys that were", async () => {
    const { error } = await simulate({
      trainable: count(2),
      configs: configsOf(3),
      scheduler: scheduler(),
      metric: "acuracy",
    });
    expect(error).toBeInstanceOf(TuneError);
    expect(error?.message).toMatch(/"acuracy" was never reported.*"epoch", "x"/);
  });

  it("that is never reported because nothing is, is an error at the end", async () => {
    const { error, trials, warnings } = await simulate({
      trainable: () => undefined,
      configs: configsOf(2),
      scheduler: scheduler(),
      metric: "loss",
    });
    expect(error?.message).toMatch(/"loss" was never reported.*reported nothing/);
    expect(trials.map((trial) => trial.status)).toEqual(["TERMINATED", "TERMINATED"]);
    expect(warnings).toHaveLength(2);
  });

  it("may be missing from some reports and from some trials", async () => {
    const { error } = await simulate({
      trainable: async (config) => {
        await report({ epoch: 1 });
        if (config["x"] !== 1) await report({ nested: { loss: 1 } });
      },
      configs: configsOf(3),
      scheduler: scheduler(),
      metric: "nested/loss",
    });
    expect(error).toBeUndefined();
  });

  it("that is NaN is one warning", async () => {
    const { warnings } = await simulate({
      trainable: async () => {
        await report({ loss: Number.NaN });
        await report({ loss: Number.NaN });
      },
      configs: configsOf(2),
      scheduler: scheduler(),
      metric: "loss",
    });
    expect(warnings).toEqual([expect.stringMatching(/"loss" is NaN.*ranks last/)]);
  });
});
