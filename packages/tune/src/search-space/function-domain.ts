/** Values that are computed from other keys of the configuration. */
import type { RandomStream } from "../random.ts";
import type { Config } from "../trial/types.ts";
import { Domain } from "./domain.ts";

/** A domain that calls a function of the configuration. Made by `sampleFrom`. */
export class FunctionDomain<T> extends Domain<T> {
  readonly kind = "function";
  readonly bounds = undefined;
  readonly #compute: (config: Config) => T;

  constructor(label: string, compute: (config: Config) => T) {
    super(label);
    this.#compute = compute;
  }

  override sample(_random: RandomStream, config: Config = {}): T {
    return this.#compute(config);
  }

  /** What a function may return is not known before it is called. */
  override isValid(): boolean {
    return true;
  }
}
