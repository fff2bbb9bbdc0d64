/**
 * The main job (`npm start`): a network that is really trained to read digits, its learning rate and its number of
 * hidden units evolved by Population Based Training, against random search with the same budget. The digits are drawn
 * by a program; set MNIST_DIR to a folder with the files of MNIST or Fashion-MNIST to train on those.
 *
 * Ctrl-C ends it with what was learnt so far; a second one ends it at once.
 *
 * Options: --seed (1), --trials (8), --epochs (24), --quiet (no progress tables), --table (five seeds, one row each).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import * as ray from "@mantajs/runtime";

import type { DataSet } from "./lib/data-set.ts";
import { drawDigits } from "./lib/digits.ts";
import { runDigits, type DigitsOutcome } from "./lib/digits-experiment.ts";
import { readMnist } from "./lib/idx.ts";
import { numberOption } from "./lib/options.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    trials: { type: "string", default: "8" },
    epochs: { type: "string", default: "24" },
    quiet: { type: "boolean", default: false },
    table: { type: "boolean", default: false },
  },
});
const seed = numberOption("seed", values.seed, 0);
const budget = {
  trials: numberOption("trials", values.trials, 1),
  epochs: numberOption("epochs", values.epochs, 1),
};
const TABLE_SEEDS = 5;
/** As a shell has it for a process that SIGINT ended. */
const INTERRUPTED_EXIT_CODE = 130;

// `tune.run` ends at Ctrl-C by itself; this keeps the next experiment from beginning.
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const describe = ({ config, seconds }: DigitsOutcome) =>
  `lr = ${config.lr.toPrecision(3)}, hiddenUnits = ${config.hiddenUnits}, in ${seconds.toFixed(1)} s`;

function loadData(dataSeed: number): DataSet {
  const folder = process.env["MNIST_DIR"];
  if (folder !== undefined && folder !== "") return readMnist(folder);
  return drawDigits(dataSeed, { train: 20_000, validation: 2000, test: 4000 });
}

async function compare(runSeed: number, storagePath: string) {
  const data = loadData(runSeed);
  const options = {
    verbose: !values.quiet && !values.table,
    storagePath: join(storagePath, String(runSeed)),
  };
  const pbt = await runDigits("pbt", data, { ...budget, seed: runSeed }, options);
  const random = interrupt.signal.aborted
    ? undefined
    : await runDigits("random", data, { ...budget, seed: runSeed }, options);
  return { data, pbt, random };
}

const storagePath = mkdtempSync(join(tmpdir(), "manta-digits-"));
try {
  await ray.init({ ignoreReinitError: true });
  if (values.table) await printTable();
  else await printComparison();
  await ray.shutdown();
} catch (error) {
  // An experiment that is interrupted before its first report has no best trial.
  if (!interrupt.signal.aborted) throw error;
  console.error("Interrupted before anything was learnt.");
} finally {
  if (interrupt.signal.aborted) process.exitCode = INTERRUPTED_EXIT_CODE;
  rmSync(storagePath, { recursive: true, force: true });
}

async function printComparison(): Promise<void> {
  console.log(`A population of ${budget.trials} networks, ${budget.epochs} epochs each, seed ${seed}`);
  const { data, pbt, random } = await compare(seed, storagePath);
  const { train, validation, test } = data;
  const counts = [train, validation, test].map(({ labels }) => labels.length).join(" + ");
  console.log(`Data: ${data.name}; ${counts} images to train, validate and test\n`);
  console.log(`Test accuracy before training:   ${percent(pbt.testAccuracyBefore)}`);
  console.log(`Population Based Training:       ${percent(pbt.testAccuracy)}  (${describe(pbt)})`);
  if (random === undefined) console.log("Interrupted: no random search to compare with.\n");
  else
    console.log(`Random search, the same budget:  ${percent(random.testAccuracy)}  (${describe(random)})\n`);
  console.log("Best config: ", pbt.config);
}

async function printTable(): Promise<void> {
  const rows = [];
  for (let runSeed = seed; runSeed < seed + TABLE_SEEDS; runSeed++) {
    const { pbt, random } = await compare(runSeed, storagePath);
    if (random === undefined) break;
    rows.push({
      seed: runSeed,
      "PBT test accuracy": percent(pbt.testAccuracy),
      "random test accuracy": percent(random.testAccuracy),
      difference: percent(pbt.testAccuracy - random.testAccuracy),
      "PBT seconds": Number(pbt.seconds.toFixed(1)),
      "random seconds": Number(random.seconds.toFixed(1)),
    });
  }
  console.table(rows);
}
