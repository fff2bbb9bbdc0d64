import { describe, expect, it, vi } from "vitest";

import { randomStream } from "../../packages/tune/dist/random.js";
import { BasicVariantGenerator } from "../../packages/tune/dist/search/basic-variant-generator.js";
import { choice, randint, sampleFrom, uniform } from "../../packages/tune/dist/search-space/distributions.js";
import { gridSearch } from "../../packages/tune/dist/search-space/grid-search.js";
import { evaluatedParamsOf, experimentTag } from "../../packages/tune/dist/search-space/tags.js";
import type { SearchSpace } from "../../packages/tune/dist/search-space/types.js";

interface SetUp {
  readonly numSamples?: number;
  readonly seed?: number;
  readonly points?: readonly Readonly<Record<string, unknown>>[];
  readonly constantGridSearch?: boolean;
  readonly maxConcurrent?: number;
  readonly warn?: (message: string) => void;
}

function searcher(space: SearchSpace, setUp: SetUp = {}): BasicVariantGenerator {
  const { numSamples = 1, seed = 42, points = [], warn = () => {}, ...options } = setUp;
  const generator = new BasicVariantGenerator({ pointsToEvaluate: points, ...options });
  generator.setSearchProperties({
    metric: undefined,
    mode: undefined,
    space,
    numSamples,
    random: randomStream(seed),
    warn,
  });
  return generator;
}

/** All configurations that a search gives. */
function configs(space: SearchSpace, setUp: SetUp = {}): Record<string, unknown>[] {
  const generator = searcher(space, setUp);
  const found: Record<string, unknown>[] = [];
  for (;;) {
    const config = generator.suggest(`t${found.length}`);
    if (config === "FINISHED" || config === undefined) break;
    found.push(config);
  }
  expect(generator.totalTrials).toBe(found.length);
  return found;
}

const tags = (space: SearchSpace, setUp: SetUp = {}): string[] =>
  configs(space, setUp).map((config, index) => experimentTag(index, space, config));

describe("variants", () => {
  it("V1: crosses grids, sorted by path, the first one fastest", () => {
    const space = { bar: gridSearch([true, false]), foo: gridSearch([1, 2, 3]) };
    expect(configs(space).map(({ bar, foo }) => [bar, foo])).toEqual([
      [true, 1],
      [false, 1],
      [true, 2],
      [false, 2],
      [true, 3],
      [false, 3],
    ]);
    expect(tags(space).slice(0, 2)).toEqual(["0_bar=true,foo=1", "1_bar=false,foo=1"]);
  });

  it("V2: a string that looks like code is a string", () => {
    expect(configs({ foo: { eval: "2 + 2" } })).toEqual([{ foo: { eval: "2 + 2" } }]);
  });

  it("V3: names what sampleFrom computed in the tag", () => {
    const space = { bar: gridSearch([true]), foo: gridSearch([1]), qux: sampleFrom(() => 2 + 2) };
    expect(tags(space)).toEqual(["0_bar=true,foo=1,qux=4"]);
  });

  it("V4: computes in the order in which keys depend on each other", () => {
    const space = {
      z: sampleFrom((config: { y: number }) => config.y + 1),
      y: sampleFrom((config: { x: number }) => config.x + 1),
      x: 1,
    };
    expect(configs(space)).toEqual([{ x: 1, y: 2, z: 3 }]);
    expect(tags(space)).toEqual(["0_y=2,z=3"]);
  });

  it("V5: computes from the values of a grid", () => {
    const space = { x: gridSearch([1, 2]), y: sampleFrom((config: { x: number }) => config.x * 100) };
    expect(configs(space)).toEqual([
      { x: 1, y: 100 },
      { x: 2, y: 200 },
    ]);
  });

  it("V6: a grid may hold computed values", () => {
    const times = (factor: number) => sampleFrom((config: { y: number }) => config.y * factor);
    expect(configs({ x: gridSearch([times(100), times(200)]), y: 1 }).map(({ x }) => x)).toEqual([100, 200]);
  });

  it("V7: keys of evaluatedParams are paths", () => {
    const space = {
      x: { y: { z: choice([1]) } },
      y: choice([12]),
      z: sampleFrom((config: { x: { y: { z: number } } }) => config.x.y.z * 100),
    };
    const [config] = configs(space);
    expect(evaluatedParamsOf(space, config)).toEqual({ "x/y/z": 1, y: 12, z: 100 });
    expect(tags(space)).toEqual(["0_z=1,y=12,z=100"]);
  });

  it("V8: repeats a search space without variables", () => {
    expect(tags({ a: 1 }, { numSamples: 2 })).toEqual(["0", "1"]);
  });

  it("V9: names the key that depends on itself", () => {
    expect(() => configs({ foo: sampleFrom((config: { foo: number }) => config.foo + 1) })).toThrow(
      "config.foo: recursively depends on itself: foo reads foo",
    );
    const space = {
      a: sampleFrom((config: { b: number }) => config.b),
      b: sampleFrom((config: { a: number }) => config.a),
    };
    expect(() => configs(space)).toThrow("a reads b, b reads a");
  });

  it("V10: opens arrays", () => {
    const found = configs({ x: [gridSearch([1, 2]), 5, { k: gridSearch([3, 4]) }] });
    expect(found.map(({ x }) => x)).toEqual([
      [1, 5, { k: 3 }],
      [2, 5, { k: 3 }],
      [1, 5, { k: 4 }],
      [2, 5, { k: 4 }],
    ]);
  });

  it("V11: keeps values that are no plain data as they are", () => {
    const day = new Date(0);
    const layers = new Float64Array(2);
    const [config] = configs({ day, layers, f: Math.sin });
    expect(config?.day).toBe(day);
    expect(config?.layers).toBe(layers);
    expect(config?.f).toBe(Math.sin);
  });

  it("V12: opens a grid within a grid", () => {
    expect(configs({ x: gridSearch([gridSearch([1, 2]), 3]) }).map(({ x }) => x)).toEqual([1, 2, 3]);
  });

  it("V13: refuses a search for nothing", () => {
    expect(() => gridSearch([])).toThrow("gridSearch(values)");
    expect(() => searcher({}, { numSamples: 0 })).toThrow("numSamples: must be a whole number >= 1, got 0");
    expect(() => searcher({}, { numSamples: 1.5 })).toThrow("numSamples");
  });

  it("V14: repeats the whole grid for every sample", () => {
    expect(configs({ a: gridSearch([1, 2, 3]), b: { c: gridSearch([1, 2]) } })).toHaveLength(6);
    expect(configs({ a: gridSearch([1, 2, 3]) }, { numSamples: 4 })).toHaveLength(12);
  });

  it("V15: draws anew at each point of the grid, unless the grid is constant", () => {
    const space = { a: gridSearch([1, 2]), b: uniform(0, 1) };
    const [first, second] = configs(space);
    expect(first?.b).not.toBe(second?.b);
    const [left, right] = configs(space, { constantGridSearch: true });
    expect(left?.b).toBe(right?.b);
  });

  it("gives each trial a configuration of its own", () => {
    const space = { net: { widths: [1, 2] } };
    const [first, second] = configs(space, { numSamples: 2 });
    expect(first?.net).not.toBe(second?.net);
    expect(first?.net).not.toBe(space.net);
  });

  it("does not let a sampleFrom change the configuration", () => {
    const space = { a: 1, b: sampleFrom((config: { a: number }) => (config.a = 2)) };
    expect(() => configs(space)).toThrow("sampleFrom: the configuration is read-only here; cannot set a");
  });

  it("hands out parts of the configuration as plain data", () => {
    const space = { net: { w: choice([8]) }, copy: sampleFrom((config: { net: object }) => config.net) };
    const [config] = configs(space);
    expect(structuredClone(config)).toEqual({ net: { w: 8 }, copy: { w: 8 } });
    expect(config?.copy).not.toBe(config?.net);
  });

  it("passes on what a sampleFrom throws", () => {
    const space = {
      a: sampleFrom(() => {
        throw new Error("no idea");
      }),
    };
    expect(() => configs(space)).toThrow("no idea");
  });
});

describe("random draws", () => {
  it("are the same for the same seed", () => {
    const space = { lr: uniform(0, 1), units: randint(32, 256) };
    expect(configs(space, { numSamples: 5 })).toEqual(configs(space, { numSamples: 5 }));
    expect(configs(space, { numSamples: 5 })).not.toEqual(configs(space, { numSamples: 5, seed: 1 }));
  });

  it("of a trial do not depend on how many trials there are", () => {
    const space = { lr: uniform(0, 1) };
    expect(configs(space, { numSamples: 9 }).slice(0, 4)).toEqual(configs(space, { numSamples: 4 }));
  });

  it("of a key do not depend on other keys", () => {
    const [alone] = configs({ lr: uniform(0, 1) });
    const [together] = configs({ depth: randint(1, 9), lr: uniform(0, 1) });
    expect(together?.lr).toBe(alone?.lr);
  });

  it("cost nothing until they are asked for", () => {
    const generator = searcher({ lr: uniform(0, 1), k: gridSearch([1, 2, 3]) }, { numSamples: 1_000_000 });
    expect(generator.totalTrials).toBe(3_000_000);
    expect(generator.suggest("t")).toMatchObject({ k: 1 });
  });

  it("never end with numSamples -1", () => {
    const generator = searcher({ k: gridSearch([1, 2]) }, { numSamples: -1 });
    expect(generator.totalTrials).toBe(Infinity);
    const found = Array.from({ length: 5 }, (_, at) => generator.suggest(`t${at}`));
    expect(found).toEqual([{ k: 1 }, { k: 2 }, { k: 1 }, { k: 2 }, { k: 1 }]);
  });
});

describe("pointsToEvaluate", () => {
  const grids = { grid1: gridSearch(["a", "b", "c", "d"]), grid2: gridSearch(["x", "y", "z"]) };

  it("P1: fixes some grids and crosses the others", () => {
    const count = (...points: Record<string, unknown>[]): number =>
      configs(grids, { numSamples: 6, points }).length;
    expect(count({ grid1: "b" })).toBe(3 + 5 * 12);
    expect(count({ grid2: "z" })).toBe(4 + 5 * 12);
    expect(count({ grid1: "b", grid2: "z" })).toBe(1 + 5 * 12);
    expect(count({ grid1: "b" }, { grid2: "z" }, { grid1: "a", grid2: "y" }, {})).toBe(3 + 4 + 1 + 3 * 12);
  });

  it("P1: come first, in the order in which they are listed", () => {
    const points = [{ grid1: "b" }, { grid1: "a", grid2: "y" }];
    expect(configs(grids, { numSamples: 2, points })).toEqual([
      { grid1: "b", grid2: "x" },
      { grid1: "b", grid2: "y" },
      { grid1: "b", grid2: "z" },
      { grid1: "a", grid2: "y" },
    ]);
  });

  it("are all tried, also beyond numSamples", () => {
    expect(configs({ a: uniform(0, 9) }, { points: [{ a: 1 }, { a: 2 }, { a: 3 }] })).toHaveLength(3);
  });

  it("P2: are what sampleFrom computes from", () => {
    const space = {
      nested: { random: uniform(0, 10) },
      dependent: sampleFrom((config: { nested: { random: number } }) => -config.nested.random),
    };
    const [config] = configs(space, { points: [{ nested: { random: 8 } }] });
    expect(config).toEqual({ nested: { random: 8 }, dependent: -8 });
  });

  it.each([
    [{ a: 1 }, { a: 2 }, "Pre-set value `2` is not equal to the value of parameter `a`: 1"],
    [
      { a: uniform(0, 1) },
      { a: 2 },
      "Pre-set value `2` is not within valid values of parameter `a`: uniform(0, 1)",
    ],
    [{ a: gridSearch([1]) }, { a: 2 }, "Pre-set value `2` is not among the values of parameter `a`"],
  ])(
    "P3: warns about a value that the search space would not give, and tries it",
    (space, point, message) => {
      const warn = vi.fn();
      expect(configs(space, { points: [point], warn })).toEqual([{ a: 2 }]);
      expect(warn).toHaveBeenCalledWith(`pointsToEvaluate[0]: ${message}`);
    },
  );

  it("P4: count as samples", () => {
    const space = { a: gridSearch([1, 2]), b: randint(0, 6) };
    const points = [{ a: 2, b: 2 }, { a: 1 }, { b: 2 }];
    expect(configs(space, { numSamples: 4, points })).toHaveLength(6);
  });

  it("P5: constantGridSearch shares draws within a sample only", () => {
    const space = { grid: gridSearch([1, 2, 3]), rand: uniform(0, 1) };
    const drawn = configs(space, { numSamples: 2, constantGridSearch: true }).map(({ rand }) => rand);
    expect(new Set(drawn.slice(0, 3)).size).toBe(1);
    expect(new Set(drawn.slice(3)).size).toBe(1);
    expect(new Set(drawn).size).toBe(2);
  });

  it("P6: a grid may be any iterable", () => {
    const range = function* (end: number): Generator<number> {
      for (let at = 0; at < end; at += 1) yield at;
    };
    expect(configs({ x: gridSearch(range(10)) }).map(({ x }) => x)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it.each<readonly [unknown, string]>([
    [[{ b: 1 }], "pointsToEvaluate[0]: `b` is not a key of the search space; add it to config"],
    [[{ net: { b: 1 } }], "pointsToEvaluate[0]: `net/b` is not a key of the search space"],
    [[{ net: 3 }], "pointsToEvaluate[0].net: must be of the same shape as in the search space, got 3"],
    [{ a: 1 }, "BasicVariantGenerator({ pointsToEvaluate }): must be an array of objects"],
    [[3], "BasicVariantGenerator({ pointsToEvaluate }): must be an array of objects"],
  ])("refuses %j", (points, message) => {
    const space = { a: uniform(0, 1), net: { a: uniform(0, 1) } };
    expect(() => searcher(space, { points: points as never })).toThrow(message);
  });
});

describe("BasicVariantGenerator", () => {
  it("S2: gives at most maxConcurrent trials at a time", () => {
    const generator = searcher({ a: uniform(0, 1) }, { numSamples: 5, maxConcurrent: 2 });
    expect(generator.suggest("t0")).toBeTypeOf("object");
    expect(generator.suggest("t1")).toBeTypeOf("object");
    expect(generator.suggest("t2")).toBeUndefined();
    generator.onTrialComplete("t0");
    expect(generator.suggest("t2")).toBeTypeOf("object");
    expect(generator.suggest("t3")).toBeUndefined();
  });

  it("goes on where its saved state was", () => {
    const space = { a: uniform(0, 1), g: gridSearch([1, 2]) };
    const whole = configs(space, { numSamples: 4 });
    const first = searcher(space, { numSamples: 4, maxConcurrent: 3 });
    for (const id of ["t0", "t1", "t2"]) first.suggest(id);
    const second = searcher(space, { numSamples: 4, maxConcurrent: 3 });
    second.restore(JSON.parse(JSON.stringify(first.save())));
    expect(second.suggest("t3")).toBeUndefined();
    second.onTrialComplete("t1");
    expect(second.suggest("t3")).toEqual(whole[3]);
  });

  it("refuses unknown options and values out of range", () => {
    expect(() => new BasicVariantGenerator({ maxConcurent: 2 } as never)).toThrow(
      "BasicVariantGenerator({ maxConcurent }): is not an option; the options are pointsToEvaluate",
    );
    expect(() => new BasicVariantGenerator({ maxConcurrent: -1 })).toThrow("maxConcurrent");
    expect(() => new BasicVariantGenerator({ constantGridSearch: 1 as never })).toThrow("constantGridSearch");
    expect(() => new BasicVariantGenerator().suggest("t")).toThrow("setSearchProperties() has to be called");
  });
});
