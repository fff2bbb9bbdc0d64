import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

import * as ray from "@mantajs/runtime";
import { whenIdle, workers } from "@mantajs/runtime/testing";
import { describe, expect, it } from "vitest";

const fixtures = fileURLToPath(new URL("../fixtures/programs/", import.meta.url));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of its own to its end; if it hung, so would the test, up to its limit. */
function run(file: string, ...flags: string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, path.join(fixtures, file)], {
      env: { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "" },
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk) => (stdout += String(chunk)));
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

describe("a program", () => {
  it("starts Manta at the first remote() and exits by itself without shutdown", async () => {
    const { code, stdout, stderr } = await run("auto-init.mjs");
    expect(stderr).toBe("");
    expect(stdout).toContain("result 49");
    expect(code).toBe(0);
  });

  it("sees what workers print, with the name of the task or actor", async () => {
    const { code, stdout, stderr } = await run("prints.mjs");
    expect(stdout).toContain("(speak) from a task");
    expect(stdout).toContain("(Speaker) from an actor");
    expect(stdout).toContain("(Speaker) no newline at the end");
    expect(stderr).toContain("(speak) to stderr");
    expect(code).toBe(0);
  });

  it("exits by itself although tasks are unfinished that nobody waits for", async () => {
    const { code } = await run("unfinished.mjs");
    expect(code).toBe(0);
  });

  it("can shut down while calls are awaited, which then fail", async () => {
    const { code, stdout } = await run("shutdown-while-waiting.mjs");
    expect(JSON.parse(stdout)).toEqual(["MANTA_RUNTIME_SHUTDOWN", "MANTA_RUNTIME_SHUTDOWN"]);
    expect(code).toBe(0);
  });

  it("runs under tsx, with captured variables, imports and private fields", async () => {
    const { code, stdout, stderr } = await run("typescript.ts", "--import", "tsx");
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toEqual({
      captured: 52,
      helper: "hello Manta",
      counter: [11, 13],
      line: true,
    });
    expect(code).toBe(0);
  });
});

describe("shutdown", () => {
  it("fails what is unfinished and ends all threads, and a new session can start", async () => {
    await ray.init({ numCpus: 1, logToDriver: false });
    const word = new Int32Array(new SharedArrayBuffer(4));
    const block = ray.remote((flag: Int32Array) => void Atomics.wait(flag, 0, 0));
    const pending = ray.get(block.remote(word)).then(
      () => undefined,
      (error: unknown) => error,
    );
    await ray.shutdown();
    expect(await pending).toBeInstanceOf(ray.RuntimeShutdownError);
    expect(ray.isInitialized()).toBe(false);
    await ray.shutdown(); // does nothing
    await ray.init({ numCpus: 1, logToDriver: false });
    const one = ray.remote(() => 1);
    expect(await ray.get(one.remote())).toBe(1);
    await ray.shutdown();
  });

  it("comes with the end of the scope of `await using`", async () => {
    {
      await using session = await ray.init({ numCpus: 1, namespace: "mine" });
      expect(session.namespace).toBe("mine");
      expect(ray.isInitialized()).toBe(true);
    }
    expect(ray.isInitialized()).toBe(false);
  });
});

describe("workers beyond the pool", () => {
  it("end when they are idle, but not those that own actors", async () => {
    await ray.init({ numCpus: 1, idleWorkerMs: 0, logToDriver: false });
    class Counter {
      #n = 0;
      next(): number {
        return ++this.#n;
      }
    }
    const Shared = ray.remote(Counter, { numCpus: 0 });
    // Each waits for the one inside, so that all run at once, each in a worker of its own. The innermost owns nothing.
    const nested = ray.remote(async (depth: number): Promise<ray.ActorHandle<Counter>[]> => {
      if (depth === 0) return [];
      const own = Shared.remote();
      await ray.get(own.next.remote());
      return [own, ...(await ray.get(nested.remote(depth - 1)))];
    });
    const counters = await ray.get(nested.remote(3));
    const idle = (): number => workers().filter(({ state }) => state === "idle").length;
    while (idle() > 3) await whenIdle();
    expect(await ray.get(counters.map((counter) => counter.next.remote()))).toEqual([2, 2, 2]);
    expect(ray.listActors().map(({ state }) => state)).toEqual(["ALIVE", "ALIVE", "ALIVE"]);
    await ray.shutdown();
  });
});
