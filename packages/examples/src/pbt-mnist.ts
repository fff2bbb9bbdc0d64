/**
 * The program that Manta was made after: Population Based Training of the learning rate and the number of hidden units
 * of a network whose training is simulated by two formulas. Option: --seed.
 */
import { parseArgs } from "node:util";

import * as ray from "@mantajs/runtime";
import * as tune from "@mantajs/tune";

import { numberOption } from "./lib/options.ts";

const { values } = parseArgs({ options: { seed: { type: "string", default: "1" } } });
const seed = numberOption("seed", values.seed, 0);

async function trainMnistMlp(config: { lr: number; hiddenUnits: number }) {
  // Simulate training a simple MLP on MNIST; `pbt-digits` really trains one.
  const numEpochs = 10;
  console.log(`Training with lr=${config.lr}, hiddenUnits=${config.hiddenUnits}`);
  let loss = 0;
  let accuracy = 0;
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    // `config` is a live view: after a perturbation it has the new values.
    loss = 1.0 / (epoch + 1) + 100 / config.hiddenUnits + 0.1 / config.lr;
    accuracy = 0.8 - (epoch / numEpochs) * 0.2 + (config.hiddenUnits / 200) * 0.1;
    await tune.report({ epoch, loss, accuracy });
  }
  return { finalAccuracy: accuracy, finalLoss: loss };
}

await ray.init({ ignoreReinitError: true });

const searchSpace = {
  lr: tune.uniform(0.001, 0.1),
  hiddenUnits: tune.randint(32, 256),
};

const pbtScheduler = new tune.PopulationBasedTraining({
  timeAttr: "epoch", // the unit of progress: epochs, steps
  hyperparamMutations: {
    lr: tune.uniform(0.001, 0.1),
    hiddenUnits: tune.randint(32, 256),
  },
  resampleProbability: 0.25, // probability of drawing a hyperparameter anew
  perturbationInterval: 2, // how often to check for perturbations
  quantileFraction: 0.25, // the part of the population that counts as best
});

const analysis = await tune.run(trainMnistMlp, {
  metric: "accuracy",
  mode: "max",
  config: searchSpace,
  numSamples: 8, // the size of the population
  seed,
  scheduler: pbtScheduler,
  resourcesPerTrial: { cpu: 1 },
  progressReporter: new tune.CLIReporter({ metricColumns: ["epoch", "loss", "accuracy"] }),
  stop: { epoch: 10 },
});

console.log("Best config: ", analysis.bestConfig);
await ray.shutdown();
