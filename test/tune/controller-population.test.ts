import { describe, expect, it } from "vitest";

import { randomStream } from "../../packages/tune/dist/random.js";
import { PopulationBasedTraining } from "../../packages/tune/dist/schedulers/pbt/scheduler.js";
import { report } from "../../packages/tune/dist/session.js";
import { uniform } from "../../packages/tune/dist/search-space/distributions.js";
import {
  simulate,
  type SimulateOptions,
  type Simulation,
} from "../../packages/tune/dist/testing/simulate.js";

/** A population whose reward is its learning rate, so that good hyperparameters are known. */
const trainable = async (config: Record<string, unknown>) => {
  for (let epoch = 1; epoch <= 12; epoch++) {
    await report({ epoch, accuracy: Number(config["lr"]) + epoch / 1000 });
  }
};

const population = (size: number): { lr: number }[] => {
  const random = randomStream("population");
  return Array.from({ length: size }, () => ({ lr: random.float() / 10 }));
};

const pbt = (synch: boolean) =>
  new PopulationBasedTraining({
    timeAttr: "epoch",
    metric: "accuracy",
    mode: "max",
    perturbationInterval: 2,
    synch,
    hyperparamMutations: { lr: uniform(0.001, 0.1) },
  });

const evolve = (size: number, synch: boolean, more: Partial<SimulateOptions> = {}): Promise<Simulation> =>
  simulate({
    trainable,
    configs: population(size),
    scheduler: pbt(synch),
    capacity: { CPU: 2 },
    seed: 1,
    ...more,
  });

const epochsOf = ({ rows }: Simulation) => rows.map((trial) => trial.map((row) => row["epoch"]));
const allEpochs = Array.from({ length: 12 }, (_, index) => index + 1);

describe.each([
  ["asynchronous", false],
  ["synchronous", true],
])("an %s population of 8 on 2 slots", (_, synch) => {
  it("evolves: every trial trains to its end on its own epochs, and bad hyperparameters are replaced", async () => {
    const result = await evolve(8, synch);
    expect(result.error).toBeUndefined();
    expect(result.trials.map((trial) => trial.status)).toEqual(Array(8).fill("TERMINATED"));
    expect(epochsOf(result)).toEqual(Array(8).fill(allEpochs));
    expect(result.maxRunning).toBe(2);
    expect(result.perturbations.length).toBeGreaterThan(0);
    for (const { trial, donor } of result.perturbations) expect(trial.id).not.toBe(donor.id);
    const first = Math.max(...result.rows.map((trial) => Number(trial[0]?.["accuracy"])));
    const mean = (at: number) =>
      result.rows.reduce((sum, trial) => sum + Number(trial.at(at)?.["accuracy"]), 0) / result.rows.length;
    expect(mean(-1)).toBeGreaterThan(mean(0));
    expect(first).toBeGreaterThan(0);
  });

  it("makes the same decisions again with the same seed", async () => {
    const [a, b] = await Promise.all([evolve(8, synch), evolve(8, synch)]);
    expect(a.journal).toEqual(b.journal);
  });

  it("makes the same decisions whoever is faster when the run is deterministic", async () => {
    const speeds = [
      [1, 1, 1, 1, 1, 1, 1, 1],
      [9, 1, 7, 3, 2, 8, 5, 4],
      [0.1, 6, 3, 0.5, 2, 9, 1, 1],
    ];
    const decisions = [];
    for (const speed of speeds) {
      const run = await evolve(8, synch, {
        deterministic: true,
        duration: ({ order, event }) => (event.type === "report" ? (speed[order] ?? 1) : 0),
      });
      decisions.push(
        run.journal.map((entry) =>
          entry.type === "result"
            ? { ...entry, result: { accuracy: entry.result["accuracy"], epoch: entry.result["epoch"] } }
            : entry.type === "trial"
              ? entry.config
              : entry,
        ),
      );
    }
    expect(decisions[1]).toEqual(decisions[0]);
    expect(decisions[2]).toEqual(decisions[0]);
  });
});

describe("a population of 1,000 on 2 slots", () => {
  it("evolves to its end", async () => {
    const short = async (config: Record<string, unknown>) => {
      for (let epoch = 1; epoch <= 3; epoch++) await report({ epoch, accuracy: Number(config["lr"]) });
    };
    const result = await evolve(1000, false, { trainable: short, maxPendingTrials: 200 });
    expect(result.error).toBeUndefined();
    expect(result.maxRunning).toBe(2);
    expect(epochsOf(result).every((epochs) => epochs.join() === "1,2,3")).toBe(true);
    expect(result.perturbations.length).toBeGreaterThan(100);
    expect(result.executor.live).toBe(0);
  }, 60_000);
});
