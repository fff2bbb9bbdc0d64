/**
 * Trials as a table: one flat row of plain values for each trial, ready for `console.table`, a CSV writer or a
 * data-frame library.
 */
import { InvalidArgumentError } from "@mantajs/runtime";

import type { Mode } from "../schedulers/types.ts";
import { flatten } from "../trial/metrics.ts";
import type { Config, Metrics, TrialResult } from "../trial/types.ts";
import { resolveMetric } from "./best-trial.ts";
import type { DataframeRow, ExperimentRecord, TrialRecord } from "./types.ts";

/** A configuration as columns: flat, each key under `config/`. */
export function configColumns(config: Config): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flatten(config)).map(([key, value]) => [`config/${key}`, value]));
}

/**
 * One row for each trial that has reported: its last result or, when a metric or a mode is asked for, the result at
 * which that metric was best.
 * @throws InvalidArgumentError when a metric is asked for that no trial has reported
 */
export function toRows<C extends Config, M extends Metrics>(
  caller: string,
  experiment: ExperimentRecord<C>,
  asked: { readonly metric?: string | undefined; readonly mode?: Mode | undefined },
): DataframeRow<C, M>[] {
  const pick = rowPicker(caller, experiment, asked);
  const rows = experiment.trials.flatMap((record) => {
    const result = pick(record);
    return result === undefined ? [] : [rowOf<C, M>(record, result)];
  });
  if (rows.length === 0 && asked.metric !== undefined && experiment.trials.length > 0) {
    const known = new Set(experiment.trials.flatMap((record) => record.history.metricNames));
    throw new InvalidArgumentError(
      `${caller}({ metric })`,
      `no trial reported "${asked.metric}" as a finite number; reported were ${[...known].join(", ") || "no metrics"}`,
    );
  }
  return rows;
}

function rowPicker(
  caller: string,
  experiment: ExperimentRecord,
  asked: { readonly metric?: string | undefined; readonly mode?: Mode | undefined },
): (record: TrialRecord) => TrialResult | undefined {
  if (asked.metric === undefined && asked.mode === undefined) return ({ trial }) => trial.lastResult;
  const { metric, mode } = resolveMetric(caller, experiment, asked);
  return ({ history }) => history.bestResult(metric, mode);
}

function rowOf<C extends Config, M extends Metrics>(
  record: TrialRecord<C>,
  result: TrialResult,
): DataframeRow<C, M> {
  const { config, ...metrics } = result;
  const row = {
    ...flatten(metrics),
    // A perturbed trial has had several configurations: the row shows the one that its result was reached with.
    ...configColumns({ ...record.trial.config, ...config }),
    logdir: record.trial.path,
  };
  // The trainable of this experiment reported these metrics and was called with this configuration: M and C are
  // inferred from it, and nothing at run time can confirm them.
  return row as unknown as DataframeRow<C, M>;
}
