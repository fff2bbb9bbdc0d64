/**
 * `npm run bench [-- --only <text>] [-- --quick]`: Manta beside its peers in one run. Prints a table with ratios and
 * writes it as JSON to `bench/results/`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import { parseArgs } from "node:util";

import * as ray from "@mantajs/runtime";

import { full, measure, quick, type Measured } from "./measure.ts";
import { makeRows, piscinaToFirstResult } from "./rows.ts";

const { values } = parseArgs({
  options: { only: { type: "string" }, quick: { type: "boolean", default: false } },
});

const start = performance.now();
await ray.init({ logToDriver: false });
const first = ray.remote(() => 1);
await ray.get(first.remote());
const initToFirstResultMs = performance.now() - start;
const piscinaToFirstResultMs = await piscinaToFirstResult();

const { rows, cleanup } = await makeRows();
const { only } = values;
const wanted = new Set(
  rows
    .filter(({ name }) => only === undefined || name.includes(only))
    .flatMap((row) => [row.name, ...(row.against ?? [])]),
);
const results = new Map<string, Measured>();
const table: Record<string, string | number>[] = [];
for (const row of rows) {
  if (!wanted.has(row.name)) continue;
  const measured = await measure(row.call, row.operations, values.quick ? quick : full);
  results.set(row.name, measured);
  const ratios = (row.against ?? []).map(
    (peer) => `${(measured.rate / (results.get(peer)?.rate ?? NaN)).toFixed(2)} x ${peer}`,
  );
  table.push({
    row: row.name,
    rate: measured.rate < 100 ? Number(measured.rate.toFixed(2)) : Math.round(measured.rate),
    "±": measured.deviation < 100 ? Number(measured.deviation.toFixed(2)) : Math.round(measured.deviation),
    unit: row.unit,
    ratio: ratios.join(", "),
  });
}
await cleanup();
await ray.shutdown();

console.table(table);
console.log(
  `init to first task result: ${initToFirstResultMs.toFixed(0)} ms, ` +
    `${(initToFirstResultMs / piscinaToFirstResultMs).toFixed(2)} x piscina's ${piscinaToFirstResultMs.toFixed(0)} ms`,
);

const machine = {
  cores: os.availableParallelism(),
  memoryGiB: Math.round(os.totalmem() / 2 ** 30),
  node: process.version,
  platform: process.platform,
  arch: process.arch,
};
const folder = new URL("../results/", import.meta.url);
mkdirSync(folder, { recursive: true });
const date = new Date().toISOString();
const file = new URL(`${date.replaceAll(":", "-")}.json`, folder);
writeFileSync(
  file,
  `${JSON.stringify({ date, machine, initToFirstResultMs, piscinaToFirstResultMs, rows: table }, null, 2)}\n`,
);
