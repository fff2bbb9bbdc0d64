/** The main job in small: a network really learns under PBT, and the death of a worker does not stop it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import * as ray from "@mantajs/runtime";
import { expectNothingLeft, terminateWorker, workers } from "@mantajs/runtime/testing";
import * as tune from "@mantajs/tune";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { drawDigits } from "../../packages/examples/dist/lib/digits.js";
import { trainDigits, type DigitsCheckpoint } from "../../packages/examples/dist/lib/digits-trainable.js";
import { Mlp } from "../../packages/examples/dist/lib/mlp.js";

const epochs = 6;
const data = drawDigits(3, { train: 600, validation: 300, test: 300 });
const space = { lr: tune.loguniform(1e-3, 0.3), hiddenUnits: tune.randint(8, 40) };
let storagePath = "";

function train(options: { readonly callbacks?: readonly tune.Callback[]; readonly maxFailures?: number }) {
  return tune.run(tune.withParameters(trainDigits, { data, epochs, imagesPerEpoch: 600, seed: 5 }), {
    metric: "accuracy",
    mode: "max",
    numSamples: 4,
    seed: 5,
    config: space,
    scheduler: new tune.PopulationBasedTraining({
      timeAttr: "epoch",
      perturbationInterval: 2,
      hyperparamMutations: space,
    }),
    storagePath,
    verbose: 0,
    ...options,
  });
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

describe("the main job", () => {
  it("learns: the best network reads far more unseen digits than an untrained one, at the width that PBT gave it", async () => {
    const analysis = await train({});
    const checkpoint = analysis.getLastCheckpoint(analysis.bestTrial);
    if (checkpoint === undefined) throw new Error("no checkpoint");
    const { network } = tune.Checkpoint.fromDirectory(checkpoint.path).toValue<DigitsCheckpoint>();
    const mlp = Mlp.fromState(network);
    expect(mlp.shape.hiddenUnits).toBe(analysis.bestConfig.hiddenUnits);
    expect(mlp.evaluate(data.test).accuracy).toBeGreaterThan(0.5);
  });

  it("completes although a worker is killed in the middle, with maxFailures: 1", async () => {
    let killed = "";
    const killer: tune.Callback = {
      onTrialResult(_trial, result) {
        if (killed !== "" || result["epoch"] !== 3) return;
        // Actors' threads: the trials and the mailbox between them and the controller, which is the oldest.
        const [, victim] = workers().filter(({ state }) => state === "actor");
        if (victim === undefined) return;
        killed = victim.workerId;
        terminateWorker(killed, "the test");
      },
    };
    const analysis = await train({ callbacks: [killer], maxFailures: 1 });
    expect(killed).not.toBe("");
    expect(analysis.trials.map((trial) => trial.status)).toEqual(analysis.trials.map(() => "TERMINATED"));
    expect(analysis.trials.reduce((sum, trial) => sum + trial.numFailures, 0)).toBe(1);
    // A trial that lags may go on from the checkpoint of a donor that has finished: then nothing is left to report.
    expect(Math.max(...analysis.trials.map((trial) => Number(trial.lastResult?.["epoch"])))).toBe(epochs);
  });
});
