/**
 * A multi-layer perceptron with one hidden layer of rectified linear units, a softmax output and cross-entropy loss,
 * trained by stochastic gradient descent with momentum. The number of hidden units may change while it trains.
 */
import type { RandomStream } from "@mantajs/tune";

import type { LabelledImages } from "./data-set.ts";
import { addColumnSums, addProduct, addTransposedProduct, transposed, zeros, type Matrix } from "./matrix.ts";

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

/** What a batch is computed in, one row for each image. */
interface Workspace {
  readonly images: Matrix;
  readonly hidden: Matrix;
  readonly hiddenError: Matrix;
  readonly probabilities: Matrix;
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
  /** Kept from step to step, as are the workspaces: a step allocates next to nothing. */
  readonly #gradient: Layers;
  readonly #workspaces = new Map<number, Workspace>();

  private constructor(weights: Layers, velocity: Layers) {
    this.#weights = weights;
    this.#velocity = velocity;
    this.#gradient = mapLayers(weights, ({ rows, columns }) => zeros(rows, columns));
  }

  /** A network with random weights (He et al. 2015, arXiv 1502.01852) and biases of zero. */
  static create(shape: MlpShape, random: RandomStream): Mlp {
    const layers = () => mapLayers(shapesOf(shape), ([rows, columns]) => zeros(rows, columns));
    const weights = layers();
    for (const { rows, values } of [weights.hiddenWeights, weights.outputWeights]) {
      const scale = Math.sqrt(2 / rows);
      for (let at = 0; at < values.length; at++) values[at] = scale * random.normal();
    }
    return new Mlp(weights, layers());
  }

  static fromState(state: MlpState): Mlp {
    const shapes = shapesOf(state);
    const read = (values: MlpState["weights"]): Layers =>
      mapLayers(shapes, ([rows, columns], name) => ({ rows, columns, values: values[name].slice() }));
    return new Mlp(read(state.weights), read(state.velocity));
  }

  state(): MlpState {
    const write = (layers: Layers) => mapLayers(layers, ({ values }) => values.slice());
    return { ...this.shape, weights: write(this.#weights), velocity: write(this.#velocity) };
  }

  get shape(): MlpShape {
    const { hiddenWeights, outputWeights } = this.#weights;
    return { inputs: hiddenWeights.rows, hiddenUnits: hiddenWeights.columns, classes: outputWeights.columns };
  }

  /** Class probabilities, one row for each image; valid until the network is used again. */
  predict(images: Matrix): Matrix {
    const { hidden, probabilities } = this.#workspace(images.rows);
    const { hiddenWeights, hiddenBias, outputWeights, outputBias } = this.#weights;
    fillRows(hidden, hiddenBias);
    addProduct(hidden, images, hiddenWeights);
    rectify(hidden);
    fillRows(probabilities, outputBias);
    addProduct(probabilities, hidden, outputWeights);
    softmax(probabilities);
    return probabilities;
  }

  /** Mean cross-entropy and its gradient with respect to every weight; valid until the network is used again. */
  gradient(images: Matrix, labels: ArrayLike<number>): { readonly loss: number; readonly gradient: Layers } {
    const probabilities = this.predict(images);
    const loss = crossEntropy(probabilities, labels) / images.rows;
    const { hidden, hiddenError } = this.#workspace(images.rows);
    const outputError = probabilities;
    toOutputError(outputError, labels);
    hiddenError.values.fill(0);
    addProduct(hiddenError, outputError, transposed(this.#weights.outputWeights));
    // No error passes a unit that was off.
    for (let at = 0; at < hidden.values.length; at++) {
      if (hidden.values[at] === 0) hiddenError.values[at] = 0;
    }
    const gradient = this.#gradient;
    for (const name of LAYERS) gradient[name].values.fill(0);
    addTransposedProduct(gradient.hiddenWeights, images, hiddenError);
    addColumnSums(gradient.hiddenBias, hiddenError);
    addTransposedProduct(gradient.outputWeights, hidden, outputError);
    addColumnSums(gradient.outputBias, outputError);
    return { loss, gradient };
  }

  /** One step down the gradient of a batch; returns the batch's mean loss before it. */
  step(images: Matrix, labels: ArrayLike<number>, { learningRate, momentum }: StepOptions): number {
    const { loss, gradient } = this.gradient(images, labels);
    for (const name of LAYERS) {
      const [weights, velocity, slope] = [
        this.#weights[name].values,
        this.#velocity[name].values,
        gradient[name].values,
      ];
      for (let at = 0; at < weights.length; at++) {
        const move = momentum * (velocity[at] ?? 0) - learningRate * (slope[at] ?? 0);
        velocity[at] = move;
        weights[at] = (weights[at] ?? 0) + move;
      }
    }
    return loss;
  }

  /** Steps over `images` images of the data, chosen at random, none twice; returns their mean loss. */
  trainEpoch(data: LabelledImages, options: EpochOptions): number {
    const chosen = randomSample(data.labels.length, options.images, options.random);
    let loss = 0;
    for (let start = 0; start < chosen.length; start += options.batchSize) {
      const batch = chosen.subarray(start, start + options.batchSize);
      const { images } = this.#workspace(batch.length);
      copyImages(images, data, batch);
      loss += batch.length * this.step(images, labelsAt(data, batch), options);
    }
    return loss / chosen.length;
  }

  /** Mean cross-entropy and the share of images that are classified rightly. */
  evaluate(data: LabelledImages): { readonly loss: number; readonly accuracy: number } {
    const all = Uint32Array.from(data.labels.keys());
    let loss = 0;
    let right = 0;
    for (let start = 0; start < all.length; start += EVALUATION_BATCH) {
      const batch = all.subarray(start, start + EVALUATION_BATCH);
      const { images } = this.#workspace(batch.length);
      copyImages(images, data, batch);
      const probabilities = this.predict(images);
      const labels = labelsAt(data, batch);
      loss += crossEntropy(probabilities, labels);
      labels.forEach((label, row) => {
        if (mostProbable(probabilities, row) === label) right += 1;
      });
    }
    return { loss: loss / all.length, accuracy: right / all.length };
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
    const [into, outOf] = [transposed(hiddenWeights), outputWeights];
    const importance = Array.from(
      { length: hiddenWeights.columns },
      (_, unit) => Math.hypot(...rowOf(into, unit)) * Math.hypot(...rowOf(outOf, unit)),
    );
    return [...importance.keys()]
      .toSorted((a, b) => (importance[b] ?? 0) - (importance[a] ?? 0))
      .slice(0, count)
      .toSorted((a, b) => a - b);
  }

  /** Batches of an epoch have one size, but for the last. */
  #workspace(rows: number): Workspace {
    const { inputs, hiddenUnits, classes } = this.shape;
    const workspace = this.#workspaces.get(rows) ?? {
      images: zeros(rows, inputs),
      hidden: zeros(rows, hiddenUnits),
      hiddenError: zeros(rows, hiddenUnits),
      probabilities: zeros(rows, classes),
    };
    this.#workspaces.set(rows, workspace);
    return workspace;
  }
}

/** Images as the rows of a matrix. */
export function imagesAt(data: LabelledImages, indices: ArrayLike<number>): Matrix {
  const images = zeros(indices.length, data.pixels);
  copyImages(images, data, indices);
  return images;
}

/** Brightness goes from 0 to 1 in the network. */
function copyImages(
  { values }: Matrix,
  { images, pixels }: LabelledImages,
  indices: ArrayLike<number>,
): void {
  for (let row = 0; row < indices.length; row++) {
    const from = (indices[row] ?? 0) * pixels;
    const to = row * pixels;
    for (let at = 0; at < pixels; at++) values[to + at] = (images[from + at] ?? 0) / 255;
  }
}

function labelsAt(data: LabelledImages, indices: Uint32Array): Uint8Array {
  return Uint8Array.from(indices, (index) => data.labels[index] ?? 0);
}

function fillRows(out: Matrix, { values }: Matrix): void {
  for (let row = 0; row < out.rows; row++) out.values.set(values, row * out.columns);
}

function rectify({ values }: Matrix): void {
  for (let at = 0; at < values.length; at++) {
    if ((values[at] ?? 0) < 0) values[at] = 0;
  }
}

/** Each row's numbers become probabilities; less the row's largest first, so that no exponential overflows. */
function softmax({ rows, columns, values }: Matrix): void {
  for (let row = 0; row < rows; row++) {
    const scores = values.subarray(row * columns, (row + 1) * columns);
    const largest = scores.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (let at = 0; at < columns; at++) {
      const power = Math.exp((scores[at] ?? 0) - largest);
      scores[at] = power;
      sum += power;
    }
    for (let at = 0; at < columns; at++) scores[at] = (scores[at] ?? 0) / sum;
  }
}

/** The derivative of softmax and mean cross-entropy together: probability minus one for the right class. */
function toOutputError({ rows, columns, values }: Matrix, labels: ArrayLike<number>): void {
  for (let row = 0; row < rows; row++) {
    const right = row * columns + (labels[row] ?? 0);
    values[right] = (values[right] ?? 0) - 1;
  }
  for (let at = 0; at < values.length; at++) values[at] = (values[at] ?? 0) / rows;
}

function crossEntropy({ rows, columns, values }: Matrix, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    // A probability that underflowed to zero would make the loss infinite.
    sum -= Math.log(Math.max(values[row * columns + (labels[row] ?? 0)] ?? 0, 1e-12));
  }
  return sum;
}

const rowOf = ({ columns, values }: Matrix, row: number): Float64Array =>
  values.subarray(row * columns, (row + 1) * columns);

function mostProbable(probabilities: Matrix, row: number): number {
  const shares = rowOf(probabilities, row);
  return shares.indexOf(shares.reduce((a, b) => Math.max(a, b)));
}

function withUnits(layers: Layers, units: readonly Unit[]): Layers {
  const { hiddenWeights, hiddenBias, outputWeights, outputBias } = layers;
  const columnsOf = (matrix: Matrix): Matrix => {
    const out = zeros(matrix.rows, units.length);
    units.forEach(({ from }, to) => {
      for (let row = 0; row < matrix.rows; row++) {
        out.values[row * out.columns + to] = matrix.values[row * matrix.columns + from] ?? 0;
      }
    });
    return out;
  };
  const shares = zeros(units.length, outputWeights.columns);
  units.forEach(({ from, share }, to) => {
    const row = rowOf(outputWeights, from).map((weight) => weight * share);
    shares.values.set(row, to * shares.columns);
  });
  return {
    hiddenWeights: columnsOf(hiddenWeights),
    hiddenBias: columnsOf(hiddenBias),
    outputWeights: shares,
    outputBias: { ...outputBias, values: outputBias.values.slice() },
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
