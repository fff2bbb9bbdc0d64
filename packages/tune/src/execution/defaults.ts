/** What `run` uses when it is not told: schedulers by name, the reporter, the name of the experiment. */
import { existsSync } from "node:fs";
import { join } from "node:path";

import { BasicVariantGenerator } from "../search/basic-variant-generator.ts";
import type { Searcher } from "../search/types.ts";
import { Domain } from "../search-space/domain.ts";
import { AsyncHyperBandScheduler } from "../schedulers/asha.ts";
import { FIFOScheduler } from "../schedulers/fifo.ts";
import { PopulationBasedTraining } from "../schedulers/pbt/scheduler.ts";
import type { TrialScheduler } from "../schedulers/types.ts";
import { CLIReporter } from "../reporters/cli-reporter.ts";
import type { ProgressReporter } from "../reporters/types.ts";
import { defaultStoragePath } from "../storage/experiment-files.ts";
import { formatDate } from "../trial/trial.ts";
import type { FilledOptions } from "./options.ts";

/** The scheduler that an option names. "pbt" perturbs every domain of the search space, once an iteration. */
export function schedulerOf({ scheduler = "fifo", config }: FilledOptions): TrialScheduler {
  if (typeof scheduler === "object") return scheduler;
  if (scheduler === "fifo") return new FIFOScheduler();
  if (scheduler === "asha") return new AsyncHyperBandScheduler();
  const domains = Object.entries(config).filter(([, value]) => value instanceof Domain);
  return new PopulationBasedTraining({
    timeAttr: "training_iteration",
    perturbationInterval: 1,
    // Filtered to domains, which are what mutations are made of.
    hyperparamMutations: Object.fromEntries(domains) as Record<string, Domain<unknown>>,
  });
}

export const searcherOf = ({ searchAlg }: FilledOptions): Searcher =>
  searchAlg ?? new BasicVariantGenerator();

export function reporterOf({ progressReporter, verbose }: FilledOptions): ProgressReporter | undefined {
  if (progressReporter !== undefined) return progressReporter;
  if (verbose === 0) return undefined;
  return new CLIReporter();
}

/** Name and directory of the experiment. A name that Manta made up is one that is not taken yet. */
export function placeOf(options: FilledOptions): { readonly name: string; readonly path: string } {
  const storage = options.storagePath ?? defaultStoragePath();
  if (options.name !== undefined) return { name: options.name, path: join(storage, options.name) };
  const base = `${options.trainableName}_${formatDate(Date.now() / 1000)}`;
  let name = base;
  for (let count = 2; existsSync(join(storage, name)); count++) name = `${base}_${count}`;
  return { name, path: join(storage, name) };
}
