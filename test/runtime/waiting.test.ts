/** All ways to wait, where threads do not look for their messages: without leave to, and on one core. */
import { execFile, spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { describe, expect, it } from "vitest";

const program = fileURLToPath(new URL("../fixtures/programs/all-ways.mjs", import.meta.url));
/** Part of Linux distributions; other systems have no such command. */
const hasTaskset = spawnSync("taskset", ["-c", "0", "true"]).status === 0;

async function run(command: string, ...args: string[]): Promise<unknown> {
  const env = { ...process.env, NODE_OPTIONS: "" };
  const { stdout } = await promisify(execFile)(command, args, { env });
  return JSON.parse(stdout);
}

const outcome = (cores: number): unknown => ({
  cores,
  squares: [328_350, 328_350],
  counts: [300, 400],
});

describe("tasks, actors and blocking waits", () => {
  it.each(['{"pollUs":0}', "{}"])("work with %s", async (options) => {
    expect(await run(process.execPath, program, options)).toEqual(outcome(availableParallelism()));
  });

  it.runIf(hasTaskset).each(['{"pollUs":0}', "{}"])(
    "work on one core with %s (where there is taskset)",
    async (options) => {
      expect(await run("taskset", "-c", "0", process.execPath, program, options)).toEqual(outcome(1));
    },
  );
});
