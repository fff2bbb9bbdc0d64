/**
 * Progress in the console: in a terminal a table that is redrawn in place, elsewhere (a file, a pipe, a CI log, a
 * dumb terminal) plain lines and a table now and then. It only prints; it decides nothing.
 */
import { styleText } from "node:util";

import { TuneError } from "../errors.ts";
import { metricOf } from "../trial/metrics.ts";
import type { TrialView } from "../trial/types.ts";
import {
  columnsOf,
  fairShare,
  inferMetricColumns,
  inferMetrics,
  inferParameterColumns,
  sortByMetric,
  type Column,
} from "./columns.ts";
import { plural, truncateEnd } from "./format.ts";
import { compactStatus, statusCounts, statusLines, type Line, type Style } from "./lines.ts";
import { LiveRegion } from "./live-region.ts";
import { resolveOptions, type CLIReporterOptions, type ResolvedOptions } from "./options.ts";
import { errorTable, renderTable, trialTable, type TableClass, type TableContent } from "./table.ts";
import { TrialChanges } from "./trial-changes.ts";
import type { ProgressReporter, ProgressState, ReporterSetup } from "./types.ts";

const LIVE_INTERVAL_MS = 200;
const PLAIN_INTERVAL_MS = 5000;
// Between reports of slow trials the clock in the table shows that the experiment is alive.
const LIVE_TICK_MS = 1000;
const MAX_PERTURBATIONS = 3;
// Borders and heading of a table, the notes around it, and the line that log-update keeps for the cursor.
const TABLE_OVERHEAD_LINES = 7;

interface Session {
  readonly info: ReporterSetup;
  readonly Table: TableClass;
  readonly region: LiveRegion | undefined;
}

/**
 * Prints the state of an experiment: every state with counts, the best trial so far, resources, elapsed time, the
 * scheduler's own summary, recent perturbations, a table of trials and one of errors. The final table is always
 * printed. Colour and redrawing are used in a terminal only; `NO_COLOR` and `TERM=dumb` are honoured.
 *
 * @throws InvalidArgumentError for an option that does not exist or has no usable value
 * @example
 * tune.run(train, { progressReporter: new tune.CLIReporter({ metricColumns: ["epoch", "loss", "accuracy"] }) });
 * @example new tune.CLIReporter({ metricColumns: { training_iteration: "iter", "eval/accuracy": "acc" } })
 */
export class CLIReporter implements ProgressReporter {
  readonly #options: ResolvedOptions;
  readonly #isTerminal: boolean;
  readonly #hasColor: boolean;
  readonly #intervalMs: number;
  readonly #changes = new TrialChanges();
  #session: Session | undefined;
  #latest: { readonly state: ProgressState; readonly atMs: number } | undefined;
  #lastPrintMs = 0;
  #timer: unknown;

  constructor(options: CLIReporterOptions = {}) {
    this.#options = resolveOptions(options);
    const { stream, env, maxReportFrequencyMs } = this.#options;
    this.#isTerminal = stream.isTTY === true && env["TERM"] !== "dumb";
    this.#hasColor = this.#isTerminal && (env["NO_COLOR"] ?? "") === "";
    this.#intervalMs = maxReportFrequencyMs ?? (this.#isTerminal ? LIVE_INTERVAL_MS : PLAIN_INTERVAL_MS);
  }

  async setup(info: ReporterSetup): Promise<void> {
    const { default: Table } = await import("cli-table3");
    const region = this.#isTerminal ? await this.#createRegion() : undefined;
    this.#session = { info, Table, region };
    // A terminal shows the first state at once; a log begins with lines about trials.
    this.#lastPrintMs = this.#isTerminal ? -Infinity : this.#options.clock.now();
  }

  onProgress(state: ProgressState, done: boolean): void {
    const session = this.#openSession();
    const now = this.#options.clock.now();
    this.#latest = { state, atMs: now };
    if (session.region === undefined) this.#printChanges(state);
    if (done) return this.#finish(session, state);
    const waitMs = this.#lastPrintMs + this.#intervalMs - now;
    if (waitMs <= 0) this.#print(session);
    else if (session.region !== undefined) this.#schedule(waitMs);
  }

  onMessage(line: string): void {
    const text = line.endsWith("\n") ? line : `${line}\n`;
    const region = this.#session?.region;
    if (region === undefined) this.#options.stream.write(text);
    else region.printAbove(text);
  }

  #openSession(): Session {
    if (this.#session !== undefined) return this.#session;
    throw new TuneError(
      "CLIReporter: onProgress() was called before setup(); call and await setup(info) first",
    );
  }

  async #createRegion(): Promise<LiveRegion> {
    const { createLogUpdate } = await import("log-update");
    const { stream } = this.#options;
    const sharesTerminal = stream === process.stdout && process.stderr.isTTY;
    return new LiveRegion(createLogUpdate, sharesTerminal ? [stream, process.stderr] : [stream]);
  }

  #schedule(delayMs: number): void {
    const { clock } = this.#options;
    if (this.#timer !== undefined) clock.clearTimeout(this.#timer);
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined;
      if (this.#session !== undefined) this.#print(this.#session);
    }, delayMs);
  }

  #print(session: Session): void {
    if (this.#latest === undefined) return;
    const now = this.#options.clock.now();
    this.#lastPrintMs = now;
    const { state, atMs } = this.#latest;
    if (session.region === undefined) {
      this.#options.stream.write(this.#plainBlock(session, state));
      return;
    }
    const elapsedSeconds = state.elapsedSeconds + (now - atMs) / 1000;
    session.region.draw(this.#block(session, { ...state, elapsedSeconds }, this.#options.stream.rows));
    this.#schedule(LIVE_TICK_MS);
  }

  #finish(session: Session, state: ProgressState): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#session = undefined;
    this.#latest = undefined;
    if (session.region === undefined) this.#options.stream.write(this.#plainBlock(session, state));
    else session.region.finish(`${this.#block(session, state, undefined)}\n`);
  }

  #printChanges(state: ProgressState): void {
    const { metricColumns, inferLimit } = this.#options;
    const metricsOf = (trial: TrialView) => {
      const columns = metricColumns
        ? columnsOf(metricColumns)
        : inferMetrics([trial], state.metric, inferLimit);
      const values = columns.map(({ key, label }) => [
        label,
        trial.lastResult && metricOf(trial.lastResult, key),
      ]);
      return Object.fromEntries(values);
    };
    for (const line of this.#changes.next(state, metricsOf)) this.#options.stream.write(`${line}\n`);
  }

  #plainBlock(session: Session, state: ProgressState): string {
    const parts = [compactStatus(state, session.info.totalTrials), ...this.#tables(session, state, Infinity)];
    return `${parts.join("\n")}\n`;
  }

  /** Everything that a terminal shows; `height` is its number of lines, undefined for text that stays. */
  #block(session: Session, state: ProgressState, height: number | undefined): string {
    const header = statusLines(state, {
      experimentName: session.info.experimentName,
      totalTrials: session.info.totalTrials,
      maxPerturbations: MAX_PERTURBATIONS,
    }).map((line) => this.#styled(line, height === undefined ? undefined : this.#options.stream.columns));
    const room = height === undefined ? Infinity : height - header.length;
    return [...header, ...this.#tables(session, state, room)].join("\n");
  }

  /** The table of trials and, when some failed, the table of errors, in `room` lines as far as that goes. */
  #tables(session: Session, state: ProgressState, room: number): readonly string[] {
    const failed = state.trials.filter((trial) => trial.error !== undefined && trial.numFailures > 0);
    const hasErrors = failed.length > 0 && this.#options.maxErrorRows > 0;
    const rowsRoom = room - (hasErrors ? 2 : 1) * TABLE_OVERHEAD_LINES;
    // Of a terminal's height the errors get at most a third.
    const errorRows = hasErrors
      ? atLeastOne(Math.min(failed.length, this.#options.maxErrorRows, rowsRoom / 3))
      : 0;
    const trialRows = Math.min(this.#options.maxProgressRows, Math.max(1, Math.floor(rowsRoom - errorRows)));
    return [
      ...this.#trialTable(session, state, trialRows),
      ...(hasErrors
        ? [
            `Trials that failed: ${failed.length}`,
            this.#render(session, errorTable(failed.slice(0, errorRows))),
          ]
        : []),
    ];
  }

  #trialTable(session: Session, state: ProgressState, maxRows: number): readonly string[] {
    const { parameterColumns, sortByMetric: sorts } = this.#options;
    const { trials, metric, mode } = state;
    const isSorted = sorts && metric !== undefined && mode !== undefined;
    const shown = fairShare(isSorted ? sortByMetric(trials, metric, mode) : trials, maxRows);
    if (shown.length === 0) return [];
    const parameters =
      parameterColumns === undefined ? inferParameterColumns(trials) : columnsOf(parameterColumns);
    const table = this.#render(session, trialTable(shown, parameters, this.#metricColumns(state), metric));
    const visible = new Set(shown);
    const hidden = trials.filter((trial) => !visible.has(trial));
    if (hidden.length === 0) return [table];
    return [table, `... ${plural(hidden.length, "more trial")} not shown (${statusCounts(hidden)})`];
  }

  #metricColumns(state: ProgressState): readonly Column[] {
    const { metricColumns, inferLimit } = this.#options;
    if (metricColumns !== undefined) return columnsOf(metricColumns);
    return inferMetricColumns(state.trials, state.metric, inferLimit);
  }

  #render(session: Session, content: TableContent): string {
    return renderTable(session.Table, content, {
      maxColumnLength: this.#options.maxColumnLength,
      width: this.#isTerminal ? this.#options.stream.columns : undefined,
      border: this.#isTerminal ? "lines" : "ascii",
      paint: (style, text) => this.#paint(style, text),
    });
  }

  #styled({ text, style }: Line, width: number | undefined): string {
    // A line that wraps would make a live region taller than it counts.
    const cut = width === undefined ? text : truncateEnd(text, width);
    return style === undefined ? cut : this.#paint(style, cut);
  }

  #paint(style: Style, text: string): string {
    return this.#hasColor ? styleText(style, text, { validateStream: false }) : text;
  }
}

function atLeastOne(count: number): number {
  return Math.max(1, Math.floor(count));
}
