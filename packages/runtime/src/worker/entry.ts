/**
 * What a worker thread starts with: loads the worker, from compiled code if another worker has written it, and writes
 * it if none has.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { workerData } from "node:worker_threads";

import { load } from "../core/load.ts";
import { loadCompiled, writeCode } from "./compiled-code.ts";
import type * as Program from "./main.ts";

const { code } = workerData as Partial<Program.WorkerSeat>; // passed by the node's worker pool, or by nobody

/** The files of the worker in the bundle, each after what it requires. Modules that are not bundled load as they are. */
const files = ["../chunks/shared.js", "../chunks/worker-main.js", "../worker/main.js"].map((file) =>
  fileURLToPath(new URL(file, import.meta.url)),
);
const scripts =
  code !== undefined && files.every((file) => existsSync(file)) ? loadCompiled(files, code) : [];
const { ready, rehearsed } = load<typeof Program>("../worker/main.js")();
void rehearsed.then((isWhole) => {
  if (isWhole && code !== undefined && scripts.length > 0) writeCode(code, scripts);
  ready();
});
