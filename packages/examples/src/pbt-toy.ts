/**
 * The toy of the PBT paper: grid search of two trials against Population Based Training of the same two, with 20
 * seeds, as a table. Options: --seeds (20), --iterations (100).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import * as ray from "@mantajs/runtime";
import * as tune from "@mantajs/tune";

import { numberOption } from "./lib/options.ts";
import { Toy, type ToyMetrics } from "./lib/toy.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "20" },
    iterations: { type: "string", default: "100" },
  },
});
const seeds = numberOption("seeds", values.seeds, 1);
const iterations = numberOption("iterations", values.iterations, 1);

const searchSpace = {
  lr: 0.05,
  h0: tune.gridSearch([1, 0]),
  h1: tune.sampleFrom((config: { h0: number }) => 1 - config.h0),
};

function populationBasedTraining(): tune.PopulationBasedTraining {
  return new tune.PopulationBasedTraining({
    perturbationInterval: 4,
    timeAttr: "training_iteration",
    quantileFraction: 0.5,
    resampleProbability: 0.5,
    synch: true,
    hyperparamMutations: {
      lr: tune.qloguniform(5e-3, 1e-1, 5e-4),
      h0: tune.uniform(0, 1),
      h1: tune.uniform(0, 1),
    },
  });
}

async function bestQ(scheduler: tune.TrialScheduler, seed: number, storagePath: string): Promise<number> {
  const analysis = await tune.run<typeof searchSpace, ToyMetrics>(Toy, {
    metric: "q",
    mode: "max",
    seed,
    deterministic: true,
    config: searchSpace,
    scheduler,
    stop: { training_iteration: iterations },
    checkpointConfig: { numToKeep: 1 },
    trialIsolation: "shared",
    storagePath,
    verbose: 0,
  });
  return analysis.bestResult.q;
}

const storagePath = mkdtempSync(join(tmpdir(), "manta-toy-"));
try {
  await ray.init({ ignoreReinitError: true });
  const rows = [];
  for (let seed = 0; seed < seeds; seed++) {
    const grid = await bestQ(new tune.FIFOScheduler(), seed, storagePath);
    const pbt = await bestQ(populationBasedTraining(), seed, storagePath);
    rows.push({ seed, "grid search": grid.toFixed(4), "Population Based Training": pbt.toFixed(4) });
  }
  console.log(`Best Q after ${iterations} iterations of 2 trials (the largest possible is 1.2)`);
  console.table(rows);
  await ray.shutdown();
} finally {
  rmSync(storagePath, { recursive: true, force: true });
}
