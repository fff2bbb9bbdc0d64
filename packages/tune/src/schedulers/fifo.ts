/** The default scheduler: trials run in the order in which they were made, and nothing is stopped early. */
import type { TrialView } from "../trial/types.ts";
import type {
  Mode,
  SchedulerContext,
  SchedulerDecision,
  SchedulerState,
  SchedulerSummary,
  TrialScheduler,
} from "./types.ts";
import { WaitingTrials } from "./waiting-trials.ts";

/**
 * Runs trials in order, each to its end.
 * @see https://docs.ray.io/en/latest/tune/api/doc/ray.tune.schedulers.FIFOScheduler.html
 * @example run(train, { scheduler: new FIFOScheduler() })
 */
export class FIFOScheduler implements TrialScheduler {
  readonly name = "FIFO";
  readonly #waiting = new WaitingTrials();
  #metric: string | undefined;
  #mode: Mode | undefined;

  get metric(): string | undefined {
    return this.#metric;
  }

  get mode(): Mode | undefined {
    return this.#mode;
  }

  setSearchProperties(metric: string | undefined, mode: Mode | undefined): void {
    this.#metric = metric;
    this.#mode = mode;
  }

  onTrialAdd(_context: SchedulerContext, trial: TrialView): void {
    this.#waiting.add(trial);
  }

  onTrialResult(): SchedulerDecision {
    return "CONTINUE";
  }

  onTrialComplete(): void {}

  onTrialError(): void {}

  onTrialRemove(): void {}

  chooseTrialToRun(context: SchedulerContext): TrialView | undefined {
    return this.#waiting.first(context.trials);
  }

  summary(): SchedulerSummary {
    return { text: "Using FIFO scheduling algorithm." };
  }

  save(): SchedulerState {
    return {};
  }

  restore(): void {}
}
