/**
 * Choosing among the checkpoints that a trial still has on disk, by the result that each was reported with.
 */
import type { Mode } from "../schedulers/types.ts";
import { metricOf } from "../trial/metrics.ts";
import type { CheckpointView } from "../trial/types.ts";
import { isBetter, resolveMetric } from "./best-trial.ts";
import type { ExperimentRecord, TrialRecord } from "./types.ts";

/** The checkpoints of a trial, oldest first. */
export function checkpointsOf(record: TrialRecord): readonly CheckpointView[] {
  const latest = record.trial.checkpoint;
  return record.checkpoints ?? (latest === undefined ? [] : [latest]);
}

/** The trial's checkpoint with the best metric, the later of equals; undefined when none was reported with it. */
export function bestCheckpointOf(
  caller: string,
  experiment: ExperimentRecord,
  record: TrialRecord,
  asked: { readonly metric?: string | undefined; readonly mode?: Mode | undefined },
): CheckpointView | undefined {
  const { metric, mode } = resolveMetric(caller, experiment, asked);
  let best: { readonly checkpoint: CheckpointView; readonly score: number } | undefined;
  for (const checkpoint of checkpointsOf(record)) {
    const score = metricOf(checkpoint.result, metric);
    if (typeof score !== "number" || Number.isNaN(score)) continue;
    if (best === undefined || !isBetter(best.score, score, mode)) best = { checkpoint, score };
  }
  return best?.checkpoint;
}
