import { describe, expect, it } from "vitest";

import { AsyncHyperBandScheduler } from "../../packages/tune/dist/schedulers/asha.js";
import { FIFOScheduler } from "../../packages/tune/dist/schedulers/fifo.js";
import { donorSelections } from "../../packages/tune/dist/schedulers/pbt/donors.js";
import type { PopulationBasedTrainingOptions } from "../../packages/tune/dist/schedulers/pbt/options.js";
import { PopulationBasedTraining } from "../../packages/tune/dist/schedulers/pbt/scheduler.js";
import type { SchedulerContext } from "../../packages/tune/dist/schedulers/types.js";
import { randint, uniform } from "../../packages/tune/dist/search-space/distributions.js";
import {
  schedulerConformance,
  type SchedulerConformanceOptions,
} from "../../packages/tune/dist/testing/scheduler-conformance.js";
import type { TrialView } from "../../packages/tune/dist/trial/types.js";

const pbt = (options: PopulationBasedTrainingOptions) => () =>
  new PopulationBasedTraining({
    timeAttr: "training_iteration",
    perturbationInterval: 4,
    hyperparamMutations: { lr: uniform(0, 1), net: { units: randint(1, 100) } },
    ...options,
  });

const throws: SchedulerConformanceOptions = { missingMetrics: "throws" };

describe.each([
  ["FIFO", () => new FIFOScheduler(), {}],
  ["ASHA", () => new AsyncHyperBandScheduler({ maxT: 20, reductionFactor: 2, brackets: 3 }), {}],
  ["ASHA without an end", () => new AsyncHyperBandScheduler({ maxT: 20, stopLastTrials: false }), {}],
  ["PBT of a metric of its own", pbt({ metric: "loss", mode: "min" }), throws],
  ["PBT without requireAttrs", pbt({ requireAttrs: false }), {}],
  ["synchronous PBT without requireAttrs", pbt({ requireAttrs: false, synch: true }), {}],
  ["PBT with burn-in", pbt({ burnInPeriod: 9, synch: true, quantileFraction: 0.5 }), throws],
  ...[false, true].flatMap((synch) =>
    (["bottom", "rest"] as const).flatMap((replace) =>
      donorSelections.map(
        (donorSelection) =>
          [
            `PBT ${JSON.stringify({ synch, replace, donorSelection })}`,
            pbt({ synch, replace, donorSelection }),
            throws,
          ] as const,
      ),
    ),
  ),
] as const)("%s", (_name, makeScheduler, options) => {
  for (const { name, run } of schedulerConformance(makeScheduler, options)) it(name, run);
});

describe("a scheduler that breaks the contract is found out", () => {
  const failing = (make: () => FIFOScheduler): string[] =>
    schedulerConformance(make).flatMap(({ name, run }) => {
      try {
        run();
        return [];
      } catch {
        return [name];
      }
    });

  it("names a trial that runs or is over", () => {
    class Greedy extends FIFOScheduler {
      override chooseTrialToRun({ trials }: SchedulerContext): TrialView | undefined {
        return trials[0];
      }
    }
    expect(failing(() => new Greedy())).toContain(
      "names only trials of the experiment that are PENDING or PAUSED, and gives legal decisions",
    );
  });

  it("decides what is no decision", () => {
    class Odd extends FIFOScheduler {
      override onTrialResult(): never {
        return "NOOP" as never;
      }
    }
    expect(failing(() => new Odd())).toContain(
      "names only trials of the experiment that are PENDING or PAUSED, and gives legal decisions",
    );
  });

  it("decides by something else than the seed and the events", () => {
    let calls = 0;
    class Moody extends FIFOScheduler {
      override onTrialResult(): "CONTINUE" | "PAUSE" {
        return (calls += 1) % 7 === 0 ? "PAUSE" : "CONTINUE";
      }
    }
    expect(failing(() => new Moody())).toContain("decides the same for the same seed and the same events");
  });

  it("forgets", () => {
    class Forgetful extends FIFOScheduler {
      #calls = 0;
      override onTrialResult(): "CONTINUE" | "PAUSE" {
        return (this.#calls += 1) % 7 === 0 ? "PAUSE" : "CONTINUE";
      }
    }
    expect(failing(() => new Forgetful())).toEqual(["decides the same after save and restore at any moment"]);
  });

  it("holds what JSON cannot", () => {
    class Numb extends FIFOScheduler {
      override save(): { best: number } {
        return { best: NaN };
      }
    }
    expect(failing(() => new Numb())).toEqual(["has a state that JSON holds without loss"]);
  });

  it("never lets a paused trial run again", () => {
    class Stuck extends FIFOScheduler {
      override onTrialResult(): "PAUSE" {
        return "PAUSE";
      }
      override chooseTrialToRun({ trials }: SchedulerContext): TrialView | undefined {
        return trials.find(({ status }) => status === "PENDING");
      }
    }
    expect(failing(() => new Stuck())).toEqual(["lets every trial run to its end when nothing else happens"]);
  });
});
