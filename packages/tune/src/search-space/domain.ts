/**
 * What a search space is made of. A `Domain` says which values a hyperparameter may take and how to draw one. It
 * holds no randomness and no state: draws come from the stream that is handed in.
 */
import type { RandomStream } from "../random.ts";
import type { Config } from "../trial/types.ts";

/** The kinds of domains. The kind, and never a value, says how PBT rounds: in JavaScript 1 and 1.0 are the same. */
export type DomainKind = "float" | "integer" | "categorical" | "function";

/** The least and the greatest value of a numeric domain, both included; infinite for a normal distribution. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

/** A set of values and a distribution over them. */
export abstract class Domain<T> {
  abstract readonly kind: DomainKind;
  /** Undefined for domains that are not numeric. */
  abstract readonly bounds: Bounds | undefined;
  /** How the user wrote it, for messages: `uniform(0.001, 0.1)`. */
  readonly label: string;

  constructor(label: string) {
    this.label = label;
  }

  /** Draws one value. `config` is for functions of other keys only. */
  abstract sample(random: RandomStream, config?: Config): T;
  /** Whether the value belongs to the domain. */
  abstract isValid(value: unknown): boolean;

  toString(): string {
    return this.label;
  }
}

/** A domain of numbers between bounds, on a lattice of multiples of `step` if it has one. */
export abstract class NumericDomain extends Domain<number> {
  readonly bounds: Bounds;
  /** Values are multiples of this; undefined: any number between the bounds. */
  readonly step: number | undefined;

  constructor(label: string, bounds: Bounds, step: number | undefined) {
    super(label);
    this.bounds = bounds;
    this.step = step;
  }

  /** The nearest value of the domain. */
  nearest(value: number): number {
    const { lower, upper } = this.bounds;
    const snapped = this.step === undefined ? value : multipleOf(this.step, Math.round(value / this.step));
    return Math.min(upper, Math.max(lower, snapped));
  }

  override isValid(value: unknown): boolean {
    if (typeof value !== "number" || !(value >= this.bounds.lower && value <= this.bounds.upper))
      return false;
    if (this.step === undefined) return true;
    // Decimal steps are not exact in binary: 0.3 is not 3 * 0.1.
    const tolerance = Math.max(1e-9 * this.step, 4 * Number.EPSILON * Math.abs(value));
    return Math.abs(value - this.nearest(value)) <= tolerance;
  }
}

/**
 * `count * step` without the binary noise of the product: `multipleOf(0.1, 3)` is 0.3 and not 0.30000000000000004.
 * Fifteen digits are what a number holds of any decimal.
 */
export function multipleOf(step: number, count: number): number {
  return Number.isInteger(step) ? count * step : Number((count * step).toPrecision(15));
}
