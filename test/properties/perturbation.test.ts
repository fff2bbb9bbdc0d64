import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { randomStream } from "../../packages/tune/dist/random.js";
import { donorSelections } from "../../packages/tune/dist/schedulers/pbt/donors.js";
import { explore, type Explored } from "../../packages/tune/dist/schedulers/pbt/explore.js";
import { checkMutations, mutationLeaves } from "../../packages/tune/dist/schedulers/pbt/mutations.js";
import { quantilesOf } from "../../packages/tune/dist/schedulers/pbt/quantiles.js";
import { PopulationBasedTraining } from "../../packages/tune/dist/schedulers/pbt/scheduler.js";
import {
  choice,
  lograndint,
  loguniform,
  qlograndint,
  qloguniform,
  qrandint,
  quniform,
  randint,
  uniform,
} from "../../packages/tune/dist/search-space/distributions.js";
import type { Domain } from "../../packages/tune/dist/search-space/domain.js";
import { SchedulerHarness, type HarnessTrial } from "../../packages/tune/dist/testing/scheduler-harness.js";
import type { Checkpointing, Config } from "../../packages/tune/dist/trial/types.js";

const real = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const seeds = fc.integer({ min: 0, max: 1_000_000 });

/** Domains of every kind. */
const numericDomain: fc.Arbitrary<Domain<number>> = fc.oneof(
  fc.tuple(real(-1e3, 1e3), real(1e-3, 1e3)).map(([low, width]) => uniform(low, low + width)),
  fc.tuple(real(1e-6, 10), real(1.5, 1e4)).map(([low, ratio]) => loguniform(low, low * ratio)),
  fc
    .tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 60 }), fc.constantFrom(0.1, 0.25, 3))
    .map(([low, steps, q]) => quniform(low * q, (low + steps) * q, q)),
  fc
    .tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 60 }), fc.constantFrom(0.01, 0.5))
    .map(([low, steps, q]) => qloguniform(low * q, (low + steps) * q, q)),
  fc
    .tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 1000 }))
    .map(([low, width]) => randint(low, low + width)),
  fc
    .tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1000 }))
    .map(([low, width]) => lograndint(low, low + width)),
  fc
    .tuple(
      fc.integer({ min: -100, max: 100 }),
      fc.integer({ min: 10, max: 99 }),
      fc.integer({ min: 1, max: 9 }),
    )
    .map(([low, width, q]) => qrandint(low, low + width, q)),
  fc
    .tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 10, max: 99 }), fc.integer({ min: 1, max: 9 }))
    .map(([low, width, q]) => qlograndint(low, low + width, q)),
);
const choices: fc.Arbitrary<Domain<unknown>> = fc
  .uniqueArray(fc.oneof(fc.integer(), fc.string()), { minLength: 1, maxLength: 6 })
  .map((values) => choice(values));
const domain: fc.Arbitrary<Domain<unknown>> = fc.oneof(numericDomain, choices);
const factors = fc.array(real(0.1, 5), { minLength: 2, maxLength: 4 });

interface Exploration {
  readonly domain: Domain<unknown>;
  readonly value: unknown;
  readonly explored: Explored;
}

const exploreOnce = (
  mutation: Domain<unknown>,
  seed: number,
  resampleProbability: number,
  perturbationFactors: readonly number[],
): Exploration => {
  const random = randomStream(seed);
  const value = mutation.sample(random);
  const leaves = mutationLeaves(checkMutations("mutations", { x: mutation }));
  const options = { leaves, resampleProbability, perturbationFactors, customExploreFn: undefined };
  return { domain: mutation, value, explored: explore({ x: value }, options, random) };
};

describe("explore", () => {
  it("gives values of the domain, and of its type", () => {
    fc.assert(
      fc.property(domain, seeds, real(0, 1), factors, (mutation, seed, probability, by) => {
        const { explored } = exploreOnce(mutation, seed, probability, by);
        expect(mutation.isValid(explored.config.x), `${mutation.label}: ${String(explored.config.x)}`).toBe(
          true,
        );
        if (mutation.kind === "integer") expect(Number.isSafeInteger(explored.config.x)).toBe(true);
        if (mutation.kind === "float") expect(explored.config.x).toBeTypeOf("number");
      }),
    );
  });

  it("draws always anew with probability 1, and never with 0", () => {
    fc.assert(
      fc.property(domain, seeds, factors, (mutation, seed, by) => {
        expect(exploreOnce(mutation, seed, 1, by).explored.operations).toEqual({ x: "resample" });
        expect(exploreOnce(mutation, seed, 0, by).explored.operations.x).not.toBe("resample");
      }),
    );
  });

  it("moves a whole number by at least one, except at an end and from 1 towards 0", () => {
    const whole = numericDomain.filter(({ kind }) => kind === "integer");
    fc.assert(
      fc.property(whole, seeds, fc.constantFrom(1.2, 0.8, 1.01, 0.99), (mutation, seed, factor) => {
        const { value, explored } = exploreOnce(mutation, seed, 0, [factor, factor]);
        const { lower = 0, upper = 0 } = mutation.bounds ?? {};
        const isFree = explored.config.x !== lower && explored.config.x !== upper;
        const step = "step" in mutation ? Number(mutation.step) : 1;
        if (isFree && Math.abs(Number(value)) > step) expect(explored.config.x).not.toBe(value);
        if (value !== 0 && lower !== 0 && upper !== 0) expect(explored.config.x).not.toBe(0);
      }),
    );
  });

  it("changes nothing outside of the mutated keys, and nothing in the donor's configuration", () => {
    const others = fc.dictionary(
      fc.string().filter((key) => key !== "x" && key !== "__proto__"),
      fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer())),
    );
    fc.assert(
      fc.property(others, numericDomain, seeds, (rest, mutation, seed) => {
        const random = randomStream(seed);
        const donor: Config = { ...rest, x: mutation.sample(random), net: { x: 1, y: [2] } };
        const before = structuredClone(donor);
        const leaves = mutationLeaves(checkMutations("mutations", { x: mutation, net: { x: mutation } }));
        const { config } = explore(
          donor,
          { leaves, resampleProbability: 0.5, perturbationFactors: [1.2, 0.8], customExploreFn: undefined },
          random,
        );
        expect(donor).toEqual(before);
        expect({ ...config, x: 0, net: { ...(config.net as object), x: 0 } }).toEqual({
          ...before,
          x: 0,
          net: { x: 0, y: [2] },
        });
      }),
    );
  });
});

describe("quantiles", () => {
  it("are disjoint, of the right size, sorted, and never hold a worse trial above a better one", () => {
    const scores = fc.array(fc.double({ noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(scores, real(0, 0.5), (values, fraction) => {
        const population = values.map((score, index) => ({ id: `${index}`, index, score }));
        const { lower, upper } = quantilesOf(population, fraction);
        const n = values.length;
        const k = n <= 1 ? 0 : Math.min(Math.ceil(n * fraction), Math.floor(n / 2));
        expect([lower.length, upper.length]).toEqual([k, k]);
        expect(new Set([...lower, ...upper]).size).toBe(2 * k);
        const ranked = values.toSorted((a, b) => a - b || 0);
        expect(lower.map(({ score }) => score)).toEqual(ranked.slice(0, k));
        expect(upper.map(({ score }) => score)).toEqual(k === 0 ? [] : ranked.slice(-k));
      }),
    );
  });
});

interface Setting {
  readonly seed: number;
  readonly population: number;
  readonly synch: boolean;
  readonly replace: "bottom" | "rest";
  readonly donorSelection: (typeof donorSelections)[number];
  readonly quantileFraction: number;
  readonly resampleProbability: number;
  readonly checkpointing: Checkpointing;
}

const setting: fc.Arbitrary<Setting> = fc.record({
  seed: seeds,
  population: fc.integer({ min: 1, max: 9 }),
  synch: fc.boolean(),
  replace: fc.constantFrom("bottom", "rest"),
  donorSelection: fc.constantFrom(...donorSelections),
  quantileFraction: real(0, 0.5),
  resampleProbability: real(0, 1),
  checkpointing: fc.constantFrom("none", "reported", "on-demand"),
});

const lr = uniform(0.001, 0.1);
const units = randint(32, 256);

function populationOf(options: Setting): SchedulerHarness {
  const { seed, population, checkpointing, ...rest } = options;
  const scheduler = new PopulationBasedTraining({
    timeAttr: "training_iteration",
    metric: "score",
    mode: "max",
    perturbationInterval: 1,
    hyperparamMutations: { lr, units },
    ...rest,
  });
  const harness = new SchedulerHarness(scheduler, { seed });
  const random = randomStream(seed);
  for (let index = 0; index < population; index += 1) {
    harness.add({
      checkpointing,
      state: index,
      config: { lr: lr.sample(random), units: units.sample(random), index },
    });
  }
  return harness;
}

/** A score that depends on the trial and its progress only, sometimes NaN. */
function scoreOf(trial: HarnessTrial, seed: number): number {
  const random = randomStream(`${seed}/${trial.index}/${trial.iteration}`);
  return random.float() < 0.1 ? NaN : random.normal();
}

describe("a population", () => {
  it("copies only from a trial that is in the top quantile at that moment, and never from itself", () => {
    fc.assert(
      fc.property(setting, (options) => {
        const harness = populationOf({ ...options, checkpointing: "none" });
        const scores = new Map<string, number>();
        let seen = 0;
        const step = (trial: HarnessTrial) => {
          const score = scoreOf(trial, options.seed);
          scores.set(trial.id, score);
          return { score };
        };
        const check = (): void => {
          for (const { trial, donor, config } of harness.exploits.slice(seen)) {
            const ranked = harness.trials
              .filter(({ id, status }) => status !== "TERMINATED" && !Number.isNaN(scores.get(id) ?? NaN))
              .map(({ id, index }) => ({ id, index, score: scores.get(id) ?? NaN }));
            const { lower, upper } = quantilesOf(ranked, options.quantileFraction);
            const topIds = upper.map(({ id }) => id);
            expect(topIds).toContain(donor.id);
            expect(topIds).not.toContain(trial.id);
            if (options.replace === "bottom") expect(lower.map(({ id }) => id)).toContain(trial.id);
            expect(lr.isValid(config.lr) && units.isValid(config.units)).toBe(true);
          }
          seen = harness.exploits.length;
        };
        harness.train({
          iterations: 8,
          step: (trial) => (check(), step(trial)),
        });
      }),
    );
  });

  it("does the same for the same seed and the same reports", () => {
    fc.assert(
      fc.property(setting, (options) => {
        const trace = () => {
          const harness = populationOf(options);
          harness.train({
            iterations: 6,
            slots: 3,
            step: (trial) => ({ score: scoreOf(trial, options.seed) }),
          });
          return harness.exploits.map(({ trial, donor, config }) => [trial.id, donor.id, config]);
        };
        expect(trace()).toEqual(trace());
      }),
    );
  });

  it("under synch does the same in whichever order and on however many slots trials report", () => {
    fc.assert(
      fc.property(setting, seeds, fc.integer({ min: 1, max: 9 }), (options, order, slots) => {
        const trace = (how: {
          next?: (running: readonly HarnessTrial[]) => HarnessTrial;
          slots?: number;
        }) => {
          const harness = populationOf({ ...options, synch: true });
          harness.train({
            iterations: 6,
            step: (trial) => ({ score: scoreOf(trial, options.seed) }),
            ...how,
          });
          return {
            exploits: harness.exploits.map(({ trial, donor, config }) => [trial.id, donor.id, config]),
            log: (harness.scheduler as PopulationBasedTraining).policyLog,
          };
        };
        const random = randomStream(order);
        expect(trace({ slots, next: (running) => random.pick(running) })).toEqual(trace({}));
      }),
    );
  });

  it("lets every trial reach its end, also when some of them fail", () => {
    fc.assert(
      fc.property(setting, fc.integer({ min: 1, max: 4 }), (options, slots) => {
        const harness = populationOf(options);
        const random = randomStream(options.seed);
        harness.train({
          iterations: 6,
          slots,
          step: (trial) => {
            const others = harness.trials.filter(({ status, id }) => status === "PAUSED" && id !== trial.id);
            if (others.length > 0 && random.float() < 0.05) harness.fail(random.pick(others));
            return { score: scoreOf(trial, options.seed) };
          },
        });
      }),
    );
  });
});
