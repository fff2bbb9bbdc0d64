/**
 * Work mapped over a pool of actors that are expensive to make: here each one builds a table of primes once and then
 * factors numbers with it. Results come in the order of the numbers, or as they are ready. Option: --actors (2).
 */
import { parseArgs } from "node:util";

import * as ray from "@mantajs/runtime";

import { numberOption } from "./lib/options.ts";

const { values } = parseArgs({ options: { actors: { type: "string", default: "2" } } });

class Factorizer {
  readonly #primes: number[] = [];

  constructor(limit: number) {
    const isComposite = new Uint8Array(limit + 1);
    for (let candidate = 2; candidate <= limit; candidate++) {
      if (isComposite[candidate] === 1) continue;
      this.#primes.push(candidate);
      for (let multiple = candidate * candidate; multiple <= limit; multiple += candidate)
        isComposite[multiple] = 1;
    }
  }

  factor(value: number): { value: number; factors: number[] } {
    const factors: number[] = [];
    let rest = value;
    for (const prime of this.#primes) {
      while (rest % prime === 0) {
        factors.push(prime);
        rest /= prime;
      }
    }
    return { value, factors: rest > 1 ? [...factors, rest] : factors };
  }
}

await ray.init({ ignoreReinitError: true });

const RemoteFactorizer = ray.remote(Factorizer);
const actors = Array.from({ length: numberOption("actors", values.actors, 1) }, () =>
  RemoteFactorizer.remote(1_000_000),
);
const pool = new ray.ActorPool(actors);
const numbers = [600_851_475_143, 1_000_000_007, 999_999_999_989, 3_628_800, 2_147_483_647, 1_234_567_890];
const submit = (actor: (typeof actors)[number], value: number) => actor.factor.remote(value);

console.log("In order:");
for await (const { value, factors } of pool.map(submit, numbers))
  console.log(`  ${value} = ${factors.join(" * ")}`);
console.log("As they come:");
for await (const { value } of pool.mapUnordered(submit, numbers)) console.log(`  ${value}`);

await ray.shutdown();
