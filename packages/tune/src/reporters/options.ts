/** The options of `CLIReporter`: as users give them, and checked with defaults. */
import { InvalidArgumentError } from "@mantajs/runtime";

import type { ColumnOption } from "./columns.ts";
import type { OutputStream } from "./live-region.ts";
import type { ReporterClock } from "./types.ts";

/** How `CLIReporter` shows an experiment. */
export interface CLIReporterOptions {
  /**
   * Metrics to show, as keys or as a map from key to label; nested ones as `a/b`.
   * @defaultValue iteration, time, the experiment's metric and further ones up to `inferLimit`
   */
  readonly metricColumns?: ColumnOption;
  /** Hyperparameters to show, as keys or as a map from key to label. @defaultValue all that the search space decides */
  readonly parameterColumns?: ColumnOption;
  /** Most trials in the table; every state gets its share of rows. @defaultValue 20 */
  readonly maxProgressRows?: number;
  /** Most trials in the table of errors. @defaultValue 20 */
  readonly maxErrorRows?: number;
  /** Most characters of a cell; longer texts lose their beginning. @defaultValue 20 */
  readonly maxColumnLength?: number;
  /** Least time between two tables, in milliseconds. @defaultValue 200 in a terminal, 5000 elsewhere */
  readonly maxReportFrequencyMs?: number;
  /** How many of the reported metrics are shown when `metricColumns` is not given. @defaultValue 3 */
  readonly inferLimit?: number;
  /** Shows the trials with the best metric first, among all and within each state. @defaultValue false */
  readonly sortByMetric?: boolean;
  /** Where to print. @defaultValue process.stdout */
  readonly stream?: OutputStream;
  /** Time, for tests. @defaultValue the system's */
  readonly clock?: ReporterClock;
  /** Where NO_COLOR and TERM are looked up, for tests. @defaultValue process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The options with everything filled in that does not depend on the stream. */
export type ResolvedOptions = Required<
  Omit<CLIReporterOptions, "metricColumns" | "parameterColumns" | "maxReportFrequencyMs">
> &
  Pick<CLIReporterOptions, "metricColumns" | "parameterColumns" | "maxReportFrequencyMs">;

const KNOWN: ReadonlySet<string> = new Set<keyof CLIReporterOptions>([
  "metricColumns",
  "parameterColumns",
  "maxProgressRows",
  "maxErrorRows",
  "maxColumnLength",
  "maxReportFrequencyMs",
  "inferLimit",
  "sortByMetric",
  "stream",
  "clock",
  "env",
]);

const systemClock: ReporterClock = {
  now: () => performance.now(),
  // A table to redraw must not keep the process alive.
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs).unref(),
  clearTimeout: (handle) => {
    if (handle instanceof Object) clearTimeout(handle as NodeJS.Timeout);
  },
};

/** Checks the options and fills in the defaults. */
export function resolveOptions(options: CLIReporterOptions): ResolvedOptions {
  for (const key of Object.keys(options)) {
    if (KNOWN.has(key)) continue;
    throw new InvalidArgumentError(
      `CLIReporter({ ${key} })`,
      `is not an option; there are ${[...KNOWN].join(", ")}`,
    );
  }
  const { metricColumns, parameterColumns, maxReportFrequencyMs } = options;
  if (maxReportFrequencyMs !== undefined && !(maxReportFrequencyMs >= 0)) {
    throw InvalidArgumentError.forValue(
      "CLIReporter({ maxReportFrequencyMs })",
      "a number of milliseconds >= 0",
      maxReportFrequencyMs,
    );
  }
  return {
    ...(metricColumns === undefined ? {} : { metricColumns }),
    ...(parameterColumns === undefined ? {} : { parameterColumns }),
    ...(maxReportFrequencyMs === undefined ? {} : { maxReportFrequencyMs }),
    maxProgressRows: count(options, "maxProgressRows", 20, 0),
    maxErrorRows: count(options, "maxErrorRows", 20, 0),
    maxColumnLength: count(options, "maxColumnLength", 20, 4),
    inferLimit: count(options, "inferLimit", 3, 0),
    sortByMetric: options.sortByMetric ?? false,
    stream: options.stream ?? process.stdout,
    clock: options.clock ?? systemClock,
    env: options.env ?? process.env,
  };
}

function count(
  options: CLIReporterOptions,
  key: "maxProgressRows" | "maxErrorRows" | "maxColumnLength" | "inferLimit",
  fallback: number,
  least: number,
): number {
  const value = options[key] ?? fallback;
  if (Number.isInteger(value) && value >= least) return value;
  throw InvalidArgumentError.forValue(`CLIReporter({ ${key} })`, `a whole number >= ${least}`, value);
}
