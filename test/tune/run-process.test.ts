import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const dist = resolve(dirname(fileURLToPath(import.meta.url)), "../../packages/tune/dist");
const storagePath = mkdtempSync(join(tmpdir(), "manta-process-"));
afterAll(() => rmSync(storagePath, { recursive: true }));

/** A program whose one trial blocks its thread after the first report, which the program then prints. */
const program = `
  import * as ray from "@mantajs/runtime";
  import { run } from "${dist}/run.js";
  import { report } from "${dist}/session.js";
  process.on("SIGINT", () => process.stdout.write("interrupted\\n"));
  await ray.init({ numCpus: 1 });
  const analysis = await run(
    async (config) => {
      await report({ epoch: 1 });
      while (config.blocks) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    },
    {
      name: process.argv[1], storagePath: ${JSON.stringify(storagePath)}, verbose: 0, config: { blocks: true },
      gracePeriodS: Number(process.argv[2]),
      callbacks: [{ onTrialResult: () => void process.stdout.write("reported\\n") }],
    },
  );
  console.log(JSON.stringify(analysis.trials.map((trial) => [trial.status, trial.lastResult.epoch])));
  await ray.shutdown();
`;

function start(name: string, gracePeriodS: number) {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, name, String(gracePeriodS)], {
    cwd: dist,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => (output += text));
  const exited = once(child, "exit");
  const printed = (word: string) =>
    new Promise<void>((resolve, reject) => {
      const look = (): void => (output.includes(word) ? resolve() : undefined);
      child.stdout.on("data", look);
      child.once("exit", (code) => reject(new Error(`the program ended with ${code} before it ${word}`)));
      look();
    });
  return { child, printed, exited, output: () => output };
}

describe("Ctrl-C in a process", () => {
  it("ends a blocked trial after the grace period, and the program goes on with the analysis", async () => {
    const { child, printed, exited, output } = start("once", 0.1);
    await printed("reported");
    child.kill("SIGINT");
    expect(await exited).toEqual([0, null]);
    expect(output()).toContain('[["PAUSED",1]]');
  });

  it("ends the process at once the second time; what was reported is in the journal", async () => {
    const { child, printed, exited, output } = start("twice", 3600);
    await printed("reported");
    child.kill("SIGINT");
    await printed("interrupted");
    child.kill("SIGINT");
    expect(await exited).toEqual([130, null]);
    expect(output()).not.toContain("PAUSED");
    const journal = readFileSync(join(storagePath, "twice", "journal.jsonl"), "utf8")
      .trimEnd()
      .split("\n");
    expect(journal.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(
      expect.arrayContaining(["trial", "start", "result"]),
    );
    expect(readdirSync(join(storagePath, "twice"))).toContain("journal.jsonl");
  });
});

describe("what a worker loads", () => {
  it.each(["session.js", "execution/trial-runner.js", "execution/report-mailbox.js", "run.js", "tuner.js"])(
    "%s leaves heavy modules out until they are needed",
    (entry) => {
      const packages = new Set<string>();
      const seen = new Set<string>();
      const visit = (file: string): void => {
        if (seen.has(file)) return;
        seen.add(file);
        for (const [, from = ""] of readFileSync(file, "utf8").matchAll(
          /^(?:import|export) .*?from "([^"]+)";$/gm,
        )) {
          if (from.startsWith(".")) visit(resolve(dirname(file), from));
          else if (!from.startsWith("node:")) packages.add(from);
        }
      };
      visit(join(dist, entry));
      expect([...packages].filter((name) => name !== "@mantajs/runtime")).toEqual([]);
    },
  );
});
