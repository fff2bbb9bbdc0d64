import { describe, expect, it } from "vitest";

import { getContext, report } from "../../packages/tune/dist/session.js";
import { simulate } from "../../packages/tune/dist/testing/simulate.js";
import { configsOf, scheduler } from "./fixtures/toy-schedulers.ts";

const forever = async () => {
  for (let epoch = 1; ; epoch++) await report({ epoch });
};

describe("the time budget", () => {
  it("ends every trial as TERMINATED, running or not", async () => {
    const { trials, endReason, seconds, rows, executor } = await simulate({
      trainable: forever,
      configs: configsOf(4),
      scheduler: scheduler(),
      capacity: { CPU: 2 },
      timeBudgetS: 4.5,
    });
    expect(endReason).toBe("budget");
    expect(trials.map((trial) => trial.status)).toEqual(Array(4).fill("TERMINATED"));
    // The report that was under way at 4.5 s still counts.
    expect(seconds).toBe(5);
    expect(rows.map((trial) => trial.length)).toEqual([5, 5, 0, 0]);
    expect(executor.resources().used).toEqual({});
    expect(executor.live).toBe(0);
  });

  it("kills a trial that does not report within the grace period", async () => {
    const { trials, seconds, executor } = await simulate({
      trainable: forever,
      configs: configsOf(1),
      scheduler: scheduler(),
      duration: ({ event }) => (event.type === "report" ? Infinity : 0),
      timeBudgetS: 10,
      gracePeriodS: 3,
    });
    expect(seconds).toBe(13);
    expect(trials[0]).toMatchObject({ status: "TERMINATED", lastResult: undefined });
    expect(executor.resources().used).toEqual({});
    expect(executor.live).toBe(0);
  });

  it("kills a trial whose cleanup does not end", async () => {
    const { trials, seconds } = await simulate({
      trainable: forever,
      configs: configsOf(1),
      scheduler: scheduler({ onResult: () => "STOP" }),
      duration: ({ event }) => (event.type === "ended" ? Infinity : 1),
      timeBudgetS: 10,
      gracePeriodS: 3,
    });
    expect(seconds).toBe(13);
    expect(trials[0]?.status).toBe("TERMINATED");
  });
});

describe("an interrupted run", () => {
  it("stops trials at their next report and keeps them for a resume", async () => {
    const abort = new AbortController();
    const removed: string[] = [];
    const signals: boolean[] = [];
    const { trials, endReason, error, rows, executor } = await simulate({
      trainable: async () => {
        const { signal } = getContext();
        try {
          await forever();
        } finally {
          signals.push(signal.aborted);
        }
      },
      configs: configsOf(3),
      scheduler: scheduler({ onRemove: (trial) => removed.push(trial.id) }),
      capacity: { CPU: 2 },
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === "trialResult" && event.trial.index === 1 && event.result["epoch"] === 3)
          abort.abort();
      },
    });
    expect(endReason).toBe("interrupt");
    expect(error).toBeUndefined();
    expect(trials.map((trial) => trial.status)).toEqual(["PAUSED", "PAUSED", "PENDING"]);
    expect(rows.map((trial) => trial.length)).toEqual([4, 4, 0]);
    expect(signals).toEqual([true, true]);
    expect(removed).toEqual([]);
    expect(executor.live).toBe(0);
  });

  it("kills what does not report within the grace period", async () => {
    const abort = new AbortController();
    const { trials, seconds } = await simulate({
      trainable: forever,
      configs: configsOf(2),
      scheduler: scheduler(),
      capacity: { CPU: 2 },
      duration: ({ order, event }) => (event.type === "report" ? (order === 0 ? 1 : Infinity) : 0),
      gracePeriodS: 2,
      signal: abort.signal,
      onEvent: (event) => {
        if (event.type === "trialResult" && event.result["epoch"] === 2) abort.abort();
      },
    });
    expect(trials.map((trial) => trial.status)).toEqual(["PAUSED", "PAUSED"]);
    expect(seconds).toBe(4);
  });
});

describe("a hook that throws", () => {
  it("ends the run with its error, and leaves nothing running", async () => {
    const { error, endReason, executor } = await simulate({
      trainable: forever,
      configs: configsOf(2),
      scheduler: scheduler(),
      capacity: { CPU: 2 },
      onEvent: (event) => {
        if (event.type === "trialResult" && event.result["epoch"] === 2) throw new Error("disk full");
      },
    });
    expect(error).toEqual(new Error("disk full"));
    expect(endReason).toBe("fatal");
    expect(executor.live).toBe(0);
  });
});
