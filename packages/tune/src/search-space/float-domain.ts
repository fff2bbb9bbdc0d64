/** Real numbers: uniform, log-uniform and normal, each also on a lattice. */
import type { RandomStream } from "../random.ts";
import { multipleOf, NumericDomain, type Bounds } from "./domain.ts";

/** How the values of a float domain are distributed. */
export type FloatDistribution =
  | { readonly type: "uniform" | "loguniform" }
  | { readonly type: "normal"; readonly mean: number; readonly sd: number };

/** A domain of real numbers. Made by `uniform`, `loguniform`, `randn` and their quantised forms. */
export class FloatDomain extends NumericDomain {
  readonly kind = "float";
  readonly distribution: FloatDistribution;

  constructor(label: string, distribution: FloatDistribution, bounds: Bounds, step?: number) {
    super(label, bounds, step);
    this.distribution = distribution;
  }

  override sample(random: RandomStream): number {
    const { distribution, step } = this;
    switch (distribution.type) {
      case "uniform":
        return step === undefined ? this.#uniform(random) : this.#latticePoint(random, step);
      case "loguniform":
        return this.#logUniform(random, step);
      case "normal":
        return this.nearest(distribution.mean + distribution.sd * random.normal());
    }
  }

  #uniform(random: RandomStream): number {
    const at = random.float();
    // Two products instead of lower + at * (upper - lower), whose difference may overflow.
    return this.nearest(this.bounds.lower * (1 - at) + this.bounds.upper * at);
  }

  /** Every multiple equally likely; rounding a uniform draw would give the two ends half of that. */
  #latticePoint(random: RandomStream, step: number): number {
    const { lower, upper } = this.bounds;
    const point = multipleOf(step, random.int(Math.round(lower / step), Math.round(upper / step)));
    return Math.min(upper, Math.max(lower, point));
  }

  /** On a lattice, a multiple stands for all numbers that are rounded to it, also at the two ends. */
  #logUniform(random: RandomStream, step = 0): number {
    const low = Math.log(this.bounds.lower - step / 2);
    const high = Math.log(this.bounds.upper + step / 2);
    return this.nearest(Math.exp(low + (high - low) * random.float()));
  }
}
