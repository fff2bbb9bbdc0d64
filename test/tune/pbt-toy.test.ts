import { describe, expect, it } from "vitest";

import { FIFOScheduler } from "../../packages/tune/dist/schedulers/fifo.js";
import { PopulationBasedTraining } from "../../packages/tune/dist/schedulers/pbt/scheduler.js";
import type { TrialScheduler } from "../../packages/tune/dist/schedulers/types.js";
import { qloguniform, uniform } from "../../packages/tune/dist/search-space/distributions.js";
import { SchedulerHarness, type HarnessTrial } from "../../packages/tune/dist/testing/scheduler-harness.js";
import type { Metrics } from "../../packages/tune/dist/trial/types.js";

/**
 * The toy of the PBT paper (Jaderberg et al. 2017, figure 2): maximise Q(theta) = 1.2 - (theta0^2 + theta1^2) by
 * gradient steps on a surrogate 1.2 - (h0 theta0^2 + h1 theta1^2) that sees one coordinate only, from [0.9, 0.9].
 */
type Theta = readonly [number, number];

function gradientStep(trial: HarnessTrial): Metrics {
  const { lr, h0, h1 } = trial.config as { lr: number; h0: number; h1: number };
  const [a, b] = trial.state as Theta;
  const theta: Theta = [a - lr * 2 * h0 * a, b - lr * 2 * h1 * b];
  trial.state = theta;
  return { q: 1.2 - (theta[0] ** 2 + theta[1] ** 2) };
}

/** Q of both trials after 100 iterations. */
function finalQ(scheduler: TrialScheduler, seed: number, slots = 2): number[] {
  const harness = new SchedulerHarness(scheduler, { seed, metric: "q" });
  for (const [h0, h1] of [
    [1, 0],
    [0, 1],
  ]) {
    harness.add({ config: { lr: 0.05, h0, h1 }, checkpointing: "on-demand", state: [0.9, 0.9] });
  }
  harness.train({ step: gradientStep, iterations: 100, slots });
  return harness.trials.map(({ lastResult }) => Number(lastResult?.q));
}

const pbt = () =>
  new PopulationBasedTraining({
    timeAttr: "training_iteration",
    metric: "q",
    mode: "max",
    perturbationInterval: 4,
    quantileFraction: 0.5,
    resampleProbability: 0.5,
    synch: true,
    hyperparamMutations: { lr: qloguniform(5e-3, 1e-1, 5e-4), h0: uniform(0, 1), h1: uniform(0, 1) },
  });

describe("the toy problem of the PBT paper", () => {
  it("grid search is stuck at 0.39", () => {
    const found = finalQ(new FIFOScheduler(), 0);
    expect(Math.max(...found)).toBeLessThanOrEqual(0.39);
    expect(Math.max(...found)).toBeGreaterThan(0.38);
  });

  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    "both trials of synchronous PBT solve it with seed %d",
    (seed) => {
      expect(Math.min(...finalQ(pbt(), seed))).toBeGreaterThanOrEqual(1.19);
    },
  );

  it("comes to the same result on one slot as on two", () => {
    expect(finalQ(pbt(), 7, 1)).toEqual(finalQ(pbt(), 7, 2));
  });
});
