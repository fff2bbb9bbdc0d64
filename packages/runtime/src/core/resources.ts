/**
 * Amounts of resources. Kept as whole numbers of 1/10,000 (Ray's granularity), so that thousands of fractional
 * allocations and returns add up to exactly the total again.
 */
import { InvalidArgumentError } from "./errors.ts";

/** Resource amounts as users write them: `{ CPU: 1, GPU: 0.5, licence: 2 }`. */
export type Resources = Readonly<Record<string, number>>;

const GRANULARITY = 10_000;
const MAX_QUANTITY = 100e12;

/** Resource amounts in units of 1/10,000; never holds a zero. */
export class ResourceSet {
  readonly #units: Map<string, number>;
  #key: string | undefined;

  /** @internal Use `of`. */
  constructor(units: Map<string, number>) {
    this.#units = units;
  }

  static get empty(): ResourceSet {
    return nothing;
  }

  /** Checks and converts; `argument` says how the caller knows an amount. GPU amounts above 1 must be whole. */
  static of(resources: Resources, argument: string | ((name: string) => string) = "resources"): ResourceSet {
    const units = new Map<string, number>();
    for (const [name, amount] of Object.entries(resources)) {
      const where = typeof argument === "string" ? `${argument}.${name}` : argument(name);
      if (typeof amount !== "number" || !Number.isFinite(amount) || amount < 0 || amount > MAX_QUANTITY) {
        throw InvalidArgumentError.forValue(where, "a finite number >= 0", amount);
      }
      if (name === "GPU" && amount > 1 && !Number.isInteger(amount)) {
        throw InvalidArgumentError.forValue(where, "a whole number when above 1", amount);
      }
      const whole = Math.round(amount * GRANULARITY);
      if (Math.abs(whole - amount * GRANULARITY) > 1e-6 * Math.max(1, whole)) {
        throw InvalidArgumentError.forValue(where, "a multiple of 0.0001", amount);
      }
      if (whole > 0) units.set(name, whole);
    }
    return new ResourceSet(units);
  }

  get isEmpty(): boolean {
    return this.#units.size === 0;
  }

  get(name: string): number {
    return (this.#units.get(name) ?? 0) / GRANULARITY;
  }

  /** Whether every amount of `request` is there. */
  covers(request: ResourceSet): boolean {
    for (const [name, amount] of request.#units) if ((this.#units.get(name) ?? 0) < amount) return false;
    return true;
  }

  plus(other: ResourceSet): ResourceSet {
    return this.#combine(other, 1);
  }

  /** May go below zero: a task that was blocked takes its CPU back even when others hold it by then. */
  minus(other: ResourceSet): ResourceSet {
    return this.#combine(other, -1);
  }

  /** The part that is of one resource only. */
  only(name: string): ResourceSet {
    const amount = this.#units.get(name);
    return amount === undefined ? ResourceSet.empty : new ResourceSet(new Map([[name, amount]]));
  }

  equals(other: ResourceSet): boolean {
    if (this.#units.size !== other.#units.size) return false;
    for (const [name, amount] of this.#units) if (other.#units.get(name) !== amount) return false;
    return true;
  }

  toJSON(): Resources {
    return Object.fromEntries([...this.#units].map(([name, amount]) => [name, amount / GRANULARITY]));
  }

  /** Canonical text: equal sets give equal keys. */
  key(): string {
    return (this.#key ??= [...this.#units]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, amount]) => `${name}:${amount}`)
      .join(","));
  }

  /** `{ CPU: 1, GPU: 0.5 }`, for messages. */
  toString(): string {
    const parts = Object.entries(this.toJSON()).map(([name, amount]) => `${name}: ${amount}`);
    return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
  }

  #combine(other: ResourceSet, sign: 1 | -1): ResourceSet {
    if (other.isEmpty) return this;
    const units = new Map(this.#units);
    for (const [name, amount] of other.#units) {
      const sum = (units.get(name) ?? 0) + sign * amount;
      if (sum === 0) units.delete(name);
      else units.set(name, sum);
    }
    return new ResourceSet(units);
  }
}

const nothing = new ResourceSet(new Map());
