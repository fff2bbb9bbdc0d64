/** Whole numbers: uniform and log-uniform, each also on a lattice. */
import type { RandomStream } from "../random.ts";
import { NumericDomain, type Bounds } from "./domain.ts";

/** A domain of whole numbers. Made by `randint`, `lograndint` and their quantised forms; bounds are included. */
export class IntegerDomain extends NumericDomain {
  readonly kind = "integer";
  override readonly step: number;
  readonly distribution: "uniform" | "loguniform";

  constructor(label: string, distribution: "uniform" | "loguniform", bounds: Bounds, step = 1) {
    super(label, bounds, step);
    this.step = step;
    this.distribution = distribution;
  }

  override sample(random: RandomStream): number {
    const low = this.bounds.lower / this.step;
    const high = this.bounds.upper / this.step;
    if (this.distribution === "uniform") return random.int(low, high) * this.step;
    // The multiple k stands for [k, k + 1), so that P(k) is proportional to log((k + 1) / k).
    const at = low * Math.exp(random.float() * Math.log((high + 1) / low));
    return Math.min(high, Math.max(low, Math.floor(at))) * this.step;
  }
}
