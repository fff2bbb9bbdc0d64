/**
 * The main example's two experiments, the same trials for the same number of epochs: once evolved by Population Based
 * Training, once left as they were drawn (random search).
 */
import * as tune from "@mantajs/tune";

import type { DataSet } from "./data-set.ts";
import {
  trainDigits,
  untrained,
  type DigitsCheckpoint,
  type DigitsConfig,
  type DigitsMetrics,
} from "./digits-trainable.ts";
import { Mlp } from "./mlp.ts";

/** How much is trained. */
export interface DigitsBudget {
  readonly trials: number;
  readonly epochs: number;
  readonly seed: number;
}

/** What one experiment came to. */
export interface DigitsOutcome {
  readonly config: DigitsConfig;
  /** Share of the test images that the best trial's network classifies rightly, after training. */
  readonly testAccuracy: number;
  /** The same before training. */
  readonly testAccuracyBefore: number;
  readonly seconds: number;
}

// Wide, as for somebody who knows neither the network nor the data.
const SEARCH_SPACE = { lr: tune.loguniform(1e-5, 10), hiddenUnits: tune.lograndint(3, 129) };
// Every epoch: the learning rate can fall as training goes on, a step at a time.
const PERTURBATION_INTERVAL = 1;
const IMAGES_PER_EPOCH = 2000;

/** Trains the population and tests the network that was best on the validation images. */
export async function runDigits(
  strategy: "pbt" | "random",
  data: DataSet,
  { trials, epochs, seed }: DigitsBudget,
  options: { readonly verbose: boolean; readonly storagePath: string },
): Promise<DigitsOutcome> {
  const { train, validation, test } = data;
  const start = performance.now();
  const analysis = await tune.run<typeof SEARCH_SPACE, DigitsMetrics>(
    tune.withParameters(trainDigits, {
      data: { train, validation },
      epochs,
      imagesPerEpoch: IMAGES_PER_EPOCH,
      seed,
    }),
    {
      name: `digits-${strategy}`,
      metric: "accuracy",
      mode: "max",
      numSamples: trials,
      seed,
      deterministic: true,
      config: SEARCH_SPACE,
      scheduler: strategy === "random" ? new tune.FIFOScheduler() : populationBasedTraining(),
      resourcesPerTrial: { cpu: 1 },
      stop: { epoch: epochs },
      checkpointConfig: { numToKeep: 1 },
      storagePath: options.storagePath,
      verbose: options.verbose ? 1 : 0,
    },
  );
  const seconds = (performance.now() - start) / 1000;
  const checkpoint = analysis.getLastCheckpoint(analysis.bestTrial);
  if (checkpoint === undefined) throw new Error(`${analysis.bestTrial.name} left no checkpoint`);
  const { network } = tune.Checkpoint.fromDirectory(checkpoint.path).toValue<DigitsCheckpoint>();
  const { lr, hiddenUnits } = analysis.bestConfig;
  return {
    config: { lr, hiddenUnits },
    testAccuracy: Mlp.fromState(network).evaluate(test).accuracy,
    testAccuracyBefore: untrained(data, hiddenUnits, tune.randomStream(seed)).evaluate(test).accuracy,
    seconds,
  };
}

function populationBasedTraining(): tune.PopulationBasedTraining {
  return new tune.PopulationBasedTraining({
    timeAttr: "epoch",
    perturbationInterval: PERTURBATION_INTERVAL,
    quantileFraction: 0.25,
    resampleProbability: 0.25,
    hyperparamMutations: SEARCH_SPACE,
    synch: true,
  });
}
