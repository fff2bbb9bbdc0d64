import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import * as ray from "@mantajs/runtime";
import { Checkpoint } from "../../packages/tune/dist/checkpoints/checkpoint.js";
import { TuneError } from "../../packages/tune/dist/errors.js";
import { run } from "../../packages/tune/dist/run.js";
import type { TrialScheduler } from "../../packages/tune/dist/schedulers/types.js";
import { getCheckpoint, getContext, report, reportSync } from "../../packages/tune/dist/session.js";
import { uniform } from "../../packages/tune/dist/search-space/distributions.js";
import { PopulationBasedTraining } from "../../packages/tune/dist/schedulers/pbt/scheduler.js";
import { fromJson } from "../../packages/tune/dist/storage/json.js";
import { simulateRun } from "../../packages/tune/dist/testing/index.js";
import { Tuner } from "../../packages/tune/dist/tuner.js";
import { withParameters, withResources } from "../../packages/tune/dist/with-parameters.js";
import { scheduler as toy } from "./fixtures/toy-schedulers.ts";

const storagePath = mkdtempSync(join(tmpdir(), "manta-run-"));
const quiet = { storagePath, verbose: 0 } as const;

beforeAll(async () => {
  await ray.init({ numCpus: 2 });
});
afterEach(() => {
  // Whatever a run did, it gave everything back.
  expect(ray.availableResources()["CPU"]).toBe(2);
});
afterAll(async () => {
  await ray.shutdown();
  rmSync(storagePath, { recursive: true });
});

const rowsOf = (path: string) =>
  readFileSync(join(path, "result.json"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => fromJson(line) as Record<string, unknown>);

describe("run", () => {
  it("trains in actors, and files every report of every trial exactly once", async () => {
    const analysis = await run(
      async (config: { x: number }) => {
        for (let epoch = 1; epoch <= 5; epoch++) await report({ epoch, loss: config.x / epoch });
        return { finalLoss: config.x };
      },
      { ...quiet, metric: "loss", mode: "min", numSamples: 5, seed: 3, config: { x: uniform(0, 1) } },
    );
    expect(analysis.trials.map((trial) => trial.status)).toEqual(Array(5).fill("TERMINATED"));
    for (const trial of analysis.trials) {
      const rows = rowsOf(trial.path);
      expect(rows.map((row) => row["epoch"])).toEqual([1, 2, 3, 4, 5, undefined]);
      expect(rows.at(-1)).toMatchObject({ finalLoss: trial.config["x"], done: true });
      expect(JSON.parse(readFileSync(join(trial.path, "params.json"), "utf8"))).toEqual(trial.config);
    }
    // Reports; the row of what a trial returned is none.
    expect(analysis.stats.numResults).toBe(25);
    expect(existsSync(join(analysis.experimentPath, "experiment_state.json"))).toBe(true);
    expect(analysis.bestConfig.x).toBe(Math.min(...analysis.trials.map((trial) => trial.config.x)));
  });

  it("parks synchronous training loops, too", async () => {
    const analysis = await run(
      () => {
        for (let epoch = 1; epoch <= 3; epoch++) reportSync({ epoch });
      },
      { ...quiet, numSamples: 4, scheduler: toy({ onResult: () => "PAUSE" }) },
    );
    expect(analysis.trials.map((trial) => trial.lastResult?.["epoch"])).toEqual([3, 3, 3, 3]);
  });

  it("evolves a population larger than the slots in place", async () => {
    const analysis = await run(
      async (config: { lr: number }) => {
        for (let epoch = 1; epoch <= 8; epoch++) await report({ epoch, accuracy: config.lr });
      },
      {
        ...quiet,
        metric: "accuracy",
        mode: "max",
        numSamples: 6,
        seed: 1,
        config: { lr: uniform(0.001, 0.1) },
        scheduler: new PopulationBasedTraining({
          timeAttr: "epoch",
          perturbationInterval: 2,
          hyperparamMutations: { lr: uniform(0.001, 0.1) },
        }),
      },
    );
    for (const trial of analysis.trials) {
      expect(rowsOf(trial.path).map((row) => row["epoch"])).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    }
    expect(analysis.trials.some((trial) => trial.experimentTag.includes("@perturbed"))).toBe(true);
    expect(existsSync(join(analysis.experimentPath, "pbt_global.txt"))).toBe(true);
  });

  it("moves a donor's checkpoint on disk into another trial", async () => {
    const steal: TrialScheduler = toy({
      onResult: (context, trial, result) => {
        const donor = context.trials[0];
        if (trial.index === 0) context.checkpoint(trial);
        if (trial.index === 1 && result.reports_total === 1 && donor !== undefined) {
          context.exploit({
            trial,
            donor,
            config: { x: 2 },
            operations: {},
            experimentTag: "1@perturbed[x=2]",
          });
        }
        return "CONTINUE";
      },
      // The donor trains first, to its fourth report.
      choose: (context) =>
        context.trials.find(
          (trial) => trial.status !== "RUNNING" && ["PENDING", "PAUSED"].includes(trial.status),
        ),
    });
    const analysis = await run(
      async (config: { x: number }) => {
        const start = getCheckpoint()?.toValue<number[]>() ?? [];
        for (const path = [...start]; path.length < 6;) {
          path.push(config.x);
          await report({ path: path.join("") }, { checkpoint: Checkpoint.fromValue(path) });
        }
      },
      {
        ...quiet,
        numSamples: 1,
        config: { x: 0 },
        searchAlg: twoConfigs(),
        scheduler: steal,
        deterministic: true,
        checkpointConfig: { numToKeep: 1 },
      },
    );
    const [donor, taker] = analysis.trials;
    if (donor === undefined || taker === undefined) throw new Error("two trials were asked for");
    expect(rowsOf(donor.path).map((row) => row["path"])).toEqual([
      "0",
      "00",
      "000",
      "0000",
      "00000",
      "000000",
    ]);
    const paths = rowsOf(taker.path).map((row) => String(row["path"]));
    expect(paths[0]).toBe("1");
    expect(paths[1]).toMatch(/^0+2$/);
    expect(paths.at(-1)).toHaveLength(6);
    const kept = readdirSync(taker.path).filter((name) => name.startsWith("checkpoint_"));
    expect(kept).toHaveLength(1);
    expect(readdirSync(taker.path).some((name) => name.startsWith(".checkpoint"))).toBe(false);
  });

  it("runs classes, with checkpoints at a frequency", async () => {
    class Train {
      declare config: { x: number };
      total = 0;
      step() {
        this.total += this.config.x;
        return { total: this.total, done: this.total >= 6 };
      }
      saveCheckpoint() {
        return this.total;
      }
      loadCheckpoint(total: number) {
        this.total = total;
      }
    }
    const analysis = await run(Train, {
      ...quiet,
      config: { x: 1 },
      checkpointConfig: { frequency: 2, numToKeep: 2 },
    });
    const [trial] = analysis.trials;
    expect(trial?.lastResult).toMatchObject({ total: 6, training_iteration: 6 });
    expect(readdirSync(trial?.path ?? "").filter((name) => name.startsWith("checkpoint"))).toEqual([
      "checkpoint_000001",
      "checkpoint_000002",
    ]);
    expect(Checkpoint.fromDirectory(trial?.checkpoint?.path ?? "").toValue()).toBe(6);
  });

  it("rejects with the trials' own errors, after everything is written", async () => {
    class BadLuck extends Error {
      override name = "BadLuck";
    }
    const failing = run(
      async (config: { x: number }) => {
        await report({ epoch: 1 });
        if (config.x >= 0) throw new BadLuck("after one epoch");
      },
      { ...quiet, name: "failing", config: { x: 1 }, numSamples: 2 },
    );
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TuneError);
    expect(error).toMatchObject({
      code: "MANTA_TUNE",
      message: expect.stringContaining("2 of 2 trials did not complete"),
    });
    const { cause } = error as TuneError;
    expect(cause).toBeInstanceOf(AggregateError);
    expect((cause as AggregateError).errors[0]).toMatchObject({
      name: "BadLuck",
      message: "after one epoch",
    });
    const directory = join(storagePath, "failing");
    const trials = readdirSync(directory).filter((name) => name.includes("_0000"));
    expect(trials).toHaveLength(2);
    for (const trial of trials) {
      expect(rowsOf(join(directory, trial))).toHaveLength(1);
      expect(readFileSync(join(directory, trial, "error.txt"), "utf8")).toContain("after one epoch");
    }
  });

  it("ends a trial that blocks its thread for ever when the time is used up", async () => {
    const analysis = await run(
      async (config: { x: number }) => {
        await report({ epoch: 1 });
        while (config.x === 1);
      },
      { ...quiet, config: { x: 1 }, timeBudgetS: 1, gracePeriodS: 0.2 },
    );
    expect(analysis.trials[0]).toMatchObject({ status: "TERMINATED", lastResult: { epoch: 1 } });
  });

  it("ends at the signal, and returns what was learnt", async () => {
    const abort = new AbortController();
    const analysis = await run(
      async () => {
        for (let epoch = 1; ; epoch++) await report({ epoch });
      },
      {
        ...quiet,
        numSamples: 3,
        signal: abort.signal,
        callbacks: [{ onTrialResult: (_, result) => (result["epoch"] === 3 ? abort.abort() : undefined) }],
      },
    );
    expect(analysis.trials.some((trial) => Number(trial.lastResult?.["epoch"]) >= 3)).toBe(true);
    expect(analysis.trials.every((trial) => trial.status === "PAUSED" || trial.status === "PENDING")).toBe(
      true,
    );
  });

  it("ends at Ctrl-C, and takes its handler away", async () => {
    const before = process.listenerCount("SIGINT");
    const analysis = await run(
      async () => {
        for (let epoch = 1; ; epoch++) await report({ epoch });
      },
      {
        ...quiet,
        callbacks: [
          { onTrialResult: (_, result) => (result["epoch"] === 2 ? void process.emit("SIGINT") : undefined) },
        ],
      },
    );
    expect(analysis.trials[0]?.status).toBe("PAUSED");
    expect(process.listenerCount("SIGINT")).toBe(before);
  });

  it("makes two runs with one seed the same when it is deterministic", async () => {
    const once = () =>
      run(
        async (config: { lr: number }) => {
          for (let epoch = 1; epoch <= 6; epoch++) {
            await report({ epoch, accuracy: config.lr * epoch });
          }
        },
        {
          ...quiet,
          metric: "accuracy",
          mode: "max",
          numSamples: 6,
          seed: 11,
          deterministic: true,
          config: { lr: uniform(0.001, 0.1) },
          scheduler: new PopulationBasedTraining({
            timeAttr: "epoch",
            perturbationInterval: 2,
            hyperparamMutations: { lr: uniform(0.001, 0.1) },
          }),
        },
      );
    const [a, b] = [await once(), await once()];
    const decisions = (analysis: typeof a) =>
      readFileSync(join(analysis.experimentPath, "pbt_global.txt"), "utf8");
    expect(decisions(b)).toBe(decisions(a));
    expect(b.trials.map((trial) => trial.config)).toEqual(a.trials.map((trial) => trial.config));
  });

  it("makes the decisions that a simulation makes", async () => {
    const train = async (config: { lr: number }) => {
      const start = getCheckpoint()?.toValue<{ epoch: number; score: number }>() ?? { epoch: 0, score: 0 };
      let { score } = start;
      for (let epoch = start.epoch + 1; epoch <= 8; epoch++) {
        score += config.lr;
        await report({ epoch, score }, { checkpoint: Checkpoint.fromValue({ epoch, score }) });
      }
    };
    const options = () => ({
      ...quiet,
      metric: "score",
      mode: "max" as const,
      numSamples: 6,
      seed: 5,
      deterministic: true,
      config: { lr: uniform(0.001, 0.1) },
      scheduler: new PopulationBasedTraining({
        timeAttr: "epoch",
        perturbationInterval: 2,
        hyperparamMutations: { lr: uniform(0.001, 0.1) },
      }),
    });
    const real = await run(train, options());
    const simulated = await simulateRun(train, options(), { capacity: { CPU: 2 } });
    const story = (analysis: typeof real) => ({
      exploits: readFileSync(join(analysis.experimentPath, "pbt_global.txt"), "utf8").split("\n"),
      trials: analysis.trials.map(({ id, experimentTag, config, path }) => ({
        id,
        experimentTag,
        config,
        rows: rowsOf(path).map((row) => [row["epoch"], row["score"], row["training_iteration"]]),
      })),
    });
    expect(story(real).exploits.length).toBeGreaterThan(3);
    expect(story(simulated)).toEqual(story(real));
  });

  it("starts a trial again whose thread has died, from its checkpoint, and says what it died of", async () => {
    const errors: Error[] = [];
    const analysis = await run(
      async () => {
        const start = getCheckpoint()?.toValue<number>() ?? 0;
        for (let epoch = start + 1; epoch <= 3; epoch++) {
          await report({ epoch, start }, { checkpoint: Checkpoint.fromValue(epoch) });
          if (epoch === 2 && start === 0) process.exit(7);
        }
      },
      { ...quiet, maxFailures: 1, callbacks: [{ onTrialError: (_, error) => void errors.push(error) }] },
    );
    const [trial] = analysis.trials;
    expect(trial).toMatchObject({ status: "TERMINATED", numFailures: 1, lastResult: { epoch: 3, start: 2 } });
    expect(errors).toEqual([expect.objectContaining({ code: "MANTA_ACTOR_DIED" })]);
    expect(errors[0]?.message).toMatch(/7/);
  });

  it("runs many trials in one shared thread", async () => {
    const analysis = await run(
      async (config: { x: number }) => {
        const { trialId } = getContext();
        for (let epoch = 1; epoch <= 2; epoch++)
          await report({ epoch, x: config.x, own: getContext().trialId === trialId });
      },
      {
        ...quiet,
        numSamples: 40,
        config: { x: uniform(0, 1) },
        trialIsolation: "shared",
        scheduler: toy({ onResult: () => "PAUSE" }),
      },
    );
    for (const trial of analysis.trials) {
      expect(trial.lastResult).toMatchObject({ epoch: 2, x: trial.config.x, own: true });
    }
  });

  it("refuses to block a thread that trials share", async () => {
    const blocking = run(() => void reportSync({ epoch: 1 }), { ...quiet, trialIsolation: "shared" });
    await expect(blocking).rejects.toThrow(/reportSync\(\) blocks its thread.*trialIsolation: "thread"/s);
  });

  it("says at once what is asked and what exists when resources can never be had", async () => {
    const asking = run(() => undefined, { ...quiet, resourcesPerTrial: { cpu: 3, custom: { license: 1 } } });
    await expect(asking).rejects.toThrow(/needs \{ CPU: 3, license: 1 \}.*session has \{.*CPU: 2/);
    await expect(asking).rejects.toBeInstanceOf(TuneError);
  });

  it("fails a trial whose trainable cannot be sent to another thread", async () => {
    const port = new MessageChannel().port1;
    const sending = run(() => port.unref(), { ...quiet });
    await expect(sending).rejects.toThrow(/1 of 1 trials did not complete/);
    port.close();
  });

  it("ends with the name of a callback that throws, unless it is optional", async () => {
    const throws = { name: "uploader", onTrialResult: () => Promise.reject(new Error("no network")) };
    const train = async () => {
      await report({ epoch: 1 });
    };
    await expect(run(train, { ...quiet, callbacks: [throws] })).rejects.toThrow(
      "uploader.onTrialResult() threw: no network",
    );
    const analysis = await run(train, { ...quiet, callbacks: [{ ...throws, optional: true }] });
    expect(analysis.trials[0]?.status).toBe("TERMINATED");
  });

  it("tells a trial about itself", async () => {
    const analysis = await run(
      withResources(
        async (_config: object, context) => {
          const { trialId, trialDir, trialResources, experimentName, iteration } = getContext();
          await report({
            trialId,
            trialDir,
            trialResources,
            experimentName,
            iteration,
            same: context === getContext(),
          });
        },
        { cpu: 2 },
      ),
      { ...quiet, name: "about" },
    );
    const [trial] = analysis.trials;
    expect(trial?.lastResult).toMatchObject({
      trialId: trial?.id,
      trialDir: trial?.path,
      trialResources: { CPU: 2 },
      experimentName: "about",
      iteration: 0,
      same: true,
    });
  });

  it("hands large values over through the object store", async () => {
    const data = new Float64Array(100_000).fill(2);
    const train = withParameters(
      async (config: { x: number }, _context, { data }: { data: Float64Array }) => {
        await report({ sum: data.reduce((sum, value) => sum + value, 0) * config.x });
      },
      { data },
    );
    const analysis = await run(train, { ...quiet, config: { x: 2 } });
    expect(analysis.trials[0]?.lastResult?.["sum"]).toBe(400_000);
  });
});

describe("the options of run", () => {
  it.each<[object, RegExp]>([
    [{ numSample: 1 }, /numSample.*is not an option/],
    [{ numSamples: 0 }, /numSamples.*whole number >= 1, or -1.*got 0/],
    [{ mode: "best" }, /mode.*"min", "max".*"best"/],
    [{ resourcesPerTrial: { cpu: -1 } }, /resourcesPerTrial\(\{ cpu \}\).*got -1/],
    [{ resourcesPerTrial: { cpus: 1 } }, /cpus.*is not an option; there are cpu, gpu, custom/],
    [{ failFast: true, maxFailures: 2 }, /failFast.*needs maxFailures: 0, got maxFailures: 2/],
    [{ checkpointConfig: { numToKeep: 0 } }, /numToKeep.*>= 1.*got 0/],
    [{ checkpointConfig: { frequency: 1 } }, /frequency and atEnd need a class/],
    [{ name: "a/b" }, /name.*without \/.*"a\/b"/],
    [{ timeBudgetS: -1 }, /timeBudgetS.*got -1/],
    [{ scheduler: "pbtt" }, /scheduler.*"pbtt"/],
    [{ seed: 1.5 }, /seed.*got 1\.5/],
  ])("%j is refused", async (options, message) => {
    await expect(run(() => undefined, { ...quiet, ...options })).rejects.toThrow(message);
  });
});

describe("Tuner", () => {
  it("runs the same from its groups of options, and gives a list of results", async () => {
    const tuner = new Tuner(
      async (config: { x: number }) => {
        if (config.x > 0.5) throw new Error("too large");
        await report({ loss: config.x });
      },
      {
        paramSpace: { x: uniform(0, 1) },
        tuneConfig: { metric: "loss", mode: "min", numSamples: 6, seed: 2 },
        runConfig: { ...quiet, failureConfig: { maxFailures: 0 } },
      },
    );
    const results = await tuner.fit();
    expect(results.length).toBe(6);
    expect(results.numErrors + results.numTerminated).toBe(6);
    expect(results.numErrors).toBeGreaterThan(0);
    expect(results.getBestResult().config.x).toBeLessThan(0.5);
  });
});

/** A searcher that gives `{ x: 0 }` and `{ x: 1 }`. */
function twoConfigs() {
  let next = 0;
  return {
    name: "two",
    totalTrials: 2,
    setSearchProperties: () => undefined,
    suggest: () => (next < 2 ? { x: next++ } : ("FINISHED" as const)),
    onTrialResult: () => undefined,
    onTrialComplete: () => undefined,
    save: () => ({}),
    restore: () => undefined,
  };
}
