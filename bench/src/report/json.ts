/** The results as JSON: what a later run is compared with. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import type { RayRates } from "../ray.ts";
import type { Machine } from "./machine.ts";
import type { Judged } from "./result.ts";

export interface Report {
  readonly date: string;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly results: readonly Judged[];
  readonly ray: RayRates | undefined;
}

/** Writes the report and returns the file's path. */
export function writeReport(report: Report, file: string | undefined): string {
  const name = `${report.date.replaceAll(":", "-")}.json`;
  const target = path.resolve(file ?? fileURLToPath(new URL(`../../results/${name}`, import.meta.url)));
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, `${JSON.stringify(toJson(report), null, 2)}\n`);
  return target;
}

function toJson({ results, ...rest }: Report): unknown {
  return {
    ...rest,
    rows: results.map(({ row, outcome, verdicts }) => ({
      name: row.name,
      subject: row.subject,
      recipe: row.recipe,
      kind: row.kind,
      unit: row.unit,
      ...(outcome.ok ? outcome.sample : { error: outcome.error }),
      comparisons: verdicts,
    })),
  };
}
