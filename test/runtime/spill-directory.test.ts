import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";

import * as ray from "@mantajs/runtime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const MIB = 1024 * 1024;

interface Spiller {
  readonly process: ChildProcess;
  /** The name of its directory. */
  readonly name: string;
}

describe("the spill directory of a process that a signal ended", () => {
  let parent: string;
  let processes: ChildProcess[];

  beforeEach(() => {
    parent = fs.mkdtempSync(path.join(os.tmpdir(), "spill-test-"));
    processes = [];
  });
  afterEach(async () => {
    await ray.shutdown();
    await Promise.all(processes.map((process) => ended(process, "SIGKILL")));
    fs.rmSync(parent, { recursive: true });
  });

  /** A process that has spilled objects, and waits for its end. */
  async function startSpiller(): Promise<Spiller> {
    const program = `
      import fs from "node:fs";
      import * as ray from ${JSON.stringify(import.meta.resolve("@mantajs/runtime"))};
      const spillDirectory = ${JSON.stringify(parent)};
      await ray.init({ numCpus: 1, objectStoreMemory: ${2 * MIB}, spillDirectory });
      globalThis.refs = Array.from({ length: 4 }, () => ray.put(new Uint8Array(${MIB})));
      const mine = fs.readdirSync(spillDirectory).find((name) => name.includes(ray.getRuntimeContext().sessionId));
      console.log(mine);
      process.stdin.resume();`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    processes.push(child);
    return { process: child, name: await firstLine(child.stdout) };
  }

  async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<NodeJS.Signals | null> {
    if (child.exitCode !== null || child.signalCode !== null) return child.signalCode;
    const exit = once(child, "exit");
    child.kill(signal);
    await exit;
    return child.signalCode;
  }

  it("goes at the next init, and those of living processes stay", async () => {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const;
    const living = await startSpiller();
    const dead = await Promise.all(signals.map(() => startSpiller()));
    for (const [index, signal] of signals.entries()) {
      const spiller = dead[index];
      if (spiller !== undefined) expect(await ended(spiller.process, signal)).toBe(signal);
    }
    const names = [living, ...dead].map(({ name }) => name);
    expect(fs.readdirSync(parent).toSorted()).toEqual(names.toSorted());
    await ray.init({ numCpus: 1, spillDirectory: parent });
    expect(fs.readdirSync(parent)).toEqual([living.name]);
    const files = fs.readdirSync(path.join(parent, living.name), { recursive: true, withFileTypes: true });
    expect(files.filter((entry) => entry.isFile()).length).toBeGreaterThan(0);
  });

  it("is all that goes: not what others can write to, links, files, and what comes from elsewhere", async () => {
    const spiller = await startSpiller();
    await ended(spiller.process, "SIGTERM");
    const [, place = "", pid = ""] = spiller.name.split("-");
    const name = (id: string, where = place): string => `manta-${where}-${pid}-session_${id}_1`;
    const target = path.join(parent, "target");
    const kept = [
      name("open"),
      name("here", "elsewhere.1"),
      "target",
      name("link"),
      name("file"),
      "manta-mine",
    ];
    const [open = "", elsewhere = "", , link = "", file = "", mine = ""] = kept.map((each) =>
      path.join(parent, each),
    );
    fs.mkdirSync(open, { mode: 0o755 });
    for (const directory of [elsewhere, target, mine]) fs.mkdirSync(directory, { mode: 0o700 });
    fs.symlinkSync(target, link);
    fs.writeFileSync(file, "", { mode: 0o700 });
    await ray.init({ numCpus: 1, spillDirectory: parent });
    expect(fs.readdirSync(parent).toSorted()).toEqual(kept.toSorted());
  });
});

async function firstLine(stream: Readable): Promise<string> {
  let text = "";
  stream.setEncoding("utf8");
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.includes("\n")) return text.slice(0, text.indexOf("\n"));
  }
  throw new Error(`the process printed no line: ${text}`);
}
