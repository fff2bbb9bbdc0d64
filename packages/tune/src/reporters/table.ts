/**
 * The tables of trials and of errors: what stands in them, cut to the width of the terminal, drawn by cli-table3.
 */
import { metricOf } from "../trial/metrics.ts";
import type { TrialView } from "../trial/types.ts";
import { parameterOf, type Column } from "./columns.ts";
import { formatValue, truncate, truncateEnd } from "./format.ts";
import { errorText, STATUS_STYLE, type Style } from "./lines.ts";

/** What is used of the class that cli-table3 exports, declared here: users of the declarations do not have it. */
export type TableClass = new (options: {
  readonly head: string[];
  readonly style: { readonly head: string[]; readonly border: string[]; readonly compact: boolean };
  readonly colAligns: ("left" | "right")[];
  readonly chars?: Partial<Record<keyof typeof ASCII_BORDER, string>>;
}) => { push(cells: string[]): unknown; toString(): string };

/** A table before it is drawn. */
export interface TableContent {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Positions of the columns that are never left out. */
  readonly keptColumns: readonly number[];
}

interface Cell {
  readonly text: string;
  /** A sentence: longer than other cells, and cut at its end. */
  readonly isMessage?: boolean;
  readonly style?: Style;
  readonly isNumber?: boolean;
}

/** How a table is drawn. */
export interface TableOptions {
  /** Longest text of a cell or heading; longer ones lose their beginning. */
  readonly maxColumnLength: number;
  /** Characters per line of the terminal; undefined: as wide as it gets. */
  readonly width: number | undefined;
  /** Lines or, for plain logs, `+---+`. */
  readonly border: "lines" | "ascii";
  readonly paint: (style: Style, text: string) => string;
}

const ASCII_BORDER = {
  top: "-",
  "top-mid": "+",
  "top-left": "+",
  "top-right": "+",
  mid: "-",
  "mid-mid": "+",
  "left-mid": "+",
  "right-mid": "+",
  bottom: "-",
  "bottom-mid": "+",
  "bottom-left": "+",
  "bottom-right": "+",
  left: "|",
  right: "|",
  middle: "|",
};
// Borders and one space on either side of each cell.
const PER_CELL = 3;
const NARROWEST = 8;
const MESSAGE_LENGTH = 100;

/** Trials as rows: name, state, parameters, metrics. Name, state and the experiment's metric are never left out. */
export function trialTable(
  trials: readonly TrialView[],
  parameters: readonly Column[],
  metrics: readonly Column[],
  metric: string | undefined,
): TableContent {
  return {
    keptColumns: [
      0,
      1,
      ...metrics.flatMap(({ key }, at) => (key === metric ? [2 + parameters.length + at] : [])),
    ],
    head: [
      "Trial name",
      "status",
      ...parameters.map(({ label }) => label),
      ...metrics.map(({ label }) => label),
    ],
    rows: trials.map((trial) => [
      { text: trial.name },
      { text: trial.status, style: STATUS_STYLE[trial.status] },
      ...parameters.map(({ key }) => cellOf(parameterOf(trial, key))),
      ...metrics.map(({ key }) => cellOf(trial.lastResult && metricOf(trial.lastResult, key))),
    ]),
  };
}

/** Failed trials as rows: name, number of failures, the error. */
export function errorTable(trials: readonly TrialView[]): TableContent {
  return {
    keptColumns: [0, 1, 2],
    head: ["Trial name", "# failures", "error"],
    rows: trials.map((trial) => [
      { text: trial.name },
      cellOf(trial.numFailures),
      { text: errorText(trial), style: "red", isMessage: true },
    ]),
  };
}

/** The table as text, with a note about the columns that the terminal is too narrow for. */
export function renderTable(Table: TableClass, content: TableContent, options: TableOptions): string {
  const columns = fit(content, options);
  const table = new Table({
    head: columns.map(({ at, width }) => truncate(content.head[at] ?? "", width)),
    style: { head: [], border: [], compact: true },
    colAligns: columns.map(({ at }) => (content.rows.some((row) => row[at]?.isNumber) ? "right" : "left")),
    ...(options.border === "ascii" ? { chars: ASCII_BORDER } : {}),
  });
  for (const row of content.rows) {
    const cells = columns.map(({ at, width }) => {
      const cell = row[at] ?? { text: "" };
      const text = (cell.isMessage === true ? truncateEnd : truncate)(cell.text, width);
      return cell.style === undefined ? text : options.paint(cell.style, text);
    });
    table.push(cells);
  }
  const shown = new Set(columns.map(({ at }) => at));
  const dropped = content.head.filter((_, at) => !shown.has(at));
  if (dropped.length === 0) return table.toString();
  const note = truncateEnd(`... columns not shown: ${dropped.join(", ")}`, options.width ?? Infinity);
  return `${table.toString()}\n${note}`;
}

/** A column that is shown: its place in the content and its width without border and padding. */
interface FittedColumn {
  readonly at: number;
  width: number;
}

/** Columns that fit: the widest shrink first, then the last ones are left out. */
function fit(
  content: TableContent,
  { width = Infinity, maxColumnLength }: TableOptions,
): readonly FittedColumn[] {
  let columns = content.head.map((heading, at): FittedColumn => {
    const cells = content.rows.map((row) => row[at]);
    const longest = Math.max(heading.length, ...cells.map((cell) => cell?.text.length ?? 0));
    const isMessage = cells.some((cell) => cell?.isMessage);
    return { at, width: Math.min(longest, isMessage ? MESSAGE_LENGTH : maxColumnLength) };
  });
  while (columns.reduce((sum, column) => sum + column.width + PER_CELL, 1) > width) {
    const widest = columns.reduce((a, b) => (b.width > a.width ? b : a));
    const last = columns.findLast(({ at }) => !content.keptColumns.includes(at));
    if (widest.width > NARROWEST) widest.width -= 1;
    else if (last !== undefined) columns = columns.filter((column) => column !== last);
    else break;
  }
  return columns;
}

function cellOf(value: unknown): Cell {
  return { text: formatValue(value), isNumber: typeof value === "number" };
}
