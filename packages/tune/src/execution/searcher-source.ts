/** A searcher as the controller's source of trials: counts samples, and says what the search space decided. */
import { TuneError } from "../errors.ts";
import type { Searcher } from "../search/types.ts";
import { evaluatedParamsOf, experimentTag } from "../search-space/tags.ts";
import type { SearchSpace } from "../search-space/types.ts";
import { isPlainObject } from "../trial/metrics.ts";
import type { TrialSource } from "./trial-source.ts";

/** How many trials there will be, when the searcher knows; a grid makes more than `numSamples`. */
export function totalTrials(searcher: Searcher, numSamples: number): number | undefined {
  const own: unknown = "totalTrials" in searcher ? searcher.totalTrials : undefined;
  const total = typeof own === "number" ? own : numSamples === -1 ? Infinity : numSamples;
  return total === Infinity ? undefined : total;
}

/** Makes the source of an experiment's trials. */
export function searcherSource(searcher: Searcher, space: SearchSpace, numSamples: number): TrialSource {
  const limit = totalTrials(searcher, numSamples) ?? Infinity;
  let given = 0;
  return {
    next: (trialId) => {
      if (given >= limit) return "finished";
      const config = searcher.suggest(trialId);
      if (config === undefined) return "wait";
      if (config === "FINISHED") return "finished";
      if (!isPlainObject(config)) {
        throw new TuneError(`${searcher.name}.suggest() gave ${String(config)} instead of a configuration`);
      }
      given += 1;
      return { config, evaluatedParams: evaluatedParamsOf(space, config) };
    },
    tag: (index, config) => experimentTag(index, space, config),
    onTrialResult: (trialId, result) => searcher.onTrialResult(trialId, result),
    onTrialComplete: (trialId, result, error) =>
      error === undefined
        ? searcher.onTrialComplete(trialId, result)
        : searcher.onTrialComplete(trialId, result, error),
  };
}
