import { describe, expect, it } from "vitest";

import { PopulationBasedTraining } from "../../packages/tune/dist/schedulers/pbt/scheduler.js";
import type { PopulationBasedTrainingOptions } from "../../packages/tune/dist/schedulers/pbt/options.js";
import { choice, randint, sampleFrom, uniform } from "../../packages/tune/dist/search-space/distributions.js";
import { gridSearch } from "../../packages/tune/dist/search-space/grid-search.js";
import {
  SchedulerHarness,
  type HarnessTrial,
  type HarnessTrialOptions,
} from "../../packages/tune/dist/testing/scheduler-harness.js";
import type { Checkpointing, Config } from "../../packages/tune/dist/trial/types.js";

/** A population as in Ray's own tests of PBT. */
class Population {
  readonly pbt: PopulationBasedTraining;
  readonly harness: SchedulerHarness;
  readonly trials: readonly HarnessTrial[];
  #checkpointsBefore = 0;
  #perturbsBefore = 0;

  constructor(options: PopulationBasedTrainingOptions = {}, trials: readonly HarnessTrialOptions[] = five()) {
    this.pbt = new PopulationBasedTraining({
      metric: "reward",
      mode: "max",
      perturbationInterval: 10,
      resampleProbability: 0,
      hyperparamMutations: { floatFactor: () => 100, intFactor: () => 10, idFactor: [100] },
      ...options,
    });
    this.harness = new SchedulerHarness(this.pbt);
    this.trials = trials.map((trial) => this.harness.add({ status: "RUNNING", ...trial }));
  }

  /** Trial i has reported score 50 i at time 10; counters start from here. */
  static afterOneReport(options: PopulationBasedTrainingOptions = {}): Population {
    const population = new Population(options);
    for (const at of population.trials.keys()) population.report(at, 10, 50 * at);
    population.#checkpointsBefore = population.pbt.numCheckpoints;
    population.#perturbsBefore = population.pbt.numPerturbs;
    return population;
  }

  get counters(): { checkpoints: number; perturbs: number } {
    return {
      checkpoints: this.pbt.numCheckpoints - this.#checkpointsBefore,
      perturbs: this.pbt.numPerturbs - this.#perturbsBefore,
    };
  }

  trial(at: number): HarnessTrial {
    const trial = this.trials[at];
    if (trial === undefined) throw new Error(`no trial ${at}`);
    return trial;
  }

  report(at: number, time: number, reward: unknown): string {
    return this.harness.report(this.trial(at), {
      time_total_s: time,
      training_iteration: Math.floor(time),
      reward,
    });
  }

  /** Ids of the donors that a trial was given, oldest first, as positions. */
  donorsOf(at: number): number[] {
    return this.harness.exploits.filter(({ trial }) => trial.index === at).map(({ donor }) => donor.index);
  }

  scores(): (number | null)[] {
    return this.#members().map(({ score }) => score);
  }

  times(): number[] {
    return this.#members().map(({ time }) => time);
  }

  #members(): { score: number | null; time: number }[] {
    return (this.pbt.save() as { members: { score: number | null; time: number }[] }).members;
  }
}

function five(checkpointing: Checkpointing = "on-demand"): HarnessTrialOptions[] {
  return Array.from({ length: 5 }, (_, at) => ({
    checkpointing,
    config: { idFactor: at, floatFactor: 2, constFactor: 3, intFactor: 10 },
  }));
}

describe("P1-P4: who is checkpointed, paused and perturbed", () => {
  it("P1: the top quantile is checkpointed", () => {
    const population = Population.afterOneReport();
    expect(population.report(0, 15, 200)).toBe("CONTINUE");
    expect(population.scores()).toEqual([0, 50, 100, 150, 200]);
    expect(population.report(0, 20, 200)).toBe("CONTINUE");
    expect(population.scores()).toEqual([200, 50, 100, 150, 200]);
    expect(population.counters).toEqual({ checkpoints: 1, perturbs: 0 });
    expect(population.report(1, 30, 201)).toBe("CONTINUE");
    expect(population.counters).toEqual({ checkpoints: 2, perturbs: 0 });
    expect(population.report(4, 30, 199)).toBe("CONTINUE");
    expect(population.scores()).toEqual([200, 201, 100, 150, 199]);
    expect(population.counters).toEqual({ checkpoints: 2, perturbs: 0 });
  });

  it("P2: under synch nothing happens before the last trial is there", () => {
    const population = Population.afterOneReport({ synch: true });
    expect(population.report(0, 15, 200)).toBe("CONTINUE");
    for (const at of [0, 1, 2, 3]) expect(population.report(at, 20, 200 + at)).toBe("PAUSE");
    expect(population.scores()).toEqual([200, 201, 202, 203, 200]);
    expect(population.counters.checkpoints).toBe(0);
    expect(population.report(4, 20, 204)).toBe("PAUSE");
    expect(population.scores()).toEqual([200, 201, 202, 203, 204]);
    expect(population.counters.checkpoints).toBe(2);
  });

  it("P3: the bottom quantile is perturbed", () => {
    const population = Population.afterOneReport();
    expect(population.report(0, 15, -100)).toBe("CONTINUE");
    expect(population.report(0, 20, -100)).toBe("PAUSE");
    expect(population.counters.perturbs).toBe(1);
    expect([3, 4]).toContain(population.donorsOf(0)[0]);
    expect(population.trial(0).experimentTag).toContain("@perturbed");
    expect(population.report(2, 20, 40)).toBe("PAUSE");
    expect(population.counters.perturbs).toBe(2);
    expect([3, 4]).toContain(population.donorsOf(2)[0]);
    expect(population.trial(2).experimentTag).toContain("@perturbed");
  });

  it("P4: the bottom quantile is perturbed at the barrier", () => {
    const population = Population.afterOneReport({ synch: true });
    expect(population.report(4, 15, -100)).toBe("CONTINUE");
    expect(population.report(4, 20, -100)).toBe("PAUSE");
    expect(population.counters.perturbs).toBe(0);
    for (const at of [0, 1, 2, 3]) expect(population.report(at, 20, 0 - 10 * at)).toBe("PAUSE");
    expect(population.scores()).toEqual([0, -10, -20, -30, -100]);
    expect(population.counters.perturbs).toBe(2);
    expect([0, 1]).toContain(population.donorsOf(3).at(-1));
    expect([0, 1]).toContain(population.donorsOf(4).at(-1));
  });
});

describe("P5-P9: what a perturbed trial gets", () => {
  it("P5: the donor's configuration, changed a little", () => {
    const population = Population.afterOneReport();
    population.report(0, 20, -100);
    const { config } = population.trial(0);
    expect(config.idFactor).toBe(100);
    expect([2.4, 1.6]).toContain(config.floatFactor);
    expect([12, 8]).toContain(config.intFactor);
    expect(config.constFactor).toBe(3);
  });

  it("P6: new draws with resample probability 1", () => {
    const population = Population.afterOneReport({ resampleProbability: 1 });
    population.report(0, 20, -100);
    expect(population.trial(0).config).toEqual({
      idFactor: 100,
      floatFactor: 100,
      intFactor: 10,
      constFactor: 3,
    });
  });

  it("P9: nested keys too", () => {
    const config = (): Config => ({ a: 1, net: { b: 2, c: 3 } });
    const population = new Population(
      {
        resampleProbability: 1,
        perturbationInterval: 1,
        hyperparamMutations: { a: () => 100, net: { b: () => 101, c: [10] } },
      },
      [
        { config: config(), checkpointing: "none" },
        { config: config(), checkpointing: "none" },
      ],
    );
    population.report(0, 1, 1);
    population.report(1, 1, 0);
    expect(population.trial(1).config).toEqual({ a: 100, net: { b: 101, c: 10 } });
    expect(population.trial(1).experimentTag).toBe("1_a=1,net=b_2_c_3@perturbed[a=100,b=101,c=10]");
  });

  it("P16: what customExploreFn makes of it", () => {
    const population = Population.afterOneReport({
      customExploreFn: (config) => ({ ...config, idFactor: 42, floatFactor: 43 }),
    });
    population.report(0, 20, -100);
    expect(population.trial(0).config).toMatchObject({ idFactor: 42, floatFactor: 43 });
  });

  it("fills in keys that the search space lacks, the same for the same seed", () => {
    const fill = (): Config => {
      const mutations = {
        lr: uniform(0, 1),
        units: randint(1, 9),
        act: choice(["a", "b"]),
        list: [7],
        net: { width: () => 5 },
      };
      const population = new Population({ hyperparamMutations: mutations }, [
        { config: { lr: 0.5, net: { depth: 2 } } },
      ]);
      return population.trial(0).config;
    };
    expect(fill()).toMatchObject({ lr: 0.5, list: 7, net: { depth: 2, width: 5 } });
    expect(randint(1, 9).isValid(fill().units)).toBe(true);
    expect(["a", "b"]).toContain(fill().act);
    expect(fill()).toEqual(fill());
  });
});

describe("P10-P12: which trial runs next", () => {
  it("P10: a trial that waits makes the one that reports give way", () => {
    const population = Population.afterOneReport();
    population.trial(0).status = "PENDING";
    expect(population.report(1, 20, 1000)).toBe("PAUSE");
    expect(population.harness.choose()).toBe(population.trial(0));
  });

  it("P11: the one that is furthest behind", () => {
    const population = Population.afterOneReport();
    for (const [at, time] of [800, 700, 600, 500, 700].entries()) population.report(at, time, 1000 + at);
    for (const trial of population.trials) trial.status = "RUNNING";
    expect(population.harness.choose()).toBeUndefined();
    for (const trial of population.trials) trial.status = "PENDING";
    expect(population.harness.choose()).toBe(population.trial(3));
  });

  it("P12: under synch one of those that are furthest behind after the generation", () => {
    const population = Population.afterOneReport({ synch: true });
    for (const [at, time] of [800, 700, 600, 500, 700].entries()) population.report(at, time, 1000 + at);
    const chosen = population.harness.choose();
    expect([0, 1, 3]).toContain(chosen?.index);
    expect(population.times()[chosen?.index ?? -1]).toBe(Math.min(...population.times()));
  });

  it("under synch only trials that have not reached the barrier", () => {
    const population = Population.afterOneReport({ synch: true });
    for (const trial of population.trials) trial.status = "RUNNING";
    population.report(0, 20, 1);
    population.trial(1).status = "PAUSED";
    expect(population.harness.choose()).toBe(population.trial(1));
    expect(population.harness.choose()).toBeUndefined();
  });
});

describe("P13: an exploited trial is as far as the checkpoint that it got", () => {
  it("takes the donor's times", () => {
    const population = Population.afterOneReport();
    population.report(0, 10_000, 1005);
    population.report(1, 10_000, 1004);
    population.report(2, 600, 1003);
    expect(population.counters.perturbs).toBe(0);
    population.report(3, 500, 1002);
    expect(population.counters.perturbs).toBe(1);
    expect(population.times()[3]).toBe(10_000);
    population.report(3, 600, 100);
    expect(population.counters.perturbs).toBe(1);
    population.report(3, 11_000, 100);
    expect(population.counters.perturbs).toBe(2);
  });

  it("keeps its own times when only hyperparameters were exchanged", () => {
    const population = new Population({}, five("none"));
    for (const [at, time] of [10_000, 10_000, 600, 500].entries()) population.report(at, time, 1005 - at);
    expect(population.donorsOf(3)).toHaveLength(1);
    expect(population.times()[3]).toBe(500);
    expect(population.report(3, 505, 1)).toBe("CONTINUE");
    expect(population.donorsOf(3)).toHaveLength(1);
    population.report(3, 510, 1);
    expect(population.donorsOf(3)).toHaveLength(2);
  });
});

describe("P14: reports without time or metric", () => {
  it("are errors that name the trial and what is missing", () => {
    const population = Population.afterOneReport();
    const trial = population.trial(0);
    expect(() => population.harness.report(trial, { time_total_s: 20, score: 1 })).toThrow(
      'PopulationBasedTraining: reports must hold a number under "reward" (metric), but trial trial_00000 has undefined there',
    );
    expect(() => population.harness.report(trial, { time_total_s: undefined, reward: 1 })).toThrow(
      expect.objectContaining({ code: "MANTA_TUNE", trialId: trial.id }),
    );
    expect(() => population.harness.report(trial, { time_total_s: 20, reward: "1" })).toThrow(
      'has "1" there',
    );
  });

  it("are ignored with one warning each when requireAttrs is false", () => {
    const population = Population.afterOneReport({ requireAttrs: false });
    const before = population.pbt.save();
    for (const at of [0, 1]) {
      expect(population.report(at, 20, undefined)).toBe("CONTINUE");
      expect(population.report(at, NaN, 1)).toBe("CONTINUE");
    }
    expect(population.pbt.save()).toEqual(before);
    expect(population.harness.warnings).toEqual([
      'PopulationBasedTraining: reports must hold a number under "reward" (metric); reports without it are ignored',
      'PopulationBasedTraining: reports must hold a number under "time_total_s" (timeAttr); reports without it are ignored',
    ]);
  });

  it("never keep the others waiting at the barrier", () => {
    const population = Population.afterOneReport({ requireAttrs: false, synch: true });
    for (const at of [0, 1, 2, 3]) population.report(at, 20, at);
    expect(population.report(4, 20, undefined)).toBe("PAUSE");
    // Four of five are ranked: one is the bottom quantile, one the top.
    expect(population.counters.perturbs).toBe(1);
    expect(population.donorsOf(0).at(-1)).toBe(3);
  });
});

describe("P15: the policy log", () => {
  it("has a line of two tags, two iterations and two configurations for each exploit", () => {
    const population = Population.afterOneReport();
    population.report(0, 20, -100);
    const donor = population.trial(population.donorsOf(0)[0] ?? -1);
    expect(population.pbt.policyLog).toEqual([
      [
        "0_constFactor=3,floatFactor=2,idFactor=0,intFactor=10",
        donor.experimentTag,
        20,
        10,
        donor.config,
        population.trial(0).config,
      ],
    ]);
    expect(JSON.parse(JSON.stringify(population.pbt.policyLog))).toEqual(population.pbt.policyLog);
  });

  it("is empty with log: false", () => {
    const population = Population.afterOneReport({ log: false });
    population.report(0, 20, -100);
    expect(population.pbt.numPerturbs).toBe(1);
    expect(population.pbt.policyLog).toEqual([]);
  });

  it("keeps naming trials by their first tag", () => {
    const population = Population.afterOneReport();
    for (const time of [20, 30]) population.report(0, time, -100);
    expect(population.pbt.policyLog.map(([tag]) => tag)).toEqual([
      population.pbt.policyLog[0]?.[0],
      population.pbt.policyLog[0]?.[0],
    ]);
    expect(population.trial(0).experimentTag.match(/@perturbed/g)).toHaveLength(1);
  });

  it("tells reporters of the latest perturbations", () => {
    const population = Population.afterOneReport();
    for (let time = 20; time <= 1220; time += 10) population.report(0, time, -100);
    expect(population.pbt.perturbations).toHaveLength(100);
    expect(population.pbt.perturbations.at(-1)).toMatchObject({
      trialId: "trial_00000",
      fromCheckpoint: true,
      time: 1220,
      operations: { idFactor: expect.stringMatching(/^(resample|shift)/) },
    });
    expect(population.pbt.summary().text).toMatch(/^PopulationBasedTraining: \d+ checkpoints, \d+ perturbs$/);
  });
});

describe("P17-P20: small populations and burn-in", () => {
  it("P17: two trials are enough for a top quantile", () => {
    const population = new Population({ perturbationInterval: 1 }, five().slice(0, 2));
    expect(population.report(0, 1, 10)).toBe("CONTINUE");
    expect(population.counters.checkpoints).toBe(0);
    expect(population.report(1, 1, 200)).toBe("CONTINUE");
    expect(population.counters.checkpoints).toBe(1);
  });

  it("P18: nothing happens during burn-in, and ended trials never block the barrier", () => {
    const nums = [1, 2, 3, 4];
    const population = new Population(
      {
        metric: "error",
        mode: "min",
        perturbationInterval: 5,
        burnInPeriod: 50,
        synch: true,
        timeAttr: "training_iteration",
        hyperparamMutations: { a: [1] },
      },
      nums.map((num) => ({ config: { num, a: 1 }, checkpointing: "on-demand" })),
    );
    const report = (at: number, iteration: number, error: number): string =>
      population.harness.report(population.trial(at), { training_iteration: iteration, error });
    for (const iteration of [1, 30]) {
      for (const at of nums.keys()) expect(report(at, iteration, at)).toBe("CONTINUE");
    }
    const over = population.harness.add({ config: { num: 5, a: 1 } });
    population.harness.remove(over);
    for (const [at, error] of [50, 50, 10, 100].entries()) expect(report(at, 50, error)).toBe("PAUSE");
    expect(population.trial(3).config.num).toBe(3);
    expect(population.counters.perturbs).toBe(1);
    expect(population.harness.choose()).toBeDefined();
  });

  it("burn-in ends at its time, not after it", () => {
    const population = new Population({ burnInPeriod: 50, perturbationInterval: 5 });
    population.report(0, 49.9, 1);
    expect(population.scores()[0]).toBeNull();
    population.report(0, 50, 1);
    expect(population.scores()[0]).toBe(1);
  });

  it.each([
    ["synchronous, best last", [10, 20, 40], true, [43, 43, 43]],
    ["synchronous, best first", [30, 20, 10], true, [33, 33, 33]],
  ])("P19: state travels with the checkpoint: %s", (_name, starts, synch, finals) => {
    expect(finalScores(starts, synch)).toEqual(finals);
  });

  it("P19: asynchronously not everybody gets the best", () => {
    expect(new Set(finalScores([10, 20, 40], false)).size).toBeGreaterThan(1);
  });

  it("P20: a list of one value stays", () => {
    const population = Population.afterOneReport({ hyperparamMutations: { constFactor: [3] } });
    population.report(0, 20, -100);
    expect(population.pbt.perturbations.at(-1)?.operations.constFactor).toMatch(
      /^shift (left|right) \(noop\)$/,
    );
  });

  function finalScores(starts: readonly number[], synch: boolean): unknown[] {
    const population = new Population(
      {
        metric: "score",
        timeAttr: "training_iteration",
        perturbationInterval: 1,
        synch,
        hyperparamMutations: { c: () => 1 },
      },
      starts.map((state) => ({ config: { c: 1 }, checkpointing: "reported", state, status: "PENDING" })),
    );
    population.harness.train({
      iterations: 3,
      step: (trial) => ({ score: trial.iteration + 1 + Number(trial.state) }),
    });
    return population.trials.map(({ lastResult }) => lastResult?.score);
  }
});

describe("who may give and who may take", () => {
  it("trials without checkpoints exchange hyperparameters, and none is asked for a checkpoint", () => {
    const population = new Population({}, five("none"));
    for (const at of population.trials.keys()) population.report(at, 10, 50 * at);
    population.report(0, 20, -100);
    expect(population.donorsOf(0)).toHaveLength(1);
    expect(population.harness.checkpoints).toEqual([]);
  });

  it("a donor must have been checkpointed at its own last interval", () => {
    const trials = five().slice(0, 2);
    const population = new Population({ perturbationInterval: 1 }, trials);
    population.report(0, 1, 10);
    // Trial 0 was alone at its interval, hence in no quantile: nothing to take.
    expect(population.report(1, 1, 5)).toBe("CONTINUE");
    expect(population.donorsOf(1)).toEqual([]);
    population.report(0, 2, 10);
    expect(population.report(1, 2, 5)).toBe("PAUSE");
    expect(population.donorsOf(1)).toEqual([0]);
  });

  it("trials that are NaN, ended or failed are neither replaced nor copied", () => {
    const population = new Population({ synch: true, quantileFraction: 0.5 }, five("none"));
    population.report(0, 10, NaN);
    population.report(1, 10, 1);
    population.report(2, 10, 2);
    population.harness.complete(population.trial(3), { reward: 1000 });
    population.harness.fail(population.trial(4));
    population.harness.choose();
    expect(population.harness.exploits.map(({ trial, donor }) => [trial.index, donor.index])).toEqual([
      [1, 2],
    ]);
  });

  it("replace: rest replaces everybody below the top quantile", () => {
    const population = new Population({ synch: true, replace: "rest" }, five("none"));
    for (const at of population.trials.keys()) population.report(at, 10, 50 * at);
    expect(population.harness.exploits.map(({ trial }) => trial.index)).toEqual([0, 1, 2]);
    for (const { donor } of population.harness.exploits) expect([3, 4]).toContain(donor.index);
  });

  it("quantileFraction 0 never exploits", () => {
    const population = new Population({ quantileFraction: 0 }, five("none"));
    for (const at of population.trials.keys()) population.report(at, 10, -50 * at);
    expect(population.counters).toEqual({ checkpoints: 0, perturbs: 0 });
  });

  it("t-test: copies only what is better beyond chance", () => {
    const trials = five("none").slice(0, 2);
    const run = (noise: number): number => {
      const population = new Population({ synch: true, donorSelection: "t-test" }, trials);
      for (let time = 1; time <= 10; time += 1) {
        const wave = time % 2 === 0 ? noise : -noise;
        population.report(0, time, 5 + wave);
        population.report(1, time, 4 - wave);
      }
      return population.counters.perturbs;
    };
    expect(run(0.1)).toBe(1);
    expect(run(5)).toBe(0);
  });

  it("a failed trial that comes back catches up with the barrier", () => {
    const population = Population.afterOneReport({ synch: true });
    for (const at of [0, 1, 2]) population.report(at, 20, at);
    population.harness.fail(population.trial(3));
    population.harness.recover(population.trial(3));
    population.report(4, 20, 4);
    expect(population.counters.perturbs).toBe(0);
    expect(population.harness.choose()).toBe(population.trial(3));
    expect(population.report(3, 12, 3)).toBe("CONTINUE");
    expect(population.report(3, 20, 3)).toBe("PAUSE");
    expect(population.counters.perturbs).toBe(2);
  });

  it("a trial that fails for good opens the barrier for the others", () => {
    const population = Population.afterOneReport({ synch: true });
    population.trial(4).status = "RUNNING";
    for (const at of [0, 1, 2, 3]) population.report(at, 20, at);
    expect(population.harness.choose()).toBeUndefined();
    population.harness.fail(population.trial(4));
    expect(population.harness.choose()).toBeDefined();
    expect(population.counters.perturbs).toBe(1);
  });

  it("a trial that is set back to a waiting donor again and again does not keep the donor from going on", () => {
    const trials = five()
      .slice(0, 2)
      .map((trial) => ({ ...trial, status: "PENDING" as const, state: 0 }));
    const population = new Population({ timeAttr: "training_iteration", perturbationInterval: 1 }, trials);
    // Trial 0 is always worse, and on one slot it would be chosen before trial 1 for ever.
    population.harness.train({
      slots: 1,
      iterations: 5,
      step: ({ index, iteration }) => ({ reward: index === 0 && iteration > 0 ? -1 : 1 }),
    });
    expect(population.donorsOf(0).length).toBeGreaterThan(0);
  });

  it("trials that are all equally far after a generation still go on", () => {
    const population = Population.afterOneReport({ synch: true });
    for (const at of population.trials.keys()) population.report(at, 70, at);
    expect(population.harness.choose()).toBeDefined();
  });
});

describe("a restored scheduler", () => {
  it("decides as the first one would have", () => {
    const decide = (restore: boolean): unknown => {
      const population = Population.afterOneReport({ synch: true, replace: "rest" });
      let { harness } = population;
      if (restore) {
        const next = new PopulationBasedTraining({
          metric: "reward",
          mode: "max",
          perturbationInterval: 10,
          resampleProbability: 0,
          synch: true,
          replace: "rest",
          hyperparamMutations: { floatFactor: () => 100, intFactor: () => 10, idFactor: [100] },
        });
        next.restore(JSON.parse(JSON.stringify(population.pbt.save())));
        const resumed = new SchedulerHarness(next);
        resumed.trials.push(...harness.trials);
        harness = resumed;
      }
      for (const trial of harness.trials) harness.report(trial, { time_total_s: 20, reward: -trial.index });
      return harness.exploits.slice(-3).map(({ trial, donor, config }) => [trial.id, donor.id, config]);
    };
    expect(decide(true)).toEqual(decide(false));
  });
});

describe("PopulationBasedTraining refuses", () => {
  const hyperparamMutations = { lr: uniform(0, 1) };
  it.each<readonly [Record<string, unknown>, string]>([
    [{ perturbationInterval: 0 }, "({ perturbationInterval }): must be a finite number > 0, got 0"],
    [{ perturbationInterval: NaN }, "({ perturbationInterval })"],
    [{ burnInPeriod: -1 }, "({ burnInPeriod }): must be a number >= 0, got -1"],
    [{ quantileFraction: 0.6 }, "({ quantileFraction }): must be a number from 0 to 0.5, got 0.6"],
    [{ quantileFraction: -0.1 }, "({ quantileFraction })"],
    [{ quantileFraction: NaN }, "({ quantileFraction })"],
    [{ resampleProbability: 2 }, "({ resampleProbability }): must be a number from 0 to 1, got 2"],
    [
      { perturbationFactors: [] },
      "({ perturbationFactors }): must be a list of at least two factors, got []",
    ],
    [{ perturbationFactors: [1.2] }, "({ perturbationFactors }): must be a list of at least two factors"],
    [{ perturbationFactors: [1.2, 0] }, "({ perturbationFactors })[1]: must be a finite number > 0, got 0"],
    [{ synch: "yes" }, '({ synch }): must be true or false, got "yes"'],
    [{ requireAttrs: 1 }, "({ requireAttrs })"],
    [{ log: 1 }, "({ log })"],
    [{ replace: "all" }, '({ replace }): must be "bottom" or "rest", got "all"'],
    [{ donorSelection: "best" }, '({ donorSelection }): must be "uniform" or "proportional" or "tournament"'],
    [{ timeAttr: "" }, "({ timeAttr })"],
    [{ metric: 1 }, "({ metric })"],
    [{ mode: "best" }, "({ mode })"],
    [{ metric: "a", rewardAttr: "b" }, "({ rewardAttr }): is another name of metric; give one of them"],
    [{ rewardAttr: "a", mode: "min" }, "({ rewardAttr }): is maximised"],
    [{ customExploreFn: 3 }, "({ customExploreFn }): must be a function, got 3"],
    [{ hyperparamMutations: undefined }, "({ hyperparamMutations }): or customExploreFn must be given"],
    [{ hyperparamMutations: {} }, "({ hyperparamMutations }): must be an object with at least one key"],
    [
      { hyperparamMutations: { a: {} } },
      "({ hyperparamMutations }).a: must be an object with at least one key",
    ],
    [
      { hyperparamMutations: { a: [] } },
      "({ hyperparamMutations }).a: must be a list with at least one value",
    ],
    [{ hyperparamMutations: { a: 3 } }, "({ hyperparamMutations }).a: must be a domain, a list, a function"],
    [{ hyperparamMutations: { a: "b" } }, "({ hyperparamMutations }).a"],
    [{ hyperparamMutations: { a: new Set([1]) } }, "({ hyperparamMutations }).a"],
    [{ hyperparamMutations: { a: { b: null } } }, "({ hyperparamMutations }).a.b"],
    [
      { hyperparamMutations: { a: gridSearch([1]) } },
      "({ hyperparamMutations }).a: must not be a gridSearch",
    ],
    [{ perturbation_interval: 3 }, "({ perturbation_interval }): is not an option; the options are timeAttr"],
  ])("%j", (options, message) => {
    const make = () => new PopulationBasedTraining({ hyperparamMutations, ...options });
    expect(make).toThrow(`PopulationBasedTraining${message}`);
    expect(make).toThrow(expect.objectContaining({ code: "MANTA_INVALID_ARGUMENT" }));
  });

  it("P7: a sampleFrom mutation", () => {
    const make = () =>
      new PopulationBasedTraining({ hyperparamMutations: { a: sampleFrom(() => 1) as never } });
    expect(make).toThrow("({ hyperparamMutations }).a: must not be a sampleFrom");
  });

  it("P7: but not a choice, a tuple, or customExploreFn alone", () => {
    expect(
      () => new PopulationBasedTraining({ hyperparamMutations: { a: choice([1]), b: [1, 2] as const } }),
    ).not.toThrow();
    expect(() => new PopulationBasedTraining({ customExploreFn: (config) => config })).not.toThrow();
  });
});

describe("the metric of PopulationBasedTraining", () => {
  const make = (options: PopulationBasedTrainingOptions) =>
    new PopulationBasedTraining({ hyperparamMutations: { lr: [1] }, ...options });

  it("is run's when it has none of its own", () => {
    const pbt = make({});
    pbt.setSearchProperties("accuracy", "max");
    expect([pbt.metric, pbt.mode]).toEqual(["accuracy", "max"]);
  });

  it("is rewardAttr, larger is better", () => {
    const pbt = make({ rewardAttr: "accuracy" });
    pbt.setSearchProperties(undefined, undefined);
    expect([pbt.metric, pbt.mode]).toEqual(["accuracy", "max"]);
  });

  it("may be said by rewardAttr and by run, if both mean the same", () => {
    const pbt = make({ rewardAttr: "accuracy" });
    pbt.setSearchProperties("accuracy", "max");
    expect(pbt.metric).toBe("accuracy");
    expect(() => make({ rewardAttr: "accuracy" }).setSearchProperties("loss", "max")).toThrow(
      "metric: is given",
    );
    expect(() => make({ rewardAttr: "accuracy" }).setSearchProperties("accuracy", "min")).toThrow(
      "mode: is given",
    );
  });

  it("must not be given twice otherwise, and must be given", () => {
    expect(() => make({ metric: "a", mode: "max" }).setSearchProperties("a", "max")).toThrow(
      'metric: is given to run ("a") and to PopulationBasedTraining ("a"); give it once',
    );
    expect(() => make({}).setSearchProperties(undefined, undefined)).toThrow(
      "metric and mode: PopulationBasedTraining needs them",
    );
  });

  it("A10: is the anonymous one when only a mode is known", () => {
    const pbt = make({ mode: "max" });
    pbt.setSearchProperties(undefined, undefined);
    expect(pbt.metric).toBe("_metric");
  });
});
