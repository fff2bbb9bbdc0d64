/**
 * `npm run bench`: measures the rows one after another, each in a process of its own, prints the table and writes it as
 * JSON. Ends with code 1 when a row failed or it was stopped, and 2 for wrong flags; a missed target is a finding, not a failure.
 */
import os from "node:os";

import { fullRule, quickRule } from "./measure/rate.ts";
import { parseOptions, usage, type Options } from "./options.ts";
import { runRow } from "./process/run-row.ts";
import { findRay, measureRay, type RayRates } from "./ray.ts";
import { writeReport } from "./report/json.ts";
import { describeMachine } from "./report/machine.ts";
import { judgeAll, type Result } from "./report/result.ts";
import { formatSummary, formatTable } from "./report/table.ts";
import { listRows, type ListedRow } from "./rows/index.ts";
import { selectRows } from "./select.ts";

/** Load from elsewhere, for each core, above which a run says that it was disturbed. */
const BUSY = 0.5;

async function main(options: Options, rows: readonly ListedRow[]): Promise<void> {
  const context = { quick: options.quick, cores: os.availableParallelism() };
  const machine = describeMachine();
  console.log(
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}, ` +
      `load ${machine.loadAverage.toFixed(2)}${options.quick ? ", quick" : ""}`,
  );
  if (machine.loadAverage > BUSY * machine.cores) {
    console.log("The machine is busy: compare nothing from this run.");
  }
  const results: Result[] = [];
  let stopped = false;
  // Ctrl-C ends the row that runs, too; what was measured before it is not lost. A second one ends the run at once.
  process.once("SIGINT", () => (stopped = true));
  for (const [index, row] of rows.entries()) {
    if (stopped) break;
    process.stderr.write(`[${index + 1}/${rows.length}] ${row.name} `);
    const start = performance.now();
    const outcome = await runRow(row, context);
    process.stderr.write(
      `${((performance.now() - start) / 1000).toFixed(1)} s${outcome.ok ? "" : ", FAILED"}\n`,
    );
    results.push({ row, outcome });
  }
  const ray = options.ray && !stopped ? await besideRay(rows, options.quick) : undefined;
  const judged = judgeAll(results, ray);
  console.log(formatTable(judged));
  console.log(`\n${formatSummary(judged)}`);
  const date = new Date().toISOString();
  const file = writeReport({ date, quick: options.quick, machine, results: judged, ray }, options.json);
  console.log(`Written to ${file}`);
  if (stopped) console.log(`Stopped after ${results.length} of ${rows.length} rows`);
  if (stopped || results.some(({ outcome }) => !outcome.ok)) process.exitCode = 1;
}

async function besideRay(rows: readonly ListedRow[], quick: boolean): Promise<RayRates | undefined> {
  const found = await findRay();
  if ("reason" in found) {
    console.log(`--ray: Ray is not measured, since python3 cannot import it (${found.reason}).`);
    return undefined;
  }
  process.stderr.write(`Ray ${found.version}\n`);
  try {
    return await measureRay(
      rows.map(({ name }) => name),
      os.availableParallelism(),
      quick ? quickRule : fullRule,
    );
  } catch (error) {
    // What was measured before must not be lost with it.
    console.log(`--ray: the rows on Ray failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
    return undefined;
  }
}

function list(rows: readonly ListedRow[]): void {
  let subject: string | undefined;
  for (const row of rows) {
    if (row.subject !== subject) console.log(`${subject === undefined ? "" : "\n"}${row.subject}`);
    subject = row.subject;
    console.log(`  ${row.name} (${row.unit}): ${row.recipe}`);
  }
}

/** What the flags ask for; undefined when they are wrong, which was said then. */
async function understand(
  args: readonly string[],
): Promise<{ readonly options: Options; readonly rows: readonly ListedRow[] } | undefined> {
  try {
    const options = parseOptions(args);
    const context = { quick: options.quick, cores: os.availableParallelism() };
    return { options, rows: selectRows(await listRows(context), options.only) };
  } catch (error) {
    // parseArgs throws TypeErrors, selectRows RangeErrors.
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
    return undefined;
  }
}

const asked = await understand(process.argv.slice(2));
if (asked?.options.help === true) console.log(usage);
else if (asked?.options.list === true) list(asked.rows);
else if (asked !== undefined) await main(asked.options, asked.rows);
