/**
 * What is kept of a trial's results in memory: a summary of each metric, and the results at which each of the
 * user's metrics was smallest and largest. The whole history is in the trial's files; here memory stays bounded,
 * however many results a trial reports.
 */
import type { Mode } from "../schedulers/types.ts";
import { flatten } from "../trial/metrics.ts";
import type { AutoFields, TrialResult } from "../trial/types.ts";
import { MetricSummary, type MetricSummaryState } from "./metric-summary.ts";

/** A metric whose name changes with every report must not fill the memory: names past this number are not kept. */
export const MAX_METRICS_PER_TRIAL = 1000;

// Manta's own fields are summarised, but nobody asks for the row with the largest pid.
const AUTO_FIELDS: ReadonlySet<string> = new Set<keyof AutoFields>([
  "training_iteration",
  "reports_total",
  "time_this_iter_s",
  "time_total_s",
  "time_since_restore",
  "iterations_since_restore",
  "done",
  "trial_id",
  "trial_name",
  "date",
  "timestamp",
  "pid",
  "hostname",
  "node_ip",
  "experiment_tag",
  "checkpoint_dir_name",
]);

interface Extremes {
  min: TrialResult;
  max: TrialResult;
}

/** Plain state of a history. It may hold NaN and infinities: `toJson` of the storage writes it, `JSON.stringify` does not. */
export interface TrialHistoryState {
  readonly numResults: number;
  readonly metrics: readonly (readonly [string, MetricSummaryState])[];
  readonly extremes: readonly (readonly [string, Readonly<Extremes>])[];
}

/**
 * The bounded memory of one trial's results. Only numbers are summarised; nested metrics go by `a/b`.
 * @example
 * const history = new TrialHistory();
 * history.add(result); // for each result, in order
 * history.metric("loss")?.score("last-5-avg", "min");
 */
export class TrialHistory {
  readonly #metrics = new Map<string, MetricSummary>();
  readonly #extremes = new Map<string, Extremes>();
  #numResults = 0;

  /** Adds the trial's next result. */
  add(result: TrialResult): void {
    this.#numResults += 1;
    const { config: _, ...reported } = result;
    for (const [name, value] of Object.entries(flatten(reported))) {
      if (typeof value === "number") this.#addMetric(name, value, result);
    }
  }

  /** How many results were added; the row of what a trainable returned counts, too. */
  get numResults(): number {
    return this.#numResults;
  }

  /** Names of the metrics that were numbers at least once, in the order of their first report. */
  get metricNames(): readonly string[] {
    return [...this.#metrics.keys()];
  }

  /** The summary of a metric; undefined when it was never reported as a number. */
  metric(name: string): MetricSummary | undefined {
    return this.#metrics.get(name);
  }

  /**
   * The result at which a user's metric was best, the first of equals; undefined when the metric was never a
   * finite number.
   */
  bestResult(metric: string, mode: Mode): TrialResult | undefined {
    return this.#extremes.get(metric)?.[mode];
  }

  save(): TrialHistoryState {
    return {
      numResults: this.#numResults,
      metrics: [...this.#metrics].map(([name, summary]) => [name, summary.save()]),
      extremes: [...this.#extremes].map(([name, results]) => [name, { ...results }]),
    };
  }

  static restore(state: TrialHistoryState): TrialHistory {
    const history = new TrialHistory();
    history.#numResults = state.numResults;
    for (const [name, summary] of state.metrics) history.#metrics.set(name, MetricSummary.restore(summary));
    for (const [name, results] of state.extremes) history.#extremes.set(name, { ...results });
    return history;
  }

  #addMetric(name: string, value: number, result: TrialResult): void {
    let summary = this.#metrics.get(name);
    if (summary === undefined) {
      if (this.#metrics.size >= MAX_METRICS_PER_TRIAL) return;
      summary = new MetricSummary();
      this.#metrics.set(name, summary);
    }
    const before = summary.figures({ finiteOnly: true });
    summary.add(value);
    if (!Number.isFinite(value) || AUTO_FIELDS.has(name)) return;
    const extremes = this.#extremes.get(name);
    if (extremes === undefined) {
      this.#extremes.set(name, { min: result, max: result });
      return;
    }
    if (value < before.min) extremes.min = result;
    if (value > before.max) extremes.max = result;
  }
}
