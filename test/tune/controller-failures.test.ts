import { describe, expect, it } from "vitest";

import { report } from "../../packages/tune/dist/session.js";
import { listSource, simulate } from "../../packages/tune/dist/testing/simulate.js";
import type { TrialSource } from "../../packages/tune/dist/execution/trial-source.js";
import { Checkpoint } from "../../packages/tune/dist/checkpoints/checkpoint.js";
import { getCheckpoint } from "../../packages/tune/dist/session.js";
import { configsOf, scheduler } from "./fixtures/toy-schedulers.ts";

/** A trainable that throws at its second report of its first `times` runs. */
const flaky = (times: number) => {
  let failures = 0;
  return async function flaky() {
    await report({ epoch: 1 });
    if (failures < times) {
      failures += 1;
      throw new Error(`failure ${failures}`);
    }
    await report({ epoch: 2 });
  };
};

const watched = () => {
  const errors: (Error | undefined)[] = [];
  let schedulerErrors = 0;
  let added = 0;
  const list = listSource(configsOf(1));
  const configs: TrialSource = {
    ...list,
    onTrialComplete: (_, __, error) => void errors.push(error),
  };
  return {
    configs,
    scheduler: scheduler({ onError: () => void (schedulerErrors += 1), onAdd: () => void (added += 1) }),
    counts: () => ({
      searcher: errors.filter((error) => error !== undefined).length,
      schedulerErrors,
      added,
    }),
  };
};

describe("a trial that fails", () => {
  it("is an ERROR without retries", async () => {
    const { configs, scheduler: toy, counts } = watched();
    const { trials } = await simulate({ trainable: flaky(1), configs, scheduler: toy });
    expect(trials[0]).toMatchObject({ status: "ERROR", numFailures: 1, error: new Error("failure 1") });
    expect(counts()).toEqual({ searcher: 1, schedulerErrors: 1, added: 1 });
  });

  it("is started again while it may, and tells the scheduler but not the searcher", async () => {
    const { configs, scheduler: toy, counts } = watched();
    const { trials, rows } = await simulate({ trainable: flaky(1), configs, scheduler: toy, maxFailures: 1 });
    expect(trials[0]).toMatchObject({ status: "TERMINATED", numFailures: 1, error: undefined });
    expect(counts()).toEqual({ searcher: 0, schedulerErrors: 1, added: 2 });
    expect(rows[0]?.map((row) => [row["epoch"], row.training_iteration, row.reports_total])).toEqual([
      [1, 1, 1],
      [1, 1, 2],
      [2, 2, 3],
    ]);
  });

  it("is given up when it failed more often than it may", async () => {
    const { configs, scheduler: toy, counts } = watched();
    const { trials } = await simulate({ trainable: flaky(99), configs, scheduler: toy, maxFailures: 2 });
    expect(trials[0]).toMatchObject({ status: "ERROR", numFailures: 3 });
    expect(counts()).toEqual({ searcher: 1, schedulerErrors: 3, added: 3 });
  });

  it("is started again without limit with maxFailures -1", async () => {
    const { configs, scheduler: toy } = watched();
    const { trials } = await simulate({ trainable: flaky(20), configs, scheduler: toy, maxFailures: -1 });
    expect(trials[0]).toMatchObject({ status: "TERMINATED", numFailures: 20 });
  });

  it("goes on from its latest checkpoint", async () => {
    let failed = false;
    const { rows } = await simulate({
      trainable: async () => {
        const start = getCheckpoint()?.toValue<number>() ?? 0;
        for (let epoch = start + 1; epoch <= 4; epoch++) {
          await report({ epoch }, { checkpoint: Checkpoint.fromValue(epoch) });
          if (epoch === 2 && !failed) {
            failed = true;
            throw new Error("once");
          }
        }
      },
      configs: configsOf(1),
      scheduler: scheduler(),
      maxFailures: 1,
    });
    expect(
      rows[0]?.map((row) => [row["epoch"], row.training_iteration, row.iterations_since_restore]),
    ).toEqual([
      [1, 1, 1],
      [2, 2, 2],
      [3, 3, 1],
      [4, 4, 2],
    ]);
  });

  it("lets the others go first when it is started again", async () => {
    const order: unknown[] = [];
    await simulate({
      trainable: async (config) => {
        order.push(config["x"]);
        if (config["x"] === 0) throw new Error("always");
        await report({ epoch: 1 });
      },
      configs: configsOf(3),
      scheduler: scheduler({
        choose: (context) => context.trials.find((trial) => trial.status === "PENDING"),
      }),
      maxFailures: 2,
    });
    expect(order).toEqual([0, 1, 2, 0, 0]);
  });

  it("does not keep the others from running", async () => {
    const { trials } = await simulate({
      trainable: async (config) => {
        if (config["x"] === 1) throw new TypeError("bad x");
        await report({ epoch: 1 });
      },
      configs: configsOf(3),
      scheduler: scheduler(),
    });
    expect(trials.map((trial) => trial.status)).toEqual(["TERMINATED", "ERROR", "TERMINATED"]);
  });

  it("that throws something else than an Error has an Error with it as the cause", async () => {
    const { trials } = await simulate({
      trainable: () => {
        // What a user's code may do.
        // oxlint-disable-next-line only-throw-error
        throw { code: 7 };
      },
      configs: configsOf(1),
      scheduler: scheduler(),
    });
    expect(trials[0]?.error).toMatchObject({ cause: { code: 7 } });
  });

  it("that returns something else than metrics is an ERROR that says so", async () => {
    const { trials } = await simulate({
      trainable: () => "done",
      configs: configsOf(1),
      scheduler: scheduler(),
    });
    expect(trials[0]?.error?.message).toMatch(/the trainable returned.*an object of metrics.*"done"/);
  });

  it("ends the experiment with failFast", async () => {
    const trainable = async (config: Record<string, unknown>) => {
      for (let epoch = 1; epoch <= 10; epoch++) {
        await report({ epoch });
        if (config["x"] === 0 && epoch === 2) throw new Error("first");
      }
    };
    const options = { trainable, configs: configsOf(2), scheduler: scheduler(), capacity: { CPU: 2 } };
    const stopped = await simulate({ ...options, failFast: true });
    expect(stopped.trials.map((trial) => trial.status)).toEqual(["ERROR", "TERMINATED"]);
    expect(stopped.rows[1]?.length).toBeLessThan(10);
    expect(stopped).toMatchObject({ endReason: "failFast", error: undefined });
    const raised = await simulate({ ...options, failFast: "raise" });
    expect(raised.error).toEqual(new Error("first"));
  });

  it("fails in its cleanup: the trial is over, and the user is told", async () => {
    class Train {
      step() {
        return { epoch: 1 };
      }
      cleanup() {
        throw new Error("cannot close");
      }
    }
    const { trials, warnings } = await simulate({
      trainable: Train,
      configs: configsOf(1),
      scheduler: scheduler({ onResult: () => "STOP" }),
    });
    expect(trials[0]).toMatchObject({ status: "TERMINATED", error: undefined });
    expect(warnings).toEqual([expect.stringMatching(/failed in its cleanup: cannot close/)]);
  });
});
