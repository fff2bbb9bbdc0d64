/**
 * One measurement of a start or an import in this fresh process. Prints it as JSON, with the CPU time of the measured
 * part and the peak of memory. Modules are loaded by the probe alone.
 */
import { Worker } from "node:worker_threads";

import type { ProbeName } from "../process/probe-run.ts";
import type { Timed } from "../rows/row.ts";

/** What came of a probe; what is left to do when all readings have been made. */
interface Probed {
  readonly ms: number;
  readonly close?: () => Promise<unknown>;
}

/** `mark` is called where the measured part begins, imports left out. */
const probes: Record<ProbeName, (mark: () => void) => Promise<Probed>> = {
  "raw-worker": async (mark) => {
    const { startMs } = await import("../process/raw-worker.ts");
    mark();
    return { ms: await startMs() };
  },

  init: async (mark) => {
    const ray = await import("@mantajs/runtime");
    const { smallValue } = await import("../workload.ts");
    mark();
    const start = performance.now();
    await ray.init({ logToDriver: false });
    await ray.get(ray.remote(smallValue).remote());
    return { ms: performance.now() - start, close: ray.shutdown };
  },

  "import-runtime": (mark) => {
    mark();
    return importMs("@mantajs/runtime");
  },

  // The entry runs in worker threads only; here it fails for want of a seat, after all that it imports is loaded.
  "import-worker-entry": async (mark) => {
    mark();
    const entry = new URL("../worker/entry.js", import.meta.resolve("@mantajs/runtime"));
    const worker = new Worker(new URL("./import-worker.js", import.meta.url), { workerData: entry.href });
    return new Promise((resolve, reject) => {
      worker.once("message", (ms: number) => resolve({ ms }));
      worker.once("error", reject);
    });
  },

  "import-tune": async (mark) => {
    const ray = await import("@mantajs/runtime");
    const { importTuneMs } = await import("../workload.ts");
    await ray.init({ logToDriver: false });
    mark();
    return { ms: await ray.get(ray.remote(importTuneMs).remote()), close: ray.shutdown };
  },
};

async function importMs(specifier: string): Promise<Probed> {
  const start = performance.now();
  await import(specifier);
  return { ms: performance.now() - start };
}

const name = process.argv[2] ?? "";
if (!Object.hasOwn(probes, name)) throw new Error(`no probe is called ${JSON.stringify(name)}`);
let begun = process.cpuUsage();
const { ms, close } = await probes[name as ProbeName](() => (begun = process.cpuUsage()));
const { user, system } = process.cpuUsage(begun);
const timed: Required<Timed> = {
  ms,
  cpuMs: (user + system) / 1000,
  rssPeakBytes: process.resourceUsage().maxRSS * 1024, // given in KiB
};
await close?.();
console.log(JSON.stringify(timed));
