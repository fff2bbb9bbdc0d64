/**
 * A trial scheduler as a user would write it: at every `interval` iterations it stops a trial whose metric is worse
 * than the median of what earlier trials had at the same iteration.
 */
import type * as tune from "@mantajs/tune";

/** Stops trials that lag behind the median of those before them. */
export class LaggardStopper implements tune.TrialScheduler {
  readonly name = "LaggardStopper";
  readonly #interval: number;
  /** For each iteration at which trials are compared: their scores there, larger is better. */
  #scores = new Map<number, number[]>();
  #numStopped = 0;
  metric: string | undefined = undefined;
  mode: tune.Mode | undefined = undefined;

  /** @param interval iterations between two comparisons */
  constructor(interval: number) {
    this.#interval = interval;
  }

  setSearchProperties(metric: string | undefined, mode: tune.Mode | undefined): void {
    this.metric = metric;
    this.mode = mode;
  }

  onTrialResult(
    _context: tune.SchedulerContext,
    _trial: tune.TrialView,
    result: tune.TrialResult,
  ): tune.SchedulerDecision {
    const value = this.metric === undefined ? undefined : result[this.metric];
    const iteration = result.training_iteration;
    // Infinite scores would not survive the JSON that a scheduler's state is saved as.
    if (typeof value !== "number" || !Number.isFinite(value)) return "CONTINUE";
    if (iteration % this.#interval !== 0) return "CONTINUE";
    const score = this.mode === "min" ? -value : value;
    const earlier = this.#scores.get(iteration) ?? [];
    this.#scores.set(iteration, [...earlier, score]);
    if (earlier.length === 0 || score >= median(earlier)) return "CONTINUE";
    this.#numStopped += 1;
    return "STOP";
  }

  chooseTrialToRun(context: tune.SchedulerContext): tune.TrialView | undefined {
    const inState = (status: tune.TrialStatus) => context.trials.find((trial) => trial.status === status);
    return inState("PENDING") ?? inState("PAUSED");
  }

  summary(): tune.SchedulerSummary {
    return { text: `${this.name}: ${this.#numStopped} stopped` };
  }

  save(): tune.SchedulerState {
    return { scores: [...this.#scores], numStopped: this.#numStopped };
  }

  restore(state: tune.SchedulerState): void {
    // What `save` returned comes back as it was.
    const saved = state as { scores: [number, number[]][]; numStopped: number };
    this.#scores = new Map(saved.scores);
    this.#numStopped = saved.numStopped;
  }

  onTrialAdd(): void {}
  onTrialComplete(): void {}
  onTrialError(): void {}
  onTrialRemove(): void {}
}

function median(scores: readonly number[]): number {
  const sorted = scores.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
