/** The table that a run prints. Pure: results in, text out. */
import type { ListedRow } from "../rows/index.ts";
import type { Sample } from "../rows/row.ts";
import type { Judged } from "./result.ts";

const TITLES = ["measured", "±", "unit", "CPU/op", "cores", "RSS +", "RSS peak", "each"];
/** Columns of words; the others hold numbers. */
const WORDS = new Set([0, 3]);

/** One block for each subject; under each row what it is compared with, a mark where something was asked. */
export function formatTable(results: readonly Judged[]): string {
  const cells = results.map(({ row, outcome }) => (outcome.ok ? cellsOf(row, outcome.sample) : [row.name]));
  const widths = ["", ...TITLES].map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return WORDS.has(column) ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd();
  const lines: string[] = [];
  let subject: string | undefined;
  results.forEach((result, index) => {
    if (result.row.subject !== subject) {
      lines.push(...(subject === undefined ? [] : [""]), line([result.row.subject, ...TITLES]));
      subject = result.row.subject;
    }
    lines.push(line(cells[index] ?? []));
    for (const { text } of result.verdicts) lines.push(`    ${text}`);
    for (const text of notes(result)) lines.push(`    ${text}`);
  });
  return lines.join("\n");
}

function notes({ row, outcome }: Judged): string[] {
  if (!outcome.ok) return [`FAILED: ${outcome.error.split("\n")[0] ?? ""}`];
  const { facts = {}, threadCpuMs = [], usage } = outcome.sample;
  const listed = Object.entries(facts).map(([name, value]) => `${compact(value)} ${name}`);
  const shares = threadCpuMs.slice(0, 5).map((cpuMs) => `${((cpuMs / usage.cpuMs) * 100).toFixed(0)} %`);
  return [
    ...(listed.length === 0 ? [] : [listed.join(", ")]),
    ...(row.showThreads === true && shares.length > 0
      ? [`busiest threads: ${shares.join(", ")} of the CPU time`]
      : []),
  ];
}

function cellsOf(row: ListedRow, sample: Sample): string[] {
  const { value, deviation, operations, usage, bytesEach } = sample;
  return [
    row.name,
    compact(value),
    deviation === undefined ? "" : `${((deviation / value) * 100).toFixed(0)} %`,
    row.unit,
    duration(usage.cpuMs / operations),
    usage.elapsedMs > 0 ? (usage.cpuMs / usage.elapsedMs).toFixed(2) : "",
    usage.rssDeltaBytes === undefined ? "" : mebibytes(usage.rssDeltaBytes),
    mebibytes(usage.rssPeakBytes),
    bytesEach === undefined ? "" : `${bytesEach.toFixed(0)} B`,
  ];
}

/** How many targets were met and missed; and the failures in full. */
export function formatSummary(results: readonly Judged[]): string {
  const verdicts = results.flatMap((result) => result.verdicts);
  const met = verdicts.filter((verdict) => verdict.met === true).length;
  const missed = verdicts.filter((verdict) => verdict.met === false).length;
  const failures = results.flatMap(({ row, outcome }) =>
    outcome.ok ? [] : [`${row.name} failed: ${outcome.error}`],
  );
  return [...failures, `${met} targets met, ${missed} missed, ${failures.length} rows failed`].join("\n");
}

function compact(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString("en-US");
  return value.toPrecision(3);
}

function duration(ms: number): string {
  if (ms >= 1) return `${ms.toFixed(1)} ms`;
  return ms >= 0.001 ? `${(ms * 1000).toFixed(1)} us` : `${(ms * 1e6).toFixed(0)} ns`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
