/** What a row is, and the two ways to make one: as a rate under the timing rule, or as the median of single times. */
import { realClock } from "../measure/clock.ts";
import { fullRule, measureRate, quickRule } from "../measure/rate.ts";
import { deviation, median } from "../measure/statistics.ts";
import { busyThreads, snapshot, threadCpuMs, usageSince, type Usage } from "../measure/usage.ts";
import type { Target } from "../report/targets.ts";

/** What rows depend on besides their code. */
export interface Context {
  /** Shorter windows and a smaller envelope. */
  readonly quick: boolean;
  /** Cores of the machine: also the workers of Manta and of each pool. */
  readonly cores: number;
}

export interface Sample {
  /** In the row's unit. */
  readonly value: number;
  /** Population standard deviation, in the row's unit; undefined for a single shot. */
  readonly deviation?: number | undefined;
  /** Operations of the measured part, to which its CPU time belongs. */
  readonly operations: number;
  readonly usage: Usage;
  /** Memory of one thing, where the row makes many. */
  readonly bytesEach?: number;
  /** CPU milliseconds of each thread in the measured part, most first; on Linux. */
  readonly threadCpuMs?: readonly number[];
  /** Further facts, by name with unit. */
  readonly facts?: Readonly<Record<string, number>>;
}

export interface Row {
  /** Ray's name where its list has the row. */
  readonly name: string;
  /** What one measured call does. */
  readonly recipe: string;
  /** `rate`: more is better. `time`: less is better. */
  readonly kind: "rate" | "time";
  /** `calls/s`, `GB/s`, `ms`, ... */
  readonly unit: string;
  readonly targets?: readonly Target[];
  /** Shows how the CPU time is spread over threads: through how many a call goes. @defaultValue false */
  readonly showThreads?: boolean;
  measure(): Promise<Sample>;
}

/** The rows of one subject. Everything a row needs is made inside `measure`, in the row's own process. */
export type Rows = (context: Context) => readonly Row[];

export interface Prepared {
  /** What is timed; a promise that it returns is awaited. */
  readonly call: () => unknown;
  readonly close?: () => unknown;
}

type Described = Pick<Row, "name" | "recipe" | "targets" | "showThreads">;

export interface RateRow extends Described {
  readonly unit: string;
  /** Operations of one call. @defaultValue 1 */
  readonly operations?: number;
  readonly prepare: () => Promise<Prepared> | Prepared;
}

/** A row under the timing rule. */
export function rateRow({ quick }: Context, row: RateRow): Row {
  const { name, recipe, unit, targets = [], showThreads = false, operations = 1, prepare } = row;
  const measure = async (): Promise<Sample> => {
    const { call, close } = await prepare();
    try {
      const cold = snapshot();
      let warm = cold;
      let threads = threadCpuMs();
      const rate = await measureRate(call, operations, {
        rule: quick ? quickRule : fullRule,
        clock: realClock,
        onWarm() {
          threads = threadCpuMs();
          warm = snapshot();
        },
      });
      const usage = usageSince(cold, warm);
      return {
        value: rate.mean,
        deviation: rate.deviation,
        operations: rate.operations,
        usage,
        threadCpuMs: busyThreads(threads, threadCpuMs()),
      };
    } finally {
      await close?.();
    }
  };
  return { name, recipe, kind: "rate", unit, targets, showThreads, measure };
}

export interface TimeRow extends Described {
  /** Samples in a full run; a quick one takes three. @defaultValue 9 */
  readonly samples?: number;
  readonly prepare: () => Promise<PreparedTime> | PreparedTime;
}

/** What one sample took; with what its measured part used, when not all of the time between samples belongs to it. */
export interface Timed extends Partial<Pick<Usage, "cpuMs" | "rssPeakBytes">> {
  readonly ms: number;
}

export interface PreparedTime {
  readonly sample: () => Promise<Timed>;
  readonly close?: () => unknown;
}

/** A row whose value is the median of single times in milliseconds. */
export function timeRow(
  { quick }: Context,
  { name, recipe, targets = [], samples = 9, prepare }: TimeRow,
): Row {
  const measure = async (): Promise<Sample> => {
    const { sample, close } = await prepare();
    try {
      const before = snapshot();
      const timed: Timed[] = [];
      for (let i = 0; i < (quick ? 3 : samples); i++) timed.push(await sample());
      const times = timed.map(({ ms }) => ms);
      return {
        value: median(times),
        deviation: deviation(times),
        operations: times.length,
        usage: usageOf(timed) ?? usageSince(before, before),
      };
    } finally {
      await close?.();
    }
  };
  return { name, recipe, kind: "time", unit: "ms", targets, measure };
}

/** The sum of what the samples tell of themselves; undefined when they do not. */
function usageOf(timed: readonly Timed[]): Usage | undefined {
  let [cpuMs, elapsedMs, rssPeakBytes] = [0, 0, 0];
  for (const sample of timed) {
    if (sample.cpuMs === undefined || sample.rssPeakBytes === undefined) return undefined;
    cpuMs += sample.cpuMs;
    elapsedMs += sample.ms;
    rssPeakBytes = Math.max(rssPeakBytes, sample.rssPeakBytes);
  }
  return { cpuMs, elapsedMs, rssPeakBytes, rssDeltaBytes: undefined };
}
