/**
 * What happened to trials between two looks at an experiment, for output that cannot be redrawn: one line for each
 * start, end, failure and perturbation.
 */
import type { TrialStatus, TrialView } from "../trial/types.ts";
import { failedText, finishedText, perturbationText, startedText } from "./lines.ts";
import type { ProgressState } from "./types.ts";

interface Seen {
  readonly status: TrialStatus;
  readonly numFailures: number;
  readonly hasStarted: boolean;
}

/** Remembers the last look. */
export class TrialChanges {
  readonly #seen = new Map<string, Seen>();
  #perturbationsSeen = 0;

  /**
   * The lines for what is new since the last call.
   * @param metricsOf the metrics to show when a trial is over
   */
  next(
    state: ProgressState,
    metricsOf: (trial: TrialView) => Readonly<Record<string, unknown>>,
  ): readonly string[] {
    const lines = state.trials.flatMap((trial) => this.#linesOf(trial, metricsOf));
    for (const perturbation of state.perturbations) {
      if (perturbation.index < this.#perturbationsSeen) continue;
      this.#perturbationsSeen = perturbation.index + 1;
      lines.push(`perturbed ${perturbationText(perturbation)}`);
    }
    return lines;
  }

  #linesOf(trial: TrialView, metricsOf: (trial: TrialView) => Readonly<Record<string, unknown>>): string[] {
    const { status, numFailures } = trial;
    const before = this.#seen.get(trial.id) ?? { status: "PENDING", numFailures: 0, hasStarted: false };
    if (before.status === status && before.numFailures === numFailures && this.#seen.has(trial.id)) return [];
    // Between two looks a trial may have started and ended.
    const hasStarted = before.hasStarted || status === "RUNNING" || trial.lastResult !== undefined;
    this.#seen.set(trial.id, { status, numFailures, hasStarted });
    const lines: string[] = [];
    if (hasStarted && !before.hasStarted) lines.push(startedText(trial));
    if (numFailures > before.numFailures) lines.push(failedText(trial, status !== "ERROR"));
    if (status === "TERMINATED" && before.status !== "TERMINATED")
      lines.push(finishedText(trial, metricsOf(trial)));
    return lines;
  }
}
