/**
 * Asynchronous training with a parameter server: an actor holds the weights of a linear model, tasks compute gradients
 * on shards of the data that lie in the object store, and each gradient is applied as it comes. Options: --seed,
 * --workers (4), --steps (200).
 */
import { parseArgs } from "node:util";

import * as ray from "@mantajs/runtime";
import { randomStream } from "@mantajs/tune";

import { numberOption } from "./lib/options.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    workers: { type: "string", default: "4" },
    steps: { type: "string", default: "200" },
  },
});
const workers = numberOption("workers", values.workers, 1);
const steps = numberOption("steps", values.steps, 1);
const random = randomStream(numberOption("seed", values.seed, 0));

const FEATURES = 20;
const ROWS_PER_SHARD = 2000;

interface Shard {
  readonly inputs: Float64Array;
  readonly targets: Float64Array;
}

class ParameterServer {
  readonly #weights: Float64Array;

  constructor(size: number) {
    this.#weights = new Float64Array(size);
  }

  applyGradient(gradient: Float64Array, learningRate: number): Float64Array {
    gradient.forEach((slope, at) => {
      this.#weights[at] = (this.#weights[at] ?? 0) - learningRate * slope;
    });
    return this.#weights;
  }

  weights(): Float64Array {
    return this.#weights;
  }
}

/** The gradient of the mean squared error of a linear model on one shard. */
function gradientOf(weights: Float64Array, { inputs, targets }: Shard): Float64Array {
  const gradient = new Float64Array(weights.length);
  targets.forEach((target, row) => {
    const features = inputs.subarray(row * weights.length, (row + 1) * weights.length);
    const error = features.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), 0) - target;
    features.forEach((value, at) => {
      gradient[at] = (gradient[at] ?? 0) + (2 * error * value) / targets.length;
    });
  });
  return gradient;
}

function makeShard(truth: Float64Array): Shard {
  const inputs = Float64Array.from({ length: ROWS_PER_SHARD * FEATURES }, () => random.normal());
  const targets = Float64Array.from({ length: ROWS_PER_SHARD }, (_, row) => {
    const features = inputs.subarray(row * FEATURES, (row + 1) * FEATURES);
    return features.reduce((sum, value, at) => sum + value * (truth[at] ?? 0), 0.1 * random.normal());
  });
  return { inputs, targets };
}

const distance = (a: Float64Array, b: Float64Array) =>
  Math.sqrt(a.reduce((sum, value, at) => sum + (value - (b[at] ?? 0)) ** 2, 0));

await ray.init({ ignoreReinitError: true });

const truth = Float64Array.from({ length: FEATURES }, () => random.normal());
const shards = Array.from({ length: workers }, () => ray.put(makeShard(truth)));
const server = ray.remote(ParameterServer, { numCpus: 0 }).remote(FEATURES);
const computeGradient = ray.remote(gradientOf);

// Each gradient task takes the server's answer as its argument: a ref, so that no weights pass through the driver.
const running = new Map(
  shards.map((shard) => [computeGradient.remote(server.weights.remote(), shard), shard]),
);
for (let step = 1; step <= steps; step++) {
  const [[gradient]] = await ray.wait([...running.keys()]);
  const shard = gradient && running.get(gradient);
  if (gradient === undefined || shard === undefined) break;
  running.delete(gradient);
  running.set(computeGradient.remote(server.applyGradient.remote(gradient, 0.05), shard), shard);
  if (step % (steps / 4) === 0) {
    const weights = await ray.get(server.weights.remote());
    console.log(
      `after ${step} gradients: distance to the true weights ${distance(weights, truth).toFixed(4)}`,
    );
  }
}
await ray.get([...running.keys()]);
await ray.shutdown();
