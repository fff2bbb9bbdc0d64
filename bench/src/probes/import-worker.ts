/** Times the import of a module that expects to be started by Manta: its own failure without a seat is of no interest. */
import { access } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";

const url = new URL(workerData as string); // passed by the probe
await access(url);
const start = performance.now();
try {
  await import(url.href);
} catch (error) {
  // Anything but the missing seat means that the module did not load.
  if (!(error instanceof TypeError)) throw error;
}
parentPort?.postMessage(performance.now() - start);
