/**
 * What Population Based Training did, in Ray's files: `pbt_global.txt` has one line for each exploit, and
 * `pbt_policy_<trial id>.txt` the lineage of one trial: when it takes over a donor's hyperparameters, the donor's
 * lines become its own. A line is `[target tag, donor tag, target iteration, donor iteration, donor config, config]`.
 */
import { appendFileSync, copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { ExploitOrder } from "../schedulers/types.ts";
import { toJson } from "./json.ts";

const originalTag = (tag: string): string => tag.split("@perturbed")[0] ?? tag;

/** Appends one exploit to the files of the experiment in `directory`. */
export function logPolicy(directory: string, { trial, donor, config }: ExploitOrder): void {
  const line = `${toJson([
    originalTag(trial.experimentTag),
    originalTag(donor.experimentTag),
    trial.lastResult?.training_iteration ?? 0,
    donor.lastResult?.training_iteration ?? 0,
    donor.config,
    config,
  ])}\n`;
  appendFileSync(join(directory, "pbt_global.txt"), line);
  const own = join(directory, `pbt_policy_${trial.id}.txt`);
  const donors = join(directory, `pbt_policy_${donor.id}.txt`);
  if (existsSync(donors)) copyFileSync(donors, own);
  else rmSync(own, { force: true });
  appendFileSync(own, line);
}
