/** Runs probes: one measurement each in a fresh process, because what is imported or started once is warm for ever. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { Timed } from "../rows/row.ts";

export type ProbeName = "raw-worker" | "init" | "import-runtime" | "import-worker-entry" | "import-tune";

const file = fileURLToPath(new URL("../probes/probe.js", import.meta.url));
const run = promisify(execFile);

/** What the probe measured inside its process. */
export async function runProbe(name: ProbeName): Promise<Required<Timed>> {
  const { stdout } = await run(process.execPath, [file, name], { timeout: 60_000 });
  const last = stdout.trim().split("\n").at(-1) ?? "";
  return JSON.parse(last) as Required<Timed>; // printed by the probe
}
