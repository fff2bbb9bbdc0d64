/**
 * Which trial is best: metric, mode and scope checked, each trial scored, and, when no trial can be chosen, the
 * reason. Pure functions over records.
 */
import { InvalidArgumentError } from "@mantajs/runtime";

import { TuneError } from "../errors.ts";
import type { Mode } from "../schedulers/types.ts";
import type { Config } from "../trial/types.ts";
import { SCOPES, type Scope } from "./metric-summary.ts";
import type { ExperimentRecord, TrialRecord } from "./types.ts";

/** A question about the best trial, complete and checked. */
export interface BestQuery {
  readonly metric: string;
  readonly mode: Mode;
  readonly scope: Scope;
  readonly filterNanAndInf: boolean;
}

/** The question as a user asks it; what is left out comes from `run`'s own metric and mode, or is the default. */
export interface BestQueryOptions {
  readonly metric?: string | undefined;
  readonly mode?: Mode | undefined;
  readonly scope?: Scope | undefined;
  readonly filterNanAndInf?: boolean | undefined;
}

/**
 * The metric and mode to judge trials by. `caller` names the method for the message.
 * @throws InvalidArgumentError when a metric or mode is missing or not usable
 */
export function resolveMetric(
  caller: string,
  experiment: ExperimentRecord,
  asked: { readonly metric?: string | undefined; readonly mode?: Mode | undefined },
): { readonly metric: string; readonly mode: Mode } {
  const metric = asked.metric ?? experiment.metric;
  const mode = asked.mode ?? experiment.mode;
  if (metric === undefined || mode === undefined) {
    const missing = metric === undefined ? "metric" : "mode";
    throw new InvalidArgumentError(
      `${caller}({ ${missing} })`,
      `no ${missing} to judge ${experiment.trials.length} trials by; ` +
        `pass one here, or give run() a metric and a mode`,
    );
  }
  if (mode !== "min" && mode !== "max") {
    throw InvalidArgumentError.forValue(`${caller}({ mode })`, '"min" or "max"', mode);
  }
  return { metric, mode };
}

/** Fills in and checks a question. */
export function resolveQuery(
  caller: string,
  experiment: ExperimentRecord,
  asked: BestQueryOptions,
): BestQuery {
  const scope = asked.scope ?? "last";
  if (!SCOPES.includes(scope)) {
    throw InvalidArgumentError.forValue(`${caller}({ scope })`, `one of ${SCOPES.join(", ")}`, scope);
  }
  return {
    ...resolveMetric(caller, experiment, asked),
    scope,
    filterNanAndInf: asked.filterNanAndInf ?? true,
  };
}

/**
 * The best trial; the first of equals.
 * @throws TuneError when no trial has a usable score, saying why
 */
export function findBest<C extends Config>(
  trials: readonly TrialRecord<C>[],
  query: BestQuery,
): TrialRecord<C> {
  let best: { readonly record: TrialRecord<C>; readonly score: number } | undefined;
  for (const record of trials) {
    const score = scoreOf(record, query);
    if (score === undefined) continue;
    if (best === undefined || isBetter(score, best.score, query.mode)) best = { record, score };
  }
  if (best === undefined) throw noUsableTrial(trials, query);
  return best.record;
}

function scoreOf(record: TrialRecord, query: BestQuery): number | undefined {
  const { metric, mode, scope, filterNanAndInf } = query;
  const score = record.history.metric(metric)?.score(scope, mode, { finiteOnly: filterNanAndInf });
  if (score === undefined || (filterNanAndInf && !Number.isFinite(score))) return undefined;
  return score;
}

/** NaN, which only appears when it is not filtered, is worse than any number. */
export function isBetter(score: number, than: number, mode: Mode): boolean {
  if (Number.isNaN(than)) return !Number.isNaN(score);
  return mode === "max" ? score > than : score < than;
}

function noUsableTrial(trials: readonly TrialRecord[], query: BestQuery): TuneError {
  return new TuneError(`No best trial by "${query.metric}": ${reason(trials, query.metric)}`, {
    cause: trials.find((record) => record.trial.error !== undefined)?.trial.error,
  });
}

function reason(trials: readonly TrialRecord[], metric: string): string {
  if (trials.length === 0) return "the experiment has no trials.";
  const reported = trials.filter((record) => record.history.numResults > 0);
  if (reported.length === 0) {
    const errors = trials.filter((record) => record.trial.status === "ERROR").length;
    return errors > 0
      ? `no trial reported a result, and ${errors} of ${trials.length} failed; see the cause and \`errors\`.`
      : `none of the ${trials.length} trials has reported a result.`;
  }
  if (reported.some((record) => record.history.metric(metric) !== undefined)) {
    return (
      "every trial that reported it ended up with NaN or an infinity. " +
      "Pass { filterNanAndInf: false } to compare those too."
    );
  }
  const known = [...new Set(reported.flatMap((record) => record.history.metricNames))];
  return `no trial reported it as a number; reported were ${known.slice(0, 12).join(", ")}.`;
}
