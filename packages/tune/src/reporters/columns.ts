/**
 * Which rows and columns the table of trials has: the user's columns or inferred ones, and, of more trials than
 * fit, a fair share of every state. Pure.
 */
import { flatten, metricOf } from "../trial/metrics.ts";
import type { AutoFields, TrialStatus, TrialView } from "../trial/types.ts";
import type { Mode } from "../schedulers/types.ts";

/** Order of the states in counts and tables: what runs comes first. */
export const STATUS_ORDER: readonly TrialStatus[] = ["RUNNING", "PAUSED", "PENDING", "TERMINATED", "ERROR"];

/** A column of the table: the key of a metric or parameter and what stands above it. */
export interface Column {
  readonly key: string;
  readonly label: string;
}

/** Columns as users give them: keys, or keys with labels. */
export type ColumnOption = readonly string[] | Readonly<Record<string, string>>;

const DEFAULT_METRIC_COLUMNS: readonly Column[] = [
  { key: "training_iteration", label: "iter" },
  { key: "time_total_s", label: "total time (s)" },
];

const AUTO_FIELDS: ReadonlySet<string> = new Set<keyof AutoFields>([
  "training_iteration",
  "reports_total",
  "time_this_iter_s",
  "time_total_s",
  "time_since_restore",
  "iterations_since_restore",
  "timestamp",
  "pid",
]);

/** The user's columns as they are asked for; a key without a label is its own. */
export function columnsOf(option: ColumnOption): readonly Column[] {
  return isKeyList(option)
    ? option.map((key) => ({ key, label: key }))
    : Object.entries(option).map(([key, label]) => ({ key, label }));
}

/** The columns of metrics when the user names none: iteration, time, and what `inferMetrics` finds. */
export function inferMetricColumns(
  trials: readonly TrialView[],
  metric: string | undefined,
  inferLimit: number,
): readonly Column[] {
  return [...DEFAULT_METRIC_COLUMNS, ...inferMetrics(trials, metric, inferLimit)];
}

/** The experiment's metric, and further numbers that trials reported, `inferLimit` in all. */
export function inferMetrics(
  trials: readonly TrialView[],
  metric: string | undefined,
  inferLimit: number,
): readonly Column[] {
  const inferred = new Set<string>(metric === undefined ? [] : [metric]);
  for (const { lastResult } of trials) {
    if (inferred.size >= inferLimit) break;
    if (lastResult === undefined) continue;
    const { config: _, ...reported } = lastResult;
    for (const [key, value] of Object.entries(flatten(reported))) {
      if (inferred.size >= inferLimit) break;
      if (typeof value === "number" && !AUTO_FIELDS.has(key)) inferred.add(key);
    }
  }
  return [...inferred].map((key) => ({ key, label: key }));
}

/** The columns of parameters when the user names none: every key that the search space decided. */
export function inferParameterColumns(trials: readonly TrialView[]): readonly Column[] {
  const keys = new Set(trials.flatMap((trial) => Object.keys(trial.evaluatedParams)));
  return [...keys].map((key) => ({ key, label: key }));
}

/** The present value of a hyperparameter: the configuration's, which perturbations change. */
export function parameterOf(trial: TrialView, key: string): unknown {
  return metricOf(trial.config, key) ?? trial.evaluatedParams[key];
}

/** The present hyperparameters of a trial, in the order of the search space. */
export function paramsOf(trial: TrialView): Record<string, unknown> {
  const keys = Object.keys(trial.evaluatedParams);
  return Object.fromEntries(keys.map((key) => [key, parameterOf(trial, key)]));
}

/** How many trials there are in each state; states without trials are left out. */
export function countByStatus(trials: readonly TrialView[]): ReadonlyMap<TrialStatus, number> {
  const byStatus = groupByStatus(trials);
  return new Map([...byStatus].map(([status, group]) => [status, group.length]));
}

/**
 * At most `limit` trials, in the order of their states. When there are more, every state gets the same number of
 * rows as far as it has them; within a state the first trials of the list are shown.
 */
export function fairShare(trials: readonly TrialView[], limit: number): readonly TrialView[] {
  const groups = groupByStatus(trials);
  const shares = new Map([...groups.keys()].map((status) => [status, 0]));
  let left = Math.min(limit, trials.length);
  while (left > 0) {
    for (const [status, group] of groups) {
      const share = shares.get(status) ?? 0;
      if (left === 0 || share === group.length) continue;
      shares.set(status, share + 1);
      left -= 1;
    }
  }
  return [...groups].flatMap(([status, group]) => group.slice(0, shares.get(status)));
}

/** Trials with the best metric first; those without the metric last, otherwise in their order. */
export function sortByMetric(trials: readonly TrialView[], metric: string, mode: Mode): readonly TrialView[] {
  const scoreOf = (trial: TrialView) => {
    const value = trial.lastResult === undefined ? undefined : metricOf(trial.lastResult, metric);
    if (typeof value !== "number" || Number.isNaN(value)) return -Infinity;
    return mode === "max" ? value : -value;
  };
  const scored = trials.map((trial) => ({ trial, score: scoreOf(trial) }));
  // Compared, not subtracted: the difference of two infinities is NaN.
  return scored
    .toSorted((a, b) => Number(b.score > a.score) - Number(b.score < a.score))
    .map(({ trial }) => trial);
}

function groupByStatus(trials: readonly TrialView[]): ReadonlyMap<TrialStatus, readonly TrialView[]> {
  const groups = new Map<TrialStatus, TrialView[]>(STATUS_ORDER.map((status) => [status, []]));
  for (const trial of trials) groups.get(trial.status)?.push(trial);
  return new Map([...groups].filter(([, group]) => group.length > 0));
}

function isKeyList(option: ColumnOption): option is readonly string[] {
  return Array.isArray(option);
}
