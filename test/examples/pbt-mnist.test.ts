/** The reference user story, for real: eight trials evolve on two CPUs, in place, and nothing is lost or repeated. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as ray from "@mantajs/runtime";
import { expectNothingLeft } from "@mantajs/runtime/testing";
import * as tune from "@mantajs/tune";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

interface Hyperparameters {
  readonly lr: number;
  readonly hiddenUnits: number;
}

async function trainMnistMlp(config: Hyperparameters) {
  const numEpochs = 10;
  let loss = 0;
  let accuracy = 0;
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    const { lr, hiddenUnits } = config;
    loss = 1.0 / (epoch + 1) + 100 / hiddenUnits + 0.1 / lr;
    accuracy = 0.8 - (epoch / numEpochs) * 0.2 + (hiddenUnits / 200) * 0.1;
    await tune.report({ epoch, loss, accuracy, lr, hiddenUnits });
  }
  return { finalAccuracy: accuracy, finalLoss: loss };
}

/** Reads its hyperparameters once, before the loop: what the text's own program does. */
async function trainDeaf({ lr, hiddenUnits }: Hyperparameters) {
  for (let epoch = 0; epoch < 10; epoch++) {
    await tune.report({ epoch, accuracy: 0.8 - epoch / 50 + hiddenUnits / 2000, loss: 1 / lr });
  }
}

let storagePath = "";

function optionsFor(seed: number, deterministic: boolean) {
  return {
    metric: "accuracy",
    mode: "max" as const,
    numSamples: 8,
    seed,
    deterministic,
    storagePath,
    verbose: 0 as const,
    config: { lr: tune.uniform(0.001, 0.1), hiddenUnits: tune.randint(32, 256) },
    scheduler: new tune.PopulationBasedTraining({
      timeAttr: "epoch",
      perturbationInterval: 2,
      quantileFraction: 0.25,
      resampleProbability: 0.25,
      hyperparamMutations: { lr: tune.uniform(0.001, 0.1), hiddenUnits: tune.randint(32, 256) },
    }),
    resourcesPerTrial: { cpu: 1 },
    stop: { epoch: 10 },
  };
}

/** All rows that a trial wrote, in order. */
const rowsOf = (trial: tune.TrialView): Record<string, unknown>[] =>
  readFileSync(join(trial.path, "result.json"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** The decisions of PBT as they were logged, without the parts of names that differ between runs. */
function decisions(experimentPath: string): string[] {
  return readFileSync(join(experimentPath, "pbt_global.txt"), "utf8").trim().split("\n");
}

beforeAll(() => ray.init({ numCpus: 2, logToDriver: false }));
afterAll(async () => {
  await expectNothingLeft();
  await ray.shutdown();
});
beforeEach(() => {
  storagePath = mkdtempSync(join(tmpdir(), "manta-"));
});
afterEach(() => rmSync(storagePath, { recursive: true, force: true }));

describe("the program of the reference story", () => {
  it("evolves all trials in place on two CPUs, losing and repeating no epoch", async () => {
    const analysis = await tune.run(trainMnistMlp, optionsFor(1, false));
    expect(analysis.trials).toHaveLength(8);
    expect(decisions(analysis.experimentPath).length).toBeGreaterThan(0);
    for (const trial of analysis.trials) {
      expect(trial.status).toBe("TERMINATED");
      const epochs = rowsOf(trial).flatMap((row) => ("epoch" in row ? [row["epoch"]] : []));
      expect(epochs).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      // What the function read is the configuration that was in force at that report.
      for (const row of rowsOf(trial)) {
        if ("epoch" in row)
          expect(row["config"]).toMatchObject({ lr: row["lr"], hiddenUnits: row["hiddenUnits"] });
      }
    }
    const moved = analysis.trials.filter((trial) => new Set(rowsOf(trial).map((row) => row["lr"])).size > 2);
    expect(moved.length).toBeGreaterThan(0);
    expect(Object.keys(analysis.bestConfig).toSorted()).toEqual(["hiddenUnits", "lr"]);
    expect(readdirSync(analysis.experimentPath)).toContain("pbt_global.txt");
  });

  it("warns when the function read its config before the loop only", async () => {
    const warnings: string[] = [];
    const reporter: tune.ProgressReporter = {
      setup: () => undefined,
      onProgress: () => undefined,
      onMessage: (line) => void warnings.push(line),
    };
    await tune.run(trainDeaf, { ...optionsFor(1, false), verbose: 1, progressReporter: reporter });
    expect(warnings.some((line) => /config\.lr|read its config|inside the loop/.test(line))).toBe(true);
  });

  it("makes the same decisions ten times out of ten with one seed and deterministic: true", async () => {
    const runs = new Set<string>();
    for (let i = 0; i < 10; i++) {
      const analysis = await tune.run(trainMnistMlp, { ...optionsFor(7, true), name: `run-${i}` });
      const results = analysis.trials.map((trial) =>
        rowsOf(trial).map((row) => [row["epoch"], row["lr"], row["hiddenUnits"]]),
      );
      runs.add(JSON.stringify([decisions(analysis.experimentPath), results, analysis.bestConfig]));
    }
    expect(runs.size).toBe(1);
  });
});
