/** Which trial runs next: the scheduler's answer, checked, and what it means when nothing runs at all. */
import { TuneError } from "../errors.ts";
import type { SchedulerContext, TrialScheduler } from "../schedulers/types.ts";
import type { Trial } from "../trial/trial.ts";
import type { Exploits } from "./exploits.ts";
import type { Population } from "./population.ts";

/** The trial that the scheduler names, if it can run now. Throws TuneError when it is not waiting to run. */
export function chooseTrial(
  scheduler: TrialScheduler,
  context: SchedulerContext,
  population: Population,
  exploits: Exploits,
): Trial | undefined {
  const view = scheduler.chooseTrialToRun(context);
  if (view === undefined) return undefined;
  const trial = population.get(view.id);
  if (trial === undefined || (trial.status !== "PENDING" && trial.status !== "PAUSED")) {
    throw new TuneError(
      `${scheduler.name}.chooseTrialToRun() named trial ${view.id}, which is ${view.status}, not PENDING or PAUSED`,
    );
  }
  // A trial that writes a checkpoint or waits for one goes on when its event is there.
  const ready = trial.seat === "none" || trial.seat === "parked";
  return ready && exploits.pending(trial.id)?.awaits === undefined ? trial : undefined;
}

/** Throws TuneError when nothing runs, nothing will happen, and the experiment is not over. */
export function checkProgress(scheduler: TrialScheduler, population: Population): void {
  for (const trial of population.seated) if (trial.seat !== "parked") return;
  const left = [...population.live].map((trial) => trial.id);
  throw new TuneError(
    left.length > 0
      ? `${scheduler.name} names no trial to run, and nothing runs; trials left: ${left.slice(0, 10).join(", ")}`
      : "the searcher gives no configuration and does not finish, and no trial is left to learn from",
  );
}
