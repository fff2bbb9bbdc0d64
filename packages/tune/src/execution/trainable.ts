/**
 * What can be trained: a function, a generator, or a class, and how to tell them apart. Loaded inside workers.
 */
import { InvalidArgumentError } from "@mantajs/runtime";

import type { ReportAnswer, TrialContext } from "../session.ts";
import type { Config, Metrics } from "../trial/types.ts";

/**
 * A function of the configuration. It reports with `tune.report`; what it returns is merged over its last result.
 * A number stands for the metric `_metric`.
 */
export type FunctionTrainable<C = Config> = (config: C, context: TrialContext) => unknown;

/** A generator that yields metrics; each `yield` is a report and gives its answer. */
export type GeneratorTrainable<C = Config, M extends Metrics = Metrics> = (
  config: C,
  context: TrialContext,
) => AsyncGenerator<M, unknown, ReportAnswer<C>> | Generator<M, unknown, ReportAnswer<C>>;

/** What an instance of a class trainable may have; only `step` is needed. `Trainable` is a base class for it. */
export interface TrainableInstance<C = Config, M extends Metrics = Metrics> {
  /** Called once before the first step. `config` is a live read-only view. */
  setup?(config: C, context: TrialContext): unknown;
  /** One iteration; what it returns is reported. `done: true` ends the trial. */
  step(): M | Promise<M>;
  /** Writes files into `directory`, or returns a value that is kept instead. */
  saveCheckpoint?(directory: string): unknown;
  /** Gets what `saveCheckpoint` returned, or the directory that it wrote to. */
  loadCheckpoint?(state: unknown): unknown;
  /** Takes new hyperparameters into the same object; anything but true makes a new object when a checkpoint is loaded. */
  resetConfig?(config: C): unknown;
  /** Called when the trial ends, however it ends. */
  cleanup?(): unknown;
}

/** A class of which each trial makes an object. */
export type ClassTrainable<C = Config, M extends Metrics = Metrics> = new () => TrainableInstance<C, M>;

/** Whatever `tune.run` accepts. */
export type AnyTrainable<C = Config, M extends Metrics = Metrics> =
  FunctionTrainable<C> | GeneratorTrainable<C, M> | ClassTrainable<C, M>;

/**
 * Base class of class trainables. A class of your own with a `step` method works as well.
 *
 * @example
 * class Train extends tune.Trainable<{ lr: number }> {
 *   weights = 0;
 *   step() { this.weights += this.config.lr; return { weights: this.weights }; }
 *   saveCheckpoint() { return this.weights; }
 *   loadCheckpoint(weights: number) { this.weights = weights; }
 * }
 */
export abstract class Trainable<C = Config, M extends Metrics = Metrics> implements TrainableInstance<C, M> {
  /** The live read-only view of the trial's configuration; set before `setup`. */
  declare config: C;
  /** The trial's context; set before `setup`. */
  declare context: TrialContext;
  abstract step(): M | Promise<M>;
}

/** Whether a trainable is a class: its prototype has a `step`. */
export function isClassTrainable(trainable: AnyTrainable<never>): trainable is ClassTrainable {
  const prototype: unknown = trainable.prototype;
  return typeof prototype === "object" && prototype !== null && "step" in prototype;
}

/** Whether a class can save and load its state at any report. */
export function makesCheckpoints(trainable: ClassTrainable): boolean {
  const prototype: Partial<TrainableInstance> = trainable.prototype;
  return typeof prototype.saveCheckpoint === "function" && typeof prototype.loadCheckpoint === "function";
}

/** Checks what a trainable returned at its end: metrics, a number, or nothing. */
export function finalMetrics(returned: unknown): Metrics | undefined {
  if (returned === undefined || returned === null || returned === false) return undefined;
  if (typeof returned === "number") return { _metric: returned };
  return checkMetrics("the value that the trainable returned", returned);
}

/** Checks that a report is an object of metrics. */
export function checkMetrics(what: string, metrics: unknown): Metrics {
  if (typeof metrics === "object" && metrics !== null && !Array.isArray(metrics)) return { ...metrics };
  throw InvalidArgumentError.forValue(what, "an object of metrics", metrics);
}
