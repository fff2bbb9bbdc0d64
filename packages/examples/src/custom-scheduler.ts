/**
 * A trial scheduler of your own (`lib/laggard-stopper.ts`): first held against the checks that every scheduler must
 * pass, then used. Option: --seed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import * as ray from "@mantajs/runtime";
import * as tune from "@mantajs/tune";
import { schedulerConformance } from "@mantajs/tune/testing";

import { LaggardStopper } from "./lib/laggard-stopper.ts";
import { numberOption } from "./lib/options.ts";

const { values } = parseArgs({ options: { seed: { type: "string", default: "1" } } });

for (const { name, run } of schedulerConformance(() => new LaggardStopper(5))) {
  run();
  console.log(`passed: ${name}`);
}

async function train(config: { lr: number }): Promise<void> {
  let loss = 1;
  for (let iteration = 1; iteration <= 20; iteration++) {
    loss *= 1 - config.lr;
    await tune.report({ loss });
  }
}

const storagePath = mkdtempSync(join(tmpdir(), "manta-custom-scheduler-"));
try {
  await ray.init({ ignoreReinitError: true });
  const analysis = await tune.run(train, {
    metric: "loss",
    mode: "min",
    config: { lr: tune.loguniform(0.001, 0.5) },
    numSamples: 8,
    seed: numberOption("seed", values.seed, 0),
    deterministic: true,
    scheduler: new LaggardStopper(5),
    storagePath,
    verbose: 0,
  });
  console.table(
    analysis.trials.map(({ name, config, lastResult }) => ({
      trial: name,
      lr: config.lr.toPrecision(3),
      iterations: lastResult?.training_iteration,
      loss: Number(lastResult?.["loss"]).toPrecision(3),
    })),
  );
  console.log("Best config: ", analysis.bestConfig);
  await ray.shutdown();
} finally {
  rmSync(storagePath, { recursive: true, force: true });
}
