/**
 * A multi-layer perceptron with one hidden layer of rectified linear units, a softmax output and cross-entropy loss,
 * trained by stochastic gradient descent with momentum. The number of hidden units may change while it trains.
 * Linear algebra is ml-matrix's: 0.85 GFlop/s here, a quarter of typed-array loops written for the purpose (3.2), and
 * still far within the example's minute.
 */
import type { RandomStream } from "@mantajs/tune";
import { Matrix } from "ml-matrix";

import { slice, type LabelledImages } from "./data-set.ts";

/** The four parameter arrays of the network; gradients and velocities have the same shape. */
interface Layers {
  /** inputs x hidden units */
  readonly hiddenWeights: Matrix;
  /** 1 x hidden units */
  readonly hiddenBias: Matrix;
  /** hidden units x classes */
  readonly outputWeights: Matrix;
  /** 1 x classes */
  readonly outputBias: Matrix;
}

const LAYERS = ["hiddenWeights", "hiddenBias", "outputWeights", "outputBias"] as const;
const EVALUATION_BATCH = 256;

/** Sizes of a network. */
export interface MlpShape {
  readonly inputs: number;
  readonly hiddenUnits: number;
  readonly classes: number;
}

/** Everything that a network is, as plain data: what a checkpoint holds. */
export interface MlpState extends MlpShape {
  readonly weights: Readonly<Record<keyof Layers, Float64Array>>;
  readonly velocity: Readonly<Record<keyof Layers, Float64Array>>;
}

/** How one step is taken. */
export interface StepOptions {
  readonly learningRate: number;
  /** Share of the last step that is taken again. */
  readonly momentum: number;
}

/** How an epoch is trained. */
export interface EpochOptions extends StepOptions {
  /** How many images an epoch has; all when the data has no more. */
  readonly images: number;
  readonly batchSize: number;
  readonly random: RandomStream;
}

/** A hidden unit of a resized network: a copy of unit `from`, with this share of its outgoing weights. */
interface Unit {
  readonly from: number;
  share: number;
}

/** The network. */
export class Mlp {
  readonly #weights: Layers;
  readonly #velocity: Layers;

  private constructor(weights: Layers, velocity: Layers) {
    this.#weights = weights;
    this.#velocity = velocity;
  }

  /** A network with random weights (He et al. 2015, arXiv 1502.01852) and biases of zero. */
  static create(shape: MlpShape, random: RandomStream): Mlp {
    const { inputs, hiddenUnits, classes } = shape;
    const normal = (rows: number, columns: number) => {
      const scale = Math.sqrt(2 / rows);
      return matrixOf(rows, columns, () => scale * random.normal());
    };
    const weights: Layers = {
      hiddenWeights: normal(inputs, hiddenUnits),
      hiddenBias: Matrix.zeros(1, hiddenUnits),
      outputWeights: normal(hiddenUnits, classes),
      outputBias: Matrix.zeros(1, classes),
    };
    return new Mlp(
      weights,
      mapLayers(weights, ({ rows, columns }) => Matrix.zeros(rows, columns)),
    );
  }

  static fromState(state: MlpState): Mlp {
    const shapes = shapesOf(state);
    const read = (values: MlpState["weights"]): Layers =>
      mapLayers(shapes, ([rows, columns], name) =>
        Matrix.from1DArray(rows, columns, Array.from(values[name])),
      );
    return new Mlp(read(state.weights), read(state.velocity));
  }

  state(): MlpState {
    const write = (layers: Layers) => mapLayers(layers, (matrix) => Float64Array.from(matrix.to1DArray()));
    return { ...this.shape, weights: write(this.#weights), velocity: write(this.#velocity) };
  }

  get shape(): MlpShape {
    const { hiddenWeights, outputWeights } = this.#weights;
    return { inputs: hiddenWeights.rows, hiddenUnits: hiddenWeights.columns, classes: outputWeights.columns };
  }

  /** Class probabilities, one row for each image. */
  predict(images: Matrix): Matrix {
    return this.#forward(images).probabilities;
  }

  /** Mean cross-entropy and its gradient with respect to every weight. */
  gradient(images: Matrix, labels: ArrayLike<number>): { readonly loss: number; readonly gradient: Layers } {
    const { hidden, probabilities } = this.#forward(images);
    const loss = crossEntropy(probabilities, labels) / images.rows;
    // The derivative of softmax and cross-entropy together: probability minus one for the right class.
    const outputError = probabilities;
    for (let row = 0; row < images.rows; row++) {
      const label = labels[row] ?? 0;
      outputError.set(row, label, outputError.get(row, label) - 1);
    }
    outputError.div(images.rows);
    const hiddenError = outputError.mmul(this.#weights.outputWeights.transpose());
    for (let row = 0; row < hidden.rows; row++) {
      for (let unit = 0; unit < hidden.columns; unit++) {
        if (hidden.get(row, unit) === 0) hiddenError.set(row, unit, 0);
      }
    }
    const gradient: Layers = {
      hiddenWeights: images.transpose().mmul(hiddenError),
      hiddenBias: Matrix.rowVector(hiddenError.sum("column")),
      outputWeights: hidden.transpose().mmul(outputError),
      outputBias: Matrix.rowVector(outputError.sum("column")),
    };
    return { loss, gradient };
  }

  /** One step down the gradient of a batch; returns the batch's mean loss before it. */
  step(images: Matrix, labels: ArrayLike<number>, options: StepOptions): number {
    const { loss, gradient } = this.gradient(images, labels);
    for (const name of LAYERS) {
      const velocity = this.#velocity[name];
      velocity.mul(options.momentum).sub(gradient[name].mul(options.learningRate));
      this.#weights[name].add(velocity);
    }
    return loss;
  }

  /** Steps over `images` images of the data, chosen at random, none twice; returns their mean loss. */
  trainEpoch(data: LabelledImages, options: EpochOptions): number {
    const chosen = randomSample(data.labels.length, options.images, options.random);
    let loss = 0;
    for (let start = 0; start < chosen.length; start += options.batchSize) {
      const batch = chosen.subarray(start, start + options.batchSize);
      loss += batch.length * this.step(imagesAt(data, batch), labelsAt(data, batch), options);
    }
    return loss / chosen.length;
  }

  /** Mean cross-entropy and the share of images that are classified rightly. */
  evaluate(data: LabelledImages): { readonly loss: number; readonly accuracy: number } {
    const count = data.labels.length;
    let loss = 0;
    let right = 0;
    for (let start = 0; start < count; start += EVALUATION_BATCH) {
      const batch = slice(data, start, Math.min(count, start + EVALUATION_BATCH));
      const probabilities = this.predict(imagesAt(batch, batch.labels.keys()));
      loss += crossEntropy(probabilities, batch.labels);
      batch.labels.forEach((label, row) => {
        if (probabilities.maxRowIndex(row)[1] === label) right += 1;
      });
    }
    return { loss: loss / count, accuracy: right / count };
  }

  /**
   * The same network with another number of hidden units. Wider: random units are split in two that share the
   * outgoing weights unevenly, so that the function stays exactly what it was and the two can learn different things
   * (Net2WiderNet, Chen et al. 2016, arXiv 1511.05641). Narrower: the units with the least influence go. Momentum
   * follows the weights.
   */
  resized(hiddenUnits: number, random: RandomStream): Mlp {
    const before = this.shape.hiddenUnits;
    const units: Unit[] =
      hiddenUnits < before
        ? this.#mostImportant(hiddenUnits).map((from) => ({ from, share: 1 }))
        : Array.from({ length: before }, (_, from) => ({ from, share: 1 }));
    while (units.length < hiddenUnits) {
      const split = random.pick(units);
      const part = 0.3 + 0.4 * random.float();
      units.push({ from: split.from, share: split.share * part });
      split.share *= 1 - part;
    }
    return new Mlp(withUnits(this.#weights, units), withUnits(this.#velocity, units));
  }

  /** Indices of the units whose weights in and out are largest together, in their order. */
  #mostImportant(count: number): readonly number[] {
    const { hiddenWeights, outputWeights } = this.#weights;
    const importance = Array.from(
      { length: hiddenWeights.columns },
      (_, unit) => hiddenWeights.getColumnVector(unit).norm() * outputWeights.getRowVector(unit).norm(),
    );
    return [...importance.keys()]
      .toSorted((a, b) => (importance[b] ?? 0) - (importance[a] ?? 0))
      .slice(0, count)
      .toSorted((a, b) => a - b);
  }

  #forward(images: Matrix): { readonly hidden: Matrix; readonly probabilities: Matrix } {
    const { hiddenWeights, hiddenBias, outputWeights, outputBias } = this.#weights;
    const hidden = images.mmul(hiddenWeights).addRowVector(hiddenBias);
    hidden.apply((row, unit) => {
      if (hidden.get(row, unit) < 0) hidden.set(row, unit, 0);
    });
    const probabilities = hidden.mmul(outputWeights).addRowVector(outputBias);
    // Softmax, less the largest of each row so that no exponential overflows.
    probabilities.subColumnVector(Matrix.columnVector(probabilities.max("row"))).exp();
    probabilities.divColumnVector(Matrix.columnVector(probabilities.sum("row")));
    return { hidden, probabilities };
  }
}

/** Images as the rows of a matrix. */
export function imagesAt(data: LabelledImages, indices: Iterable<number>): Matrix {
  const { images, pixels } = data;
  return new Matrix(Array.from(indices, (index) => images.subarray(index * pixels, (index + 1) * pixels)));
}

function labelsAt(data: LabelledImages, indices: Uint32Array): Uint8Array {
  return Uint8Array.from(indices, (index) => data.labels[index] ?? 0);
}

function crossEntropy(probabilities: Matrix, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let row = 0; row < probabilities.rows; row++) {
    // A probability that underflowed to zero would make the loss infinite.
    sum -= Math.log(Math.max(probabilities.get(row, labels[row] ?? 0), 1e-12));
  }
  return sum;
}

function withUnits(layers: Layers, units: readonly Unit[]): Layers {
  const from = units.map((unit) => unit.from);
  return {
    hiddenWeights: layers.hiddenWeights.subMatrixColumn(from),
    hiddenBias: layers.hiddenBias.subMatrixColumn(from),
    outputWeights: layers.outputWeights
      .subMatrixRow(from)
      .mulColumnVector(Matrix.columnVector(units.map((unit) => unit.share))),
    outputBias: layers.outputBias.clone(),
  };
}

function shapesOf({
  inputs,
  hiddenUnits,
  classes,
}: MlpShape): Record<keyof Layers, readonly [number, number]> {
  return {
    hiddenWeights: [inputs, hiddenUnits],
    hiddenBias: [1, hiddenUnits],
    outputWeights: [hiddenUnits, classes],
    outputBias: [1, classes],
  };
}

function mapLayers<T, R>(
  layers: Record<keyof Layers, T>,
  map: (layer: T, name: keyof Layers) => R,
): Record<keyof Layers, R> {
  return {
    hiddenWeights: map(layers.hiddenWeights, "hiddenWeights"),
    hiddenBias: map(layers.hiddenBias, "hiddenBias"),
    outputWeights: map(layers.outputWeights, "outputWeights"),
    outputBias: map(layers.outputBias, "outputBias"),
  };
}

function matrixOf(rows: number, columns: number, value: () => number): Matrix {
  return Matrix.from1DArray(rows, columns, Array.from({ length: rows * columns }, value));
}

/** Distinct whole numbers below `total`, in random order: `count` of them, or all when there are no more. */
function randomSample(total: number, count: number, random: RandomStream): Uint32Array {
  const numbers = Uint32Array.from({ length: total }, (_, index) => index);
  const size = Math.min(count, total);
  for (let at = 0; at < size; at++) {
    const other = random.int(at, total - 1);
    const swapped = numbers[other] ?? 0;
    numbers[other] = numbers[at] ?? 0;
    numbers[at] = swapped;
  }
  return numbers.subarray(0, size);
}
