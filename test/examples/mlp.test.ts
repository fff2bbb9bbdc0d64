import { describe, expect, it } from "vitest";

import type { LabelledImages } from "../../packages/examples/dist/lib/data-set.js";
import { drawImages } from "../../packages/examples/dist/lib/digits.js";
import { transposed, type Matrix } from "../../packages/examples/dist/lib/matrix.js";
import { Mlp, imagesAt } from "../../packages/examples/dist/lib/mlp.js";
import { randomStream } from "../../packages/tune/dist/random.js";

const shape = { inputs: 5, hiddenUnits: 7, classes: 3 };

function someImages(count: number, seed = 1): LabelledImages {
  const random = randomStream(seed);
  return {
    images: Uint8Array.from({ length: count * shape.inputs }, () => random.int(0, 255)),
    labels: Uint8Array.from({ length: count }, (_, at) => at % shape.classes),
    pixels: shape.inputs,
  };
}

const everyImage = (data: LabelledImages): Matrix => imagesAt(data, [...data.labels.keys()]);
const rows = ({ rows: count, columns, values }: Matrix): readonly Float64Array[] =>
  Array.from({ length: count }, (_, row) => values.slice(row * columns, (row + 1) * columns));

/** A network that has taken some steps, so that biases and momentum are not zero. */
function trainedNetwork(): Mlp {
  const network = Mlp.create(shape, randomStream(2));
  const options = { learningRate: 0.1, momentum: 0.9, batchSize: 4, images: 12, random: randomStream(3) };
  network.trainEpoch(someImages(12), options);
  return network;
}

/** Class probabilities, kept: the network's own are overwritten when it is used again. */
const predict = (network: Mlp, images: Matrix): Float64Array => network.predict(images).values.slice();
const largestDifference = (a: Float64Array, b: Float64Array): number =>
  Math.max(...a.map((value, at) => Math.abs(value - (b[at] ?? NaN))));

describe("the network", () => {
  it("computes the gradient that finite differences give, for every weight", () => {
    const data = someImages(6);
    const images = everyImage(data);
    const network = trainedNetwork();
    const { gradient } = network.gradient(images, data.labels);
    const state = network.state();
    const h = 1e-6;
    for (const name of ["hiddenWeights", "hiddenBias", "outputWeights", "outputBias"] as const) {
      const numeric = Array.from(state.weights[name], (weight, at) => {
        const lossWith = (value: number) => {
          const values = state.weights[name].with(at, value);
          const moved = Mlp.fromState({ ...state, weights: { ...state.weights, [name]: values } });
          return moved.gradient(images, data.labels).loss;
        };
        return (lossWith(weight + h) - lossWith(weight - h)) / (2 * h);
      });
      const analytic = [...gradient[name].values];
      expect(Math.max(...analytic.map((value, at) => Math.abs(value - (numeric[at] ?? NaN))))).toBeLessThan(
        1e-7,
      );
    }
  });

  it("gives probabilities that add up to one, however large its inputs are", () => {
    const network = Mlp.create(shape, randomStream(1));
    const huge = { rows: 1, columns: 5, values: Float64Array.of(1e4, -1e4, 1e4, 0, 1) };
    expect(predict(network, huge).reduce((sum, share) => sum + share)).toBeCloseTo(1, 12);
  });

  it("takes a step with momentum: what it moved last, and the new gradient", () => {
    const network = trainedNetwork();
    const before = network.state();
    const data = someImages(3, 9);
    const { gradient } = network.gradient(everyImage(data), data.labels);
    const expected = gradient.hiddenWeights.values.map(
      (slope, at) => 0.5 * (before.velocity.hiddenWeights[at] ?? NaN) - 0.1 * slope,
    );
    network.step(everyImage(data), data.labels, { learningRate: 0.1, momentum: 0.5 });
    const moved = network
      .state()
      .weights.hiddenWeights.map((weight, at) => weight - (before.weights.hiddenWeights[at] ?? NaN));
    expect(Math.max(...moved.map((move, at) => Math.abs(move - (expected[at] ?? NaN))))).toBeLessThan(1e-15);
  });

  it("learns nothing with a learning rate of zero, and the same twice with the same seed", () => {
    const data = someImages(8);
    const train = (learningRate: number) => {
      const network = Mlp.create(shape, randomStream(2));
      network.trainEpoch(data, {
        learningRate,
        momentum: 0.9,
        batchSize: 3,
        images: 8,
        random: randomStream(3),
      });
      return network.state();
    };
    expect(train(0).weights).toEqual(Mlp.create(shape, randomStream(2)).state().weights);
    expect(train(0.1)).toEqual(train(0.1));
  });

  it("goes on from its state as if it had never been away", () => {
    const network = trainedNetwork();
    const restored = Mlp.fromState(structuredClone(network.state()));
    const options = { learningRate: 0.1, momentum: 0.9, batchSize: 4, images: 12 };
    const losses = [network, restored].map((one) =>
      one.trainEpoch(someImages(12), { ...options, random: randomStream(4) }),
    );
    expect(losses[0]).toBe(losses[1]);
    expect(network.state()).toEqual(restored.state());
  });

  it("trains on as many images as asked for, on none of them twice, and on all when there are no more", () => {
    const data = someImages(30);
    // With a learning rate of zero the loss is the mean over the images that were used.
    const lossOver = (images: number) =>
      trainedNetwork().trainEpoch(data, {
        learningRate: 0,
        momentum: 0,
        batchSize: 4,
        images,
        random: randomStream(1),
      });
    expect(lossOver(30)).toBeCloseTo(trainedNetwork().evaluate(data).loss, 12);
    expect(lossOver(1000)).toBe(lossOver(30));
    expect(lossOver(5)).not.toBeCloseTo(lossOver(30), 3);
  });

  it("tells accuracy and loss of more images than fit into one batch", () => {
    const data = someImages(600);
    const network = trainedNetwork();
    const shares = rows(network.predict(everyImage(data)));
    const right = [...data.labels].filter((label, row) => {
      const own = shares[row] ?? new Float64Array();
      return own.indexOf(Math.max(...own)) === label;
    }).length;
    expect(network.evaluate(data).accuracy).toBe(right / 600);
    expect(network.evaluate(data).loss).toBeCloseTo(network.gradient(everyImage(data), data.labels).loss, 12);
  });
});

describe("a change of the number of hidden units", () => {
  const images = everyImage(someImages(20, 5));

  it.each([8, 14, 50])("to %d, wider, keeps the function", (hiddenUnits) => {
    const network = trainedNetwork();
    const wider = network.resized(hiddenUnits, randomStream(6));
    expect(wider.shape).toEqual({ ...shape, hiddenUnits });
    expect(largestDifference(predict(wider, images), predict(network, images))).toBeLessThan(1e-12);
  });

  it("wider gives new units that learn something of their own", () => {
    const wider = trainedNetwork().resized(14, randomStream(6));
    const data = someImages(20, 5);
    const { gradient } = wider.gradient(images, data.labels);
    const columns = rows(transposed(gradient.hiddenWeights)).map(String);
    const live = columns.filter((column) => !/^(0,?)+$/.test(column));
    expect(new Set(live).size).toBe(live.length);
  });

  it("narrower drops the units with the least influence", () => {
    const state = trainedNetwork().state();
    // Silence units 2 and 5: nothing may change when they go.
    const outputWeights = state.weights.outputWeights.map((weight, at) =>
      [2, 5].includes(Math.floor(at / shape.classes)) ? 0 : weight,
    );
    const network = Mlp.fromState({ ...state, weights: { ...state.weights, outputWeights } });
    const narrower = network.resized(5, randomStream(6));
    expect(narrower.shape.hiddenUnits).toBe(5);
    expect(largestDifference(predict(narrower, images), predict(network, images))).toBeLessThan(1e-12);
  });

  it("takes momentum along", () => {
    const network = trainedNetwork();
    const data = someImages(12);
    const step = (one: Mlp) => {
      one.step(everyImage(data), data.labels, { learningRate: 0, momentum: 0.9 });
      return predict(one, images);
    };
    const before = predict(network, images);
    const moved = step(Mlp.fromState(network.state()));
    const movedWider = step(network.resized(8, randomStream(6)));
    expect(largestDifference(moved, before)).toBeGreaterThan(1e-3);
    // Output weights of a split unit move by shares as well: only the product of two moves differs.
    expect(largestDifference(movedWider, moved)).toBeLessThan(1e-12);
  });

  it("to the same number changes nothing", () => {
    const network = trainedNetwork();
    expect(network.resized(7, randomStream(6)).state()).toEqual(network.state());
  });
});

describe("drawn digits", () => {
  it("are learnt, and a bad learning rate is clearly worse", () => {
    const random = randomStream("digits-test");
    const train = drawImages(600, random.derive("train"));
    const test = drawImages(300, random.derive("test"));
    const accuracyWith = (learningRate: number) => {
      const network = Mlp.create({ inputs: train.pixels, hiddenUnits: 16, classes: 10 }, randomStream(1));
      const options = { learningRate, momentum: 0.9, batchSize: 32, images: 600, random: randomStream(2) };
      for (let epoch = 0; epoch < 10; epoch++) network.trainEpoch(train, options);
      return network.evaluate(test).accuracy;
    };
    const [tiny, good, huge] = [0.0003, 0.05, 3].map(accuracyWith);
    expect(good).toBeGreaterThan(0.65);
    expect(tiny).toBeLessThan(0.4);
    expect(huge).toBeLessThan(0.4);
  });
});
