/** Memory and CPU time of this process, threads included. */
import { readdirSync, readFileSync } from "node:fs";

export interface Snapshot {
  readonly timeMs: number;
  readonly rssBytes: number;
  /** User and system time of all threads since the process began. */
  readonly cpuMs: number;
}

/** What a row used. */
export interface Usage {
  /** Resident memory at the end less that before the first call; undefined where each sample had a process of its own. */
  readonly rssDeltaBytes: number | undefined;
  /** The most that the process ever had, its start included. */
  readonly rssPeakBytes: number;
  /** CPU time of the measured part, all threads. */
  readonly cpuMs: number;
  /** Length of the measured part. */
  readonly elapsedMs: number;
}

export function snapshot(): Snapshot {
  const { user, system } = process.cpuUsage();
  return { timeMs: performance.now(), rssBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 };
}

/** @param cold - taken before the first call, for memory; @param warm - taken before the measured part, for CPU time */
export function usageSince(cold: Snapshot, warm: Snapshot): Usage {
  const { timeMs, rssBytes, cpuMs } = snapshot();
  return {
    rssDeltaBytes: rssBytes - cold.rssBytes,
    rssPeakBytes: process.resourceUsage().maxRSS * 1024, // given in KiB
    cpuMs: cpuMs - warm.cpuMs,
    elapsedMs: timeMs - warm.timeMs,
  };
}

/** CPU milliseconds of each thread by its id, on Linux; elsewhere undefined. */
export function threadCpuMs(): Map<string, number> | undefined {
  if (process.platform !== "linux") return undefined;
  const root = "/proc/self/task";
  const threads = new Map<string, number>();
  for (const id of readdirSync(root)) {
    try {
      const [onCpuNs] = readFileSync(`${root}/${id}/schedstat`, "utf8").split(" ");
      threads.set(id, Number(onCpuNs) / 1e6);
    } catch (error) {
      // A thread that ended between the listing and the reading; a kernel without the file gives an empty map.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return threads;
}

/** What each thread used between two readings, most first; threads that used nothing are left out. */
export function busyThreads(
  before: ReadonlyMap<string, number> | undefined,
  after: ReadonlyMap<string, number> | undefined,
): number[] {
  return [...(after ?? [])]
    .map(([id, cpuMs]) => cpuMs - (before?.get(id) ?? 0))
    .filter((cpuMs) => cpuMs > 0)
    .toSorted((a, b) => b - a);
}
