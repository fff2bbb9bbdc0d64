/** The same list on Ray, where Python has it. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { TimingRule } from "./measure/rate.ts";

export interface RayRate {
  readonly mean: number;
  readonly deviation: number;
}

/** By the row's name. */
export type RayRates = Readonly<Record<string, RayRate>>;

const run = promisify(execFile);
const script = fileURLToPath(new URL("../ray/microbenchmark.py", import.meta.url));

/** Ray's version, or why there is none. The script needs numpy as well. */
export async function findRay(): Promise<{ readonly version: string } | { readonly reason: string }> {
  try {
    const { stdout } = await run("python3", ["-c", "import numpy, ray; print(ray.__version__)"], {
      timeout: 60_000,
    });
    return { version: stdout.trim() };
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string }; // of execFile
    return { reason: (stderr ?? "").trim().split("\n").at(-1) || message };
  }
}

/** Starting Ray, its actors and all that is not measured, for each row. */
const OVERHEAD_MS = 60_000;

/**
 * Measures the rows of these names that Ray has; one that fails there is left out, with a line on this process's
 * standard error. @throws when the script fails or takes far too long, with what it printed
 */
export async function measureRay(
  names: readonly string[],
  cores: number,
  rule: TimingRule,
): Promise<RayRates> {
  const { stdout, stderr } = await run("python3", [script, JSON.stringify({ names, cores, ...rule })], {
    maxBuffer: 64 * 2 ** 20,
    timeout: names.length * (rule.warmUpMs + 2 * rule.windows * rule.windowMs + OVERHEAD_MS),
  });
  for (const line of stderr.split("\n")) if (line.includes(" failed: ")) console.error(line);
  const last = stdout.trim().split("\n").at(-1) ?? "";
  return JSON.parse(last) as RayRates; // printed by the script
}
