/**
 * The toy of the PBT paper (Jaderberg et al. 2017, arXiv 1711.09846, figure 2): maximise Q = 1.2 - (a^2 + b^2) by
 * gradient steps on a surrogate 1.2 - (h0 a^2 + h1 b^2), starting at a = b = 0.9. With h = [1, 0] or [0, 1] a trial
 * sees one of the two coordinates only and ends at 0.39; a population that exchanges its state ends at 1.2.
 */
import * as tune from "@mantajs/tune";

/** Hyperparameters of the surrogate. */
export type ToyConfig = { readonly lr: number; readonly h0: number; readonly h1: number };

/** What is reported: the true objective. */
export type ToyMetrics = { readonly q: number };

/** One trial: a point, moved by one gradient step an iteration. The point is the checkpoint. */
export class Toy extends tune.Trainable<ToyConfig, ToyMetrics> {
  #point: readonly [a: number, b: number] = [0.9, 0.9];

  step(): ToyMetrics {
    const { lr, h0, h1 } = this.config;
    const [a, b] = this.#point;
    this.#point = [a - lr * 2 * h0 * a, b - lr * 2 * h1 * b];
    return { q: 1.2 - (this.#point[0] ** 2 + this.#point[1] ** 2) };
  }

  saveCheckpoint(): readonly [a: number, b: number] {
    return this.#point;
  }

  loadCheckpoint(point: readonly [a: number, b: number]): void {
    this.#point = point;
  }

  resetConfig(): boolean {
    return true;
  }
}
