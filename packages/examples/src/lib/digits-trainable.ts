/**
 * The trainable of the main example: one network, trained epoch by epoch. Its learning rate and its number of hidden
 * units may change at every report, also by taking over another trial's network.
 */
import * as tune from "@mantajs/tune";

import type { DataSet } from "./data-set.ts";
import { Mlp, type MlpState } from "./mlp.ts";

/** What the search decides. */
export type DigitsConfig = {
  readonly lr: number;
  readonly hiddenUnits: number;
};

/** What all trials share; the images are read from the object store without a copy. */
export type DigitsParameters = {
  readonly data: Pick<DataSet, "train" | "validation">;
  readonly epochs: number;
  /** Training images of an epoch, chosen anew for each. */
  readonly imagesPerEpoch: number;
  readonly seed: number;
};

/** What is reported after each epoch. */
export type DigitsMetrics = {
  /** Number of epochs so far, from 1. */
  readonly epoch: number;
  /** Mean cross-entropy of the training images while they were learnt from. */
  readonly loss: number;
  /** Share of the validation images that are classified rightly. */
  readonly accuracy: number;
};

/** What is kept with each report. */
export interface DigitsCheckpoint {
  readonly epoch: number;
  readonly network: MlpState;
}

const CLASSES = 10;
const BATCH_SIZE = 32;
const MOMENTUM = 0.9;

/** Trains one network; made for `tune.withParameters`. */
export async function trainDigits(
  config: DigitsConfig,
  context: tune.TrialContext,
  { data, epochs, imagesPerEpoch, seed }: DigitsParameters,
): Promise<void> {
  const random = tune.randomStream(`${seed}/${context.trialId}`);
  const saved = tune.getCheckpoint()?.toValue<DigitsCheckpoint>();
  let network =
    saved === undefined ? untrained(data, config.hiddenUnits, random) : Mlp.fromState(saved.network);
  for (let epoch = (saved?.epoch ?? 0) + 1; epoch <= epochs; epoch++) {
    // A stream for each epoch: a trial that goes on from a checkpoint draws what it would have drawn anyway.
    const draws = random.derive(`epoch ${epoch}`);
    // The network may be a donor's, and the configuration is the donor's, perturbed.
    if (network.shape.hiddenUnits !== config.hiddenUnits)
      network = network.resized(config.hiddenUnits, draws);
    const loss = network.trainEpoch(data.train, {
      learningRate: config.lr,
      momentum: MOMENTUM,
      images: imagesPerEpoch,
      batchSize: BATCH_SIZE,
      random: draws,
    });
    const metrics: DigitsMetrics = { epoch, loss, accuracy: network.evaluate(data.validation).accuracy };
    const checkpoint: DigitsCheckpoint = { epoch, network: network.state() };
    await tune.report(metrics, { checkpoint: tune.Checkpoint.fromValue(checkpoint) });
  }
}

/** A network of this size that has learnt nothing. */
export function untrained(data: Pick<DataSet, "train">, hiddenUnits: number, random: tune.RandomStream): Mlp {
  return Mlp.create({ inputs: data.train.pixels, hiddenUnits, classes: CLASSES }, random.derive("weights"));
}
