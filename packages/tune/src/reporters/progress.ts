/**
 * Helpers for whoever fills in a `ProgressState`: the best trial so far, and a scheduler's order as a perturbation
 * to show. Pure.
 */
import type { ExploitOrder, Mode } from "../schedulers/types.ts";
import { flatten, metricOf } from "../trial/metrics.ts";
import type { TrialView } from "../trial/types.ts";
import type { BestSoFar, Perturbation } from "./types.ts";

/** The trial whose last result has the best metric, the first of equals; undefined while there is none. */
export function bestSoFar(
  trials: readonly TrialView[],
  metric: string | undefined,
  mode: Mode | undefined,
): BestSoFar | undefined {
  if (metric === undefined || mode === undefined) return undefined;
  let best: BestSoFar | undefined;
  for (const trial of trials) {
    const value = trial.lastResult === undefined ? undefined : metricOf(trial.lastResult, metric);
    if (typeof value !== "number" || !Number.isFinite(value)) continue;
    if (best === undefined || (mode === "max" ? value > best.value : value < best.value))
      best = { trial, value };
  }
  return best;
}

/**
 * What an order changes, key by key. Call it while `order.trial` still has its old configuration.
 * @param index ordinal of the perturbation in the experiment, from 0
 */
export function describePerturbation(order: ExploitOrder, index: number): Perturbation {
  const before = flatten(order.trial.config);
  const donor = flatten(order.donor.config);
  const changes = Object.entries(flatten(order.config)).flatMap(([key, after]) => {
    if (Object.is(before[key], after)) return [];
    const operation = order.operations[key];
    return [{ key, before: before[key], donor: donor[key], after, operation }];
  });
  return { index, trialName: order.trial.name, donorName: order.donor.name, changes };
}
