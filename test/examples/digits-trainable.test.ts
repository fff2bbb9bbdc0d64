import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import * as ray from "@mantajs/runtime";
import * as tune from "@mantajs/tune";

import { drawDigits } from "../../packages/examples/dist/lib/digits.js";
import { runDigits } from "../../packages/examples/dist/lib/digits-experiment.js";
import {
  trainDigits,
  type DigitsCheckpoint,
  type DigitsMetrics,
} from "../../packages/examples/dist/lib/digits-trainable.js";
import { Mlp } from "../../packages/examples/dist/lib/mlp.js";

const data = drawDigits(1, { train: 400, validation: 100, test: 100 });

describe("training on digits", () => {
  let storagePath = "";
  beforeAll(async () => {
    storagePath = mkdtempSync(join(tmpdir(), "manta-digits-test-"));
    await ray.init({ numCpus: 2 });
  });
  afterAll(async () => {
    await ray.shutdown();
    rmSync(storagePath, { recursive: true, force: true });
  });

  it("goes on from a donor's network when it is perturbed, wider or narrower as its configuration says", async () => {
    const hiddenUnits = tune.randint(4, 33);
    const analysis = await tune.run<{ lr: number; hiddenUnits: typeof hiddenUnits }, DigitsMetrics>(
      tune.withParameters(trainDigits, { data, epochs: 8, imagesPerEpoch: 200, seed: 1 }),
      {
        metric: "accuracy",
        mode: "max",
        seed: 1,
        numSamples: 4,
        config: { lr: 0.05, hiddenUnits },
        scheduler: new tune.PopulationBasedTraining({
          timeAttr: "epoch",
          perturbationInterval: 1,
          quantileFraction: 0.5,
          resampleProbability: 1,
          hyperparamMutations: { hiddenUnits },
        }),
        stop: { epoch: 8 },
        storagePath,
        verbose: 0,
      },
    );
    expect(
      analysis.trials.filter((trial) => trial.experimentTag.includes("@perturbed")).length,
    ).toBeGreaterThan(0);
    for (const trial of analysis.trials) {
      const path = analysis.getLastCheckpoint(trial)?.path ?? "";
      const saved = tune.Checkpoint.fromDirectory(path).toValue<DigitsCheckpoint>();
      const { lastResult } = trial;
      expect(saved.epoch).toBe(8);
      expect(saved.network.hiddenUnits).toBe(lastResult?.config["hiddenUnits"]);
      expect(Mlp.fromState(saved.network).evaluate(data.validation).accuracy).toBe(lastResult?.["accuracy"]);
    }
  });

  it.each(["pbt", "random"] as const)(
    "comes to the same twice with one seed under %s, and learns",
    async (strategy) => {
      const budget = { trials: 4, epochs: 6, seed: 3 };
      const options = { verbose: false, storagePath };
      const { seconds: _, ...first } = await runDigits(strategy, data, budget, options);
      const { seconds: __, ...second } = await runDigits(strategy, data, budget, options);
      expect(first).toEqual(second);
      expect(first.testAccuracy).toBeGreaterThan(first.testAccuracyBefore + 0.2);
    },
  );
});
