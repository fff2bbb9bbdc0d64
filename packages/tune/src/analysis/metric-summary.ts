/**
 * What is kept of one metric of one trial: a handful of figures and the last ten values, however long the trial
 * runs. The controller adds each reported number; the analysis reads a score in one of Ray's scopes.
 */
import type { Mode } from "../schedulers/types.ts";

/**
 * Which figure of a trial's series counts: `last` the latest value; `all` the best value ever (largest for mode
 * `max`, smallest for `min`); `avg` the mean of all values; `last-5-avg` and `last-10-avg` the mean of the latest
 * five and ten (of fewer when fewer were reported).
 */
export type Scope = "last" | "all" | "avg" | "last-5-avg" | "last-10-avg";

/** Every scope, for checks and messages. */
export const SCOPES: readonly Scope[] = ["last", "all", "avg", "last-5-avg", "last-10-avg"];

const WINDOW = 10;

/** Figures over a series. All are NaN while the series is empty. */
export interface MetricFigures {
  /** How many values the figures were made of. */
  readonly count: number;
  readonly first: number;
  readonly last: number;
  /** NaN values never are the smallest or the largest. */
  readonly min: number;
  readonly max: number;
  readonly avg: number;
  readonly last5Avg: number;
  readonly last10Avg: number;
}

/** Plain state of a summary. It may hold NaN and infinities: `toJson` of the storage writes it, `JSON.stringify` does not. */
export interface MetricSummaryState {
  readonly all: SeriesState;
  readonly finite: SeriesState;
  /** The latest values, oldest first, at most ten. */
  readonly window: readonly number[];
}

interface SeriesState {
  readonly count: number;
  readonly sum: number;
  readonly first: number;
  readonly last: number;
  readonly min: number;
  readonly max: number;
}

const EMPTY: SeriesState = { count: 0, sum: 0, first: NaN, last: NaN, min: NaN, max: NaN };

/**
 * Running figures of one metric of one trial, in constant memory.
 * @example
 * const loss = new MetricSummary();
 * for (const value of [5, 1, 9]) loss.add(value);
 * loss.figures().avg; // 5
 * loss.score("all", "min"); // 1
 */
export class MetricSummary {
  #all: SeriesState = EMPTY;
  #finite: SeriesState = EMPTY;
  #window: readonly number[] = [];

  /** Adds the next reported value; NaN and infinities count as values of their own. */
  add(value: number): void {
    this.#all = extended(this.#all, value);
    if (Number.isFinite(value)) this.#finite = extended(this.#finite, value);
    this.#window = [...this.#window.slice(1 - WINDOW), value];
  }

  /**
   * The figures so far. With `finiteOnly` (default false) NaN and infinities are skipped, as if they had not been
   * reported; they keep their places in the windows of the last five and ten.
   */
  figures(options: { readonly finiteOnly?: boolean } = {}): MetricFigures {
    const finiteOnly = options.finiteOnly ?? false;
    const { sum, ...series } = finiteOnly ? this.#finite : this.#all;
    const windowAvg = (length: number) => {
      const values = this.#window.slice(-length);
      return mean(finiteOnly ? values.filter(Number.isFinite) : values);
    };
    return { ...series, avg: sum / series.count, last5Avg: windowAvg(5), last10Avg: windowAvg(10) };
  }

  /**
   * The trial's score in a scope; NaN when there is none. With `finiteOnly` (default false) NaN and infinities are
   * skipped in every scope but `last`: a trial whose latest value is NaN has diverged, whatever it was before.
   */
  score(scope: Scope, mode: Mode, options: { readonly finiteOnly?: boolean } = {}): number {
    const figures = this.figures(options);
    switch (scope) {
      case "last":
        return this.#all.last;
      case "all":
        return figures[mode];
      case "avg":
        return figures.avg;
      case "last-5-avg":
        return figures.last5Avg;
      case "last-10-avg":
        return figures.last10Avg;
    }
  }

  save(): MetricSummaryState {
    return { all: this.#all, finite: this.#finite, window: this.#window };
  }

  static restore(state: MetricSummaryState): MetricSummary {
    const summary = new MetricSummary();
    summary.#all = state.all;
    summary.#finite = state.finite;
    summary.#window = state.window;
    return summary;
  }
}

function extended(series: SeriesState, value: number): SeriesState {
  return {
    count: series.count + 1,
    sum: series.sum + value,
    first: series.count === 0 ? value : series.first,
    last: value,
    // Written so that a NaN loses against every value, on either side.
    min: series.min <= value || Number.isNaN(value) ? series.min : value,
    max: series.max >= value || Number.isNaN(value) ? series.max : value,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
