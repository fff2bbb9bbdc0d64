import { once } from "node:events";
import { Worker } from "node:worker_threads";

import { describe, expect, it } from "vitest";

import { collect } from "../../packages/runtime/dist/objects/collect.js";

const THREADS = 8;

/** Waits until all threads are at the gate, collects, and says whether it could and whether the garbage is gone. */
const source = `
  import { parentPort, workerData } from "node:worker_threads";
  const { module, gate, threads } = workerData;
  const { collect } = await import(module);
  const garbage = new WeakRef({});
  await new Promise(setImmediate); // until the end of the turn a new WeakRef holds its target
  const arrived = new Int32Array(gate);
  if (Atomics.add(arrived, 0, 1) === threads - 1) Atomics.notify(arrived, 0);
  else for (let n = Atomics.load(arrived, 0); n < threads; n = Atomics.load(arrived, 0)) Atomics.wait(arrived, 0, n);
  parentPort.postMessage({ could: collect(), isGone: garbage.deref() === undefined });
`;

describe("collect", () => {
  it("frees garbage at once, on this stack", async () => {
    const garbage = new WeakRef({});
    await new Promise(setImmediate);
    expect(collect()).toBe(true);
    expect(garbage.deref()).toBeUndefined();
    expect("gc" in globalThis).toBe(false);
  });

  it("works in threads that collect for the first time at the same moment", async () => {
    for (let round = 0; round < 2; round++) {
      const workerData = {
        module: new URL("../../packages/runtime/dist/objects/collect.js", import.meta.url).href,
        gate: new SharedArrayBuffer(4),
        threads: THREADS,
      };
      const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
      const workers = Array.from({ length: THREADS }, () => new Worker(url, { workerData }));
      const said: unknown[] = await Promise.all(
        workers.map(async (worker): Promise<unknown> => (await once(worker, "message"))[0]),
      );
      await Promise.all(workers.map((worker) => worker.terminate()));
      expect(said).toEqual(Array.from({ length: THREADS }, () => ({ could: true, isGone: true })));
    }
  });
});
