/** Results of one run: a row with what was measured, or with its error. */
import type { Outcome } from "../process/run-row.ts";
import type { ListedRow } from "../rows/index.ts";
import type { RayRates } from "../ray.ts";
import { judge, type Measured, type Target, type Verdict } from "./targets.ts";

export interface Result {
  readonly row: ListedRow;
  readonly outcome: Outcome;
}

export interface Judged extends Result {
  readonly verdicts: readonly Verdict[];
}

/** The row as targets see it; undefined when it failed. */
export function measured({ row, outcome }: Result): Measured | undefined {
  if (!outcome.ok) return undefined;
  return { kind: row.kind, unit: row.unit, value: outcome.sample.value, bytesEach: outcome.sample.bytesEach };
}

/** Holds every row against its targets, and against Ray where that was measured, within the run. */
export function judgeAll(results: readonly Result[], ray: RayRates = {}): Judged[] {
  const byName = new Map(results.map((result) => [result.row.name, measured(result)]));
  return results.map((result) => {
    const own = measured(result);
    if (own === undefined) return { ...result, verdicts: [] };
    const { name, targets = [] } = result.row;
    const verdicts = targets.map((target) => judge(own, target, (other) => byName.get(other)));
    const onRay = ray[name];
    if (onRay !== undefined)
      verdicts.push(judge(own, againstRay(own), () => ({ ...own, value: onRay.mean })));
    return { ...result, verdicts };
  });
}

/** Calls and tasks should be fifty times as fast as Ray's, large puts four times; of the rest nothing is asked. */
function againstRay({ unit }: Measured): Target {
  const atLeast = { "calls/s": 50, "tasks/s": 50, "GB/s": 4 }[unit];
  return { kind: "speed", than: "Ray", ...(atLeast === undefined ? {} : { atLeast }) };
}
