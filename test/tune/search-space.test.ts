import { describe, expect, expectTypeOf, it } from "vitest";

import { randomStream } from "../../packages/tune/dist/random.js";
import {
  choice,
  lograndint,
  loguniform,
  qlograndint,
  qloguniform,
  qrandint,
  qrandn,
  quniform,
  randint,
  randn,
  sampleFrom,
  uniform,
} from "../../packages/tune/dist/search-space/distributions.js";
import type { Domain } from "../../packages/tune/dist/search-space/domain.js";
import { gridSearch } from "../../packages/tune/dist/search-space/grid-search.js";
import { experimentTag, evaluatedParamsOf } from "../../packages/tune/dist/search-space/tags.js";
import type { ConfigOf } from "../../packages/tune/dist/search-space/types.js";
import { enumerateOutcomes } from "./schedulers-enumerate.ts";

const draws = (domain: Domain<number>, count = 2000): number[] => {
  const random = randomStream(1000);
  return Array.from({ length: count }, () => domain.sample(random));
};

describe("domains", () => {
  const domains: readonly (readonly [string, Domain<number>, number, number])[] = [
    ["uniform", uniform(-5, -1), -5, -1],
    ["quniform", quniform(3.2, 5.4, 0.2), 3.2, 5.4],
    ["loguniform", loguniform(1e-4, 1e-2), 1e-4, 1e-2],
    ["qloguniform", qloguniform(1e-4, 1e-1, 5e-5), 1e-4, 1e-1],
    ["randint", randint(-9, 15), -9, 14],
    ["lograndint", lograndint(1, 10), 1, 9],
    ["qrandint", qrandint(-21, 12, 3), -21, 12],
    ["qlograndint", qlograndint(2, 20, 2), 2, 20],
    ["randn", randn(10, 2), -Infinity, Infinity],
    ["qrandn", qrandn(10, 2, 0.2), -Infinity, Infinity],
  ];

  it.each(domains)("%s: every draw is valid and within the bounds", (_name, domain, low, high) => {
    for (const value of draws(domain)) {
      expect(value).toBeGreaterThanOrEqual(low);
      expect(value).toBeLessThanOrEqual(high);
      expect(domain.isValid(value), `${value}`).toBe(true);
    }
    expect(domain.bounds).toEqual({ lower: low, upper: high });
  });

  it.each(domains)("%s: the same seed draws the same values", (_name, domain) => {
    expect(draws(domain, 20)).toEqual(draws(domain, 20));
  });

  it.each(domains)("%s: refuses what is no number", (_name, domain) => {
    for (const value of ["1", null, undefined, NaN, [1]]) expect(domain.isValid(value)).toBe(false);
  });

  it("a quantised draw is a clean decimal", () => {
    const values = new Set(draws(quniform(3.2, 5.4, 0.2)));
    expect([...values].toSorted((a, b) => a - b)).toEqual([
      3.2, 3.4, 3.6, 3.8, 4, 4.2, 4.4, 4.6, 4.8, 5, 5.2, 5.4,
    ]);
  });

  it("says what kind of values it holds", () => {
    expect([uniform(0, 1), randint(0, 2), choice([1]), sampleFrom(() => 1)].map(({ kind }) => kind)).toEqual([
      "float",
      "integer",
      "categorical",
      "function",
    ]);
  });

  it("randint never gives its upper end, and isValid says so", () => {
    expect(randint(0, 3).isValid(3)).toBe(false);
    expect(randint(0, 3).isValid(2)).toBe(true);
    expect(randint(0, 3).isValid(1.5)).toBe(false);
  });

  it("choice keeps the types of its values", () => {
    const random = randomStream(1);
    const values = new Set(Array.from({ length: 100 }, () => choice([1, "str"]).sample(random)));
    expect(values).toEqual(new Set([1, "str"]));
  });
});

describe("quantised draws are uniform over {ceil(l/q)q .. floor(u/q)q}", () => {
  it.each([
    ["qrandint(1, 10, 3)", qrandint(1, 10, 3), [3, 6, 9]],
    ["qrandint(0, 10, 2)", qrandint(0, 10, 2), [0, 2, 4, 6, 8, 10]],
    ["qrandint(2, 10, 2)", qrandint(2, 10, 2), [2, 4, 6, 8, 10]],
    ["qrandint(1, 5)", qrandint(1, 5), [1, 2, 3, 4, 5]],
    ["qrandint(-1, 1, 2)", qrandint(-1, 1, 2), [0]],
    ["quniform(0, 9, 3)", quniform(0, 9, 3), [0, 3, 6, 9]],
  ])("%s", (_name, domain, values) => {
    expect(enumerateOutcomes((random) => domain.sample(random))).toEqual(
      Object.fromEntries(values.map((value) => [value, 1 / values.length])),
    );
  });
});

describe("log-uniform whole numbers", () => {
  const frequencies = (domain: Domain<number>): Readonly<Record<string, number>> =>
    enumerateOutcomes((random) => domain.sample(random), 20_000);

  it("lograndint(1, 10): P(k) ~ log((k + 1) / k)", () => {
    const wanted = [0.301, 0.176, 0.125, 0.097, 0.079, 0.067, 0.058, 0.051, 0.046];
    const found = frequencies(lograndint(1, 10));
    for (const [at, share] of wanted.entries()) expect(found[at + 1]).toBeCloseTo(share, 3);
  });

  it("qlograndint with q 1 is lograndint with the upper end included", () => {
    expect(frequencies(qlograndint(1, 9))).toEqual(frequencies(lograndint(1, 10)));
  });

  it("qlograndint(2, 20, 2) reaches both ends", () => {
    const found = Object.keys(frequencies(qlograndint(2, 20, 2))).map(Number);
    expect(found.toSorted((a, b) => a - b)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
  });

  it("qloguniform reaches both ends", () => {
    const found = Object.keys(frequencies(qloguniform(0.1, 0.5, 0.1))).map(Number);
    expect(found.toSorted((a, b) => a - b)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
  });
});

describe("mistakes are named at once", () => {
  it.each<readonly [string, () => unknown, string]>([
    ["reversed uniform", () => uniform(5, 1), "uniform(upper): must be > lower = 5, got 1"],
    ["empty uniform", () => uniform(1, 1), "uniform(upper): must be > lower = 1, got 1"],
    ["uniform of NaN", () => uniform(NaN, 1), "uniform(lower): must be a finite number, got NaN"],
    ["infinite uniform", () => uniform(0, Infinity), "uniform(upper): must be a finite number, got Infinity"],
    ["reversed randint", () => randint(5, 1), "randint(upper): must be > lower = 5, got 1"],
    ["empty randint", () => randint(1, 1), "randint(upper): must be > lower = 1, got 1"],
    ["fractional randint", () => randint(0.5, 2), "randint(lower): must be a whole number, got 0.5"],
    ["q of zero", () => quniform(0, 1, 0), "quniform(q): must be a finite number > 0, got 0"],
    ["negative q", () => qrandint(0, 10, -2), "qrandint(q): must be a whole number >= 1, got -2"],
    [
      "q without a multiple",
      () => qrandint(1, 2, 5),
      "qrandint(q): must be a step with a multiple from 1 to 2, got 5",
    ],
    [
      "q that does not divide",
      () => quniform(0, 32, 3),
      "quniform(q): must be a divisor of upper = 32, got 3",
    ],
    [
      "q that does not divide",
      () => qloguniform(1e-4, 1e-1, 5e-4),
      "qloguniform(q): must be a divisor of lower = 0.0001, got 0.0005",
    ],
    [
      "q that does not divide",
      () => quniform(-0.1, -1e-4, 5e-4),
      "quniform(q): must be a divisor of upper = -0.0001, got 0.0005",
    ],
    ["log of zero", () => loguniform(0, 1), "loguniform(lower): must be a finite number > 0, got 0"],
    [
      "log of a negative",
      () => qloguniform(-1, 1, 0.5),
      "qloguniform(lower): must be a finite number > 0, got -1",
    ],
    ["log of zero", () => lograndint(0, 10), "lograndint(lower): must be a whole number >= 1, got 0"],
    ["log of zero", () => qlograndint(0, 10, 2), "qlograndint(lower): must be a whole number >= 1, got 0"],
    ["sd of zero", () => randn(0, 0), "randn(sd): must be a finite number > 0, got 0"],
    [
      "empty choice",
      () => choice([]),
      "choice(categories): must be an array with at least one value, got []",
    ],
    ["choice of a string", () => choice("abc" as never), 'choice(categories): must be an array, got "abc"'],
    ["empty grid", () => gridSearch([]), "gridSearch(values): must be at least one value, got []"],
    ["grid of a string", () => gridSearch("abc" as never), "gridSearch(values): must be an array or another"],
    [
      "sampleFrom of two arguments",
      () => sampleFrom(((a: unknown, b: unknown) => [a, b]) as never),
      "sampleFrom(compute): must be a function of at most one argument",
    ],
    [
      "domain inside of a listed value",
      () => choice([{ lr: uniform(0, 1) }]),
      "choice(categories): cannot be unambiguously resolved to a single value: uniform(0, 1) lies inside",
    ],
  ])("%s", (_name, make, message) => {
    expect(make).toThrow(message);
    expect(make).toThrow(expect.objectContaining({ code: "MANTA_INVALID_ARGUMENT" }));
  });
});

describe("experiment tags", () => {
  it("names keys by path, floats with four decimals, and what is unsafe by _", () => {
    const space = {
      z: uniform(0, 1),
      net: { width: randint(1, 100), act: choice(["s p/q"]) },
      layers: gridSearch([[1, 2]]),
      on: choice([true]),
      none: choice([null]),
      epochs: 10,
    };
    const config = {
      z: 1,
      net: { width: 7, act: "s p/q" },
      layers: [1, 2],
      on: true,
      none: null,
      epochs: 10,
    };
    expect(experimentTag(3, space, config)).toBe("3_layers=1_2,act=s_p_q,width=7,none=null,on=true,z=1.0000");
    expect(Object.keys(evaluatedParamsOf(space, config))).toEqual([
      "layers",
      "net/act",
      "net/width",
      "none",
      "on",
      "z",
    ]);
  });

  it.each([
    [1e-5, "0_x=0.0000"],
    [123456.789, "0_x=123456.7890"],
    [-0.5, "0_x=-0.5000"],
  ])("%d", (value, tag) => {
    expect(experimentTag(0, { x: choice([value]) }, { x: value })).toBe(tag);
  });

  it("is the index alone when nothing was decided", () => {
    expect(experimentTag(4, { epochs: 3 }, { epochs: 3 })).toBe("4");
  });
});

describe("types", () => {
  it("infers the configuration from the search space", () => {
    const space = {
      lr: uniform(0, 1),
      act: choice(["relu", "tanh"]),
      depth: gridSearch([1, 2]),
      net: { widths: [randint(1, 9), 4] as const },
      twice: sampleFrom((config: { lr: number }) => config.lr * 2),
      epochs: 10,
      onEnd: (): void => {},
    };
    expectTypeOf<ConfigOf<typeof space>>().toEqualTypeOf<{
      lr: number;
      act: "relu" | "tanh";
      depth: 1 | 2;
      net: { widths: readonly [number, 4] };
      twice: number;
      epochs: number;
      onEnd: () => void;
    }>();
    expectTypeOf<ConfigOf<{ x: ReturnType<typeof gridSearch<Domain<string>>> }>>().toEqualTypeOf<{
      x: string;
    }>();
  });
});
