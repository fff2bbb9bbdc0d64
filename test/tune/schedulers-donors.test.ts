import { describe, expect, it } from "vitest";

import { selectDonor, type Candidate } from "../../packages/tune/dist/schedulers/pbt/donors.js";
import { quantileSize, quantilesOf } from "../../packages/tune/dist/schedulers/pbt/quantiles.js";
import { welchPValue } from "../../packages/tune/dist/schedulers/pbt/welch.js";
import { enumerateOutcomes } from "./schedulers-enumerate.ts";

const candidate = (index: number, score: number, recent: readonly number[] = []): Candidate => ({
  id: `t${index}`,
  index,
  score,
  recent,
});

const scored = (...scores: readonly number[]): Candidate[] =>
  scores.map((score, index) => candidate(index, score));

const ids = (candidates: readonly Candidate[]): string[] => candidates.map(({ id }) => id);

describe("quantiles", () => {
  it.each([
    [0.1, [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2]],
    [0.2, [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3]],
    [0.25, [0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]],
    [0.3, [0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4]],
    [0.4, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5]],
    [0.5, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6]],
    [0, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ])("of fraction %d have these sizes for 0 to 12 trials", (fraction, sizes) => {
    expect(sizes.map((_, count) => quantileSize(count, fraction))).toEqual(sizes);
    for (const [count, size] of sizes.entries()) {
      const { lower, upper } = quantilesOf(scored(...Array.from({ length: count }, (_, at) => at)), fraction);
      expect([lower.length, upper.length]).toEqual([size, size]);
    }
  });

  it("are the worst and the best, worst first", () => {
    const { lower, upper } = quantilesOf(scored(3, 1, 2, 5, 4), 0.25);
    expect([ids(lower), ids(upper)]).toEqual([
      ["t1", "t2"],
      ["t4", "t3"],
    ]);
  });

  it("rank equal scores, infinite ones too, in the order of creation", () => {
    const { lower, upper } = quantilesOf(scored(Infinity, 1, Infinity, 1), 0.25);
    expect([ids(lower), ids(upper)]).toEqual([["t1"], ["t2"]]);
  });
});

describe("donor selection", () => {
  const target = candidate(9, 0);
  const select = (
    selection: Parameters<typeof selectDonor>[0],
    top: readonly Candidate[],
    population: readonly Candidate[],
    cells = 4,
    of = target,
  ) =>
    enumerateOutcomes((random) => selectDonor(selection, of, top, population, random)?.id ?? "nobody", cells);

  it("uniform: all of the top equally likely", () => {
    const top = scored(1, 100);
    expect(select("uniform", top, top)).toEqual({ '"t0"': 0.5, '"t1"': 0.5 });
  });

  it("proportional: by the distance from the worst of the population", () => {
    const top = scored(6, 8);
    expect(select("proportional", top, [candidate(5, 5), ...top], 8)).toEqual({ '"t0"': 0.25, '"t1"': 0.75 });
  });

  it("proportional: works for negative scores", () => {
    const top = scored(-4, -2);
    expect(select("proportional", top, [candidate(5, -5), ...top], 8)).toEqual({
      '"t0"': 0.25,
      '"t1"': 0.75,
    });
  });

  it("proportional: uniform when all are equal", () => {
    const top = scored(1, 1);
    expect(select("proportional", top, top)).toEqual({ '"t0"': 0.5, '"t1"': 0.5 });
  });

  it.each<readonly [string, readonly number[], readonly number[], Readonly<Record<string, number>>]>([
    ["an infinite score takes all", [1, Infinity], [0], { '"t1"': 1 }],
    ["a worst of -infinity does not count", [6, 8], [-Infinity, 5], { '"t0"': 0.25, '"t1"': 0.75 }],
    ["huge distances do not overflow", [Number.MAX_VALUE, Number.MAX_VALUE], [-Number.MAX_VALUE], half()],
  ])("proportional: %s", (_name, best, others, wanted) => {
    const top = scored(...best);
    const population = [...others.map((score, at) => candidate(at + 5, score)), ...top];
    expect(select("proportional", top, population, 8)).toEqual(wanted);
  });

  it("tournament: the better of two that are drawn", () => {
    const top = scored(1, 2, 3);
    expect(select("tournament", top, top)).toEqual({
      '"t1"': expect.closeTo(1 / 3),
      '"t2"': expect.closeTo(2 / 3),
    });
  });

  it("tournament: nobody who is not better than the trial itself", () => {
    const top = scored(0, 0);
    expect(select("tournament", top, top)).toEqual({ '"nobody"': 1 });
  });

  it("t-test: only who is significantly better over the last reports", () => {
    const own = candidate(9, 0, [1, 2, 3, 2, 1, 2, 3, 2]);
    const noisy = candidate(0, 5, [0, 9, -4, 8, 0, 5, -3, 6]);
    const clear = candidate(1, 5, [5, 6, 5, 6, 5, 6, 5, 6]);
    const worse = candidate(2, 5, [-5, -6, -5, -6]);
    expect(select("t-test", [noisy], [], 4, own)).toEqual({ '"nobody"': 1 });
    expect(select("t-test", [clear], [], 4, own)).toEqual({ '"t1"': 1 });
    expect(select("t-test", [worse], [], 4, own)).toEqual({ '"nobody"': 1 });
    expect(select("t-test", [noisy, clear], [], 4, own)).toEqual({ '"nobody"': 0.5, '"t1"': 0.5 });
  });

  it("t-test: nobody when there is too little to compare", () => {
    expect(select("t-test", [candidate(0, 5, [5])], [], 4, candidate(9, 0, [1]))).toEqual({ '"nobody"': 1 });
  });

  function half(): Readonly<Record<string, number>> {
    return { '"t0"': 0.5, '"t1"': 0.5 };
  }
});

describe("Welch's t-test", () => {
  // Reference values: two-sided p of t = -3.674 with 4 degrees of freedom is 0.02131; see any table of Student's t.
  it.each([
    [[1, 2, 3], [4, 5, 6], 0.0213],
    [[4, 5, 6], [1, 2, 3], 0.0213],
    [[1, 2, 3], [1, 2, 3], 1],
    [[1, 1], [1, 1], 1],
    [[1, 1], [2, 2], 0],
    [[1], [2, 3], 1],
  ])("%j against %j: p = %d", (a, b, p) => {
    expect(welchPValue(a, b)).toBeCloseTo(p, 4);
  });

  it("is exact for two degrees of freedom, where Student's t has a closed form", () => {
    // Equal sizes and variances: df = 2, and P(|T| > t) = 1 - t / sqrt(2 + t^2).
    const t = 3 / Math.sqrt(0.5 + 0.5);
    expect(welchPValue([0, Math.SQRT2], [3, 3 + Math.SQRT2])).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 10);
  });
});
