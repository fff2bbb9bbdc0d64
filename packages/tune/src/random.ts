/**
 * Seeded randomness. Every random decision of the tuner draws from a `RandomStream`; streams are derived from one
 * seed and a name, so that one more consumer never shifts the draws of another, and their state can be saved.
 */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** JSON-able state of a stream. */
export type RandomState = readonly number[];

/** A deterministic stream of random numbers. */
export interface RandomStream {
  /** Uniform in [0, 1). */
  float(): number;
  /** Uniform whole number in [low, high], both ends included. */
  int(low: number, high: number): number;
  /** One element, all equally likely. The list must not be empty. */
  pick<T>(items: readonly T[]): T;
  /** Normal with mean 0 and standard deviation 1. */
  normal(): number;
  /** An independent stream that depends on this stream's seed and on `name` only, not on what was drawn. */
  derive(name: string): RandomStream;
  state(): RandomState;
  setState(state: RandomState): void;
}

class SeededStream implements RandomStream {
  readonly #key: string;
  #generator: ReturnType<typeof xoroshiro128plusFromState>;

  constructor(key: string) {
    this.#key = key;
    // Loaded when the first stream is made: this module also loads inside workers, which make none.
    const { createHash } = process.getBuiltinModule("node:crypto");
    const digest = createHash("sha256").update(key).digest();
    this.#generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => digest.readInt32LE(at)));
  }

  float(): number {
    return uniformFloat64(this.#generator);
  }

  int(low: number, high: number): number {
    return uniformInt(this.#generator, low, high);
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError("pick: the list is empty");
    // The index is within the list, which is not empty.
    return items[this.int(0, items.length - 1)] as T;
  }

  normal(): number {
    // Box-Muller; 1 - u keeps the logarithm finite, and one draw of two is dropped so that no state is kept here.
    return Math.sqrt(-2 * Math.log(1 - this.float())) * Math.cos(2 * Math.PI * this.float());
  }

  derive(name: string): RandomStream {
    return new SeededStream(`${this.#key}/${name}`);
  }

  state(): RandomState {
    return [...this.#generator.getState()];
  }

  setState(state: RandomState): void {
    this.#generator = xoroshiro128plusFromState(state);
  }
}

/** A stream from a seed: the same seed gives the same draws on every machine. */
export function randomStream(seed: number | string): RandomStream {
  return new SeededStream(String(seed));
}
