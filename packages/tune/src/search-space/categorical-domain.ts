/** A list of values, all equally likely. */
import { isDeepStrictEqual } from "node:util";

import type { RandomStream } from "../random.ts";
import { Domain } from "./domain.ts";

/** A domain of listed values. Made by `choice`. The order of the list is what PBT calls neighbours. */
export class CategoricalDomain<T> extends Domain<T> {
  readonly kind = "categorical";
  readonly bounds = undefined;
  readonly categories: readonly T[];

  constructor(label: string, categories: readonly T[]) {
    super(label);
    this.categories = Object.freeze([...categories]);
  }

  override sample(random: RandomStream): T {
    return random.pick(this.categories);
  }

  override isValid(value: unknown): boolean {
    return this.categories.some((category) => isDeepStrictEqual(category, value));
  }
}
