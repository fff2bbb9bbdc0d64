import { describe, expect, it } from "vitest";

import { explore, type ExploreOptions } from "../../packages/tune/dist/schedulers/pbt/explore.js";
import {
  checkMutations,
  mutationLeaves,
  type Mutation,
  type Mutations,
} from "../../packages/tune/dist/schedulers/pbt/mutations.js";
import {
  choice,
  lograndint,
  qrandint,
  quniform,
  randint,
  randn,
  uniform,
} from "../../packages/tune/dist/search-space/distributions.js";
import { randomStream } from "../../packages/tune/dist/random.js";
import type { Config } from "../../packages/tune/dist/trial/types.js";
import { enumerateOutcomes } from "./schedulers-enumerate.ts";

function optionsFor(mutations: Mutations, options: Partial<ExploreOptions> = {}): ExploreOptions {
  return {
    leaves: mutationLeaves(checkMutations("mutations", mutations)),
    resampleProbability: 0,
    perturbationFactors: [1.2, 0.8],
    customExploreFn: undefined,
    ...options,
  };
}

/** Every explored value of one key with its exact probability. */
const outcomes = (value: unknown, mutation: Mutation, options: Partial<ExploreOptions> = {}) =>
  enumerateOutcomes((random) => explore({ x: value }, optionsFor({ x: mutation }, options), random).config.x);

/** Every operation on one key with its exact probability. */
const operations = (value: unknown, mutation: Mutation, options: Partial<ExploreOptions> = {}) =>
  enumerateOutcomes(
    (random) => explore({ x: value }, optionsFor({ x: mutation }, options), random).operations.x,
  );

const half = (a: unknown, b: unknown) => ({ [JSON.stringify(a)]: 0.5, [JSON.stringify(b)]: 0.5 });

describe("explore: lists", () => {
  const list = [3, 4, 8, 10];

  it("P8: moves to a neighbour", () => {
    expect(outcomes(4, list)).toEqual(half(3, 8));
    expect(operations(4, list)).toEqual(half("shift left", "shift right"));
  });

  it("P8: stays at an end that it would leave", () => {
    expect(outcomes(3, list)).toEqual(half(3, 4));
    expect(operations(3, list)).toEqual(half("shift left (noop)", "shift right"));
    expect(outcomes(10, list)).toEqual(half(8, 10));
    expect(operations(10, list)).toEqual(half("shift left", "shift right (noop)"));
  });

  it("P8: draws anew when the value is not in the list", () => {
    expect(outcomes(7, list)).toEqual({ 3: 0.25, 4: 0.25, 8: 0.25, 10: 0.25 });
    expect(operations(7, list)).toEqual({ '"resample"': 1 });
  });

  it("P8: draws anew with the resample probability", () => {
    expect(outcomes(4, list, { resampleProbability: 0.25 })).toEqual({
      3: 0.4375,
      8: 0.4375,
      4: 0.0625,
      10: 0.0625,
    });
  });

  it("P20: a list of one stays", () => {
    expect(outcomes(1, [1])).toEqual({ 1: 1 });
    expect(operations(1, [1])).toEqual(half("shift left (noop)", "shift right (noop)"));
  });

  it("P7: choice is its list, never multiplied", () => {
    expect(outcomes(10, choice([10, 100]))).toEqual(half(10, 100));
    expect(outcomes("tanh", choice(["relu", "tanh", "elu"]))).toEqual(half("relu", "elu"));
    expect(outcomes(10, choice([10, 100]), { resampleProbability: 1 })).toEqual(half(10, 100));
  });

  it("finds values that were copied on their way through a trial", () => {
    expect(outcomes([16, 16], [[8], [16, 16], [32]])).toEqual(half([8], [32]));
  });
});

describe("explore: numbers", () => {
  it.each<readonly [string, unknown, Mutation, unknown, unknown]>([
    ["a whole number is rounded", 10, randint(1, 100), 12, 8],
    ["a whole number is rounded to the nearest", 3, randint(1, 100), 4, 2],
    ["a whole number moves by at least one", 2, randint(1, 100), 3, 1],
    ["1 never collapses to 0", 1, randint(0, 100), 2, 1],
    ["1 never collapses to 0, also where 1 is the least", 1, lograndint(1, 100), 2, 1],
    ["0 is no trap", 0, randint(-5, 5), 1, -1],
    ["0 is no trap at the lower end", 0, randint(0, 5), 1, 0],
    ["negative whole numbers move away from 0 and towards it", -3, randint(-10, 10), -4, -2],
    ["-1 never collapses to 0", -1, randint(-10, 10), -2, -1],
    ["the upper end is not left", 255, randint(32, 256), 255, 204],
    ["the lower end is not left", 32, randint(32, 256), 38, 32],
    ["1 of a float domain is a float", 1, uniform(0, 2), 1.2, 0.8],
    ["a float stays within its domain", 1, uniform(0, 1), 1, 0.8],
    ["a float outside of its domain comes back", 9, uniform(0, 1), 1, 1],
    ["a normal value has no bounds", 10, randn(0, 1), 12, 8],
    ["a quantised float stays on its lattice", 0.5, quniform(0, 1, 0.1), 0.6, 0.4],
    ["a quantised float moves by at least one step", 0.2, quniform(0, 1, 0.1), 0.3, 0.1],
    ["a quantised whole number moves by at least one step", 20, qrandint(0, 100, 10), 30, 10],
    ["a function has no domain: nothing is rounded", 9, () => 100, 9 * 1.2, 9 * 0.8],
    ["P8: a function's value is scaled", 100, () => 100, 120, 80],
  ])("%s", (_name, value, mutation, up, down) => {
    const wanted = up === down ? { [JSON.stringify(up)]: 1 } : half(up, down);
    expect(outcomes(value, mutation)).toEqual(wanted);
    expect(operations(value, mutation)).toEqual(half("* 1.2", "* 0.8"));
  });

  it("draws anew with probability 1", () => {
    expect(outcomes(1, () => 7.5, { resampleProbability: 1 })).toEqual({ 7.5: 1 });
    expect(operations(1, randint(0, 3), { resampleProbability: 1 })).toEqual({ '"resample"': 1 });
    expect(outcomes(1, randint(0, 2), { resampleProbability: 1 })).toEqual({ 0: 0.5, 1: 0.5 });
  });

  it.each([
    ["a string", "high"],
    ["nothing", undefined],
    ["NaN", NaN],
    ["an infinity", Infinity],
  ])("draws anew when the value is %s", (_name, value) => {
    expect(operations(value, randint(0, 3))).toEqual({ '"resample"': 1 });
    expect(outcomes(value, () => "low")).toEqual({ '"low"': 1 });
  });

  it("takes each factor equally often", () => {
    const found = outcomes(10, uniform(0, 100), { perturbationFactors: [0.5, 1, 2] });
    expect(found).toEqual({ 5: 1 / 3, 10: 1 / 3, 20: 1 / 3 });
  });

  it("a factor of 1 changes nothing", () => {
    expect(outcomes(10, randint(0, 100), { perturbationFactors: [1, 1] })).toEqual({ 10: 1 });
  });

  it("hands the stream to a function, so that its draws follow the seed", () => {
    const draw = () =>
      explore(
        { x: 1 },
        optionsFor({ x: (random) => random.float() }, { resampleProbability: 1 }),
        randomStream(3),
      );
    expect(draw().config).toEqual(draw().config);
  });
});

describe("explore: configurations", () => {
  it("P8: mutates nested keys each by itself", () => {
    const found = enumerateOutcomes(
      (random) =>
        explore({ a: { b: 4 }, c: 100 }, optionsFor({ a: { b: [3, 4, 8] }, c: () => 100 }), random).config,
    );
    expect(found).toEqual({
      '{"a":{"b":3},"c":120}': 0.25,
      '{"a":{"b":3},"c":80}': 0.25,
      '{"a":{"b":8},"c":120}': 0.25,
      '{"a":{"b":8},"c":80}': 0.25,
    });
  });

  it("P9: draws nested keys anew", () => {
    const mutations = { float: () => 100, net: { float: () => 101, int: [10] } };
    const { config, operations } = explore(
      { float: 1, net: { float: 2, int: 3, act: "relu" } },
      optionsFor(mutations, { resampleProbability: 1 }),
      randomStream(1),
    );
    expect(config).toEqual({ float: 100, net: { float: 101, int: 10, act: "relu" } });
    expect(operations).toEqual({ float: "resample", "net/float": "resample", "net/int": "resample" });
  });

  it("copies keys without a mutation, and leaves the donor's configuration alone", () => {
    const tokenizer = new Map();
    const donor: Config = { x: 1, net: { widths: [1, 2], act: "relu" }, tokenizer };
    const before = structuredClone({ ...donor, tokenizer: undefined });
    const { config } = explore(
      donor,
      optionsFor({ x: () => 2 }, { resampleProbability: 1 }),
      randomStream(1),
    );
    expect(config).toEqual({ x: 2, net: { widths: [1, 2], act: "relu" }, tokenizer });
    expect(config.net).not.toBe(donor.net);
    expect(config.tokenizer).toBe(tokenizer);
    expect({ ...donor, tokenizer: undefined }).toEqual(before);
  });

  it("P16: customExploreFn has the last word", () => {
    const { config, operations, tagEntries } = explore(
      { id: 1, float: 2, other: 3 },
      optionsFor({ id: () => 100 }, { customExploreFn: (config) => ({ ...config, id: 42, float: 43 }) }),
      randomStream(1),
    );
    expect(config).toEqual({ id: 42, float: 43, other: 3 });
    expect(operations.float).toBe("custom");
    expect(tagEntries.map(({ path, value }) => [path[0], value])).toEqual([
      ["id", 42],
      ["float", 43],
    ]);
  });

  it.each([undefined, null, 3, [1]])("customExploreFn must not return %j", (returned) => {
    const options = optionsFor({ id: () => 1 }, { customExploreFn: () => returned as never });
    expect(() => explore({ id: 1 }, options, randomStream(1))).toThrow(
      "customExploreFn must return the new configuration",
    );
  });

  it("P8: calls customExploreFn every time", () => {
    let calls = 0;
    const options = optionsFor({ id: () => 1 }, { customExploreFn: (config) => ((calls += 1), config) });
    const random = randomStream(1);
    for (let time = 0; time < 100; time += 1) explore({ id: 1 }, options, random);
    expect(calls).toBe(100);
  });
});
