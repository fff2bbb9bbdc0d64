import * as ray from "@mantajs/runtime";
import { terminateWorker, whenIdle, workers } from "@mantajs/runtime/testing";
import { describe, expect, it } from "vitest";

import { failure, useSession } from "./session.ts";

describe("worker death", () => {
  useSession();

  it("by process.exit becomes WorkerCrashedError with the exit code", async () => {
    const exit = ray.remote((code: number) => process.exit(code), { maxRetries: 0 });
    const error = await failure(ray.get(exit.remote(42)));
    expect(error).toBeInstanceOf(ray.WorkerCrashedError);
    expect(error["exitCode"]).toBe(42);
    expect(error.message).toContain("exit code 42");
  });

  it("by an uncaught error becomes WorkerCrashedError with the error as cause", async () => {
    const uncaught = ray.remote(
      () =>
        new Promise(() => {
          setImmediate(() => {
            throw new RangeError("nobody catches this");
          });
        }),
      { maxRetries: 0 },
    );
    const error = await failure(ray.get(uncaught.remote()));
    expect(error).toBeInstanceOf(ray.WorkerCrashedError);
    expect(error.message).toContain("nobody catches this");
    expect((error.cause as Error).name).toBe("RangeError");
  });

  it("is retried maxRetries times, 3 by default", async () => {
    const attempts = new Int32Array(new SharedArrayBuffer(4));
    const die = ray.remote((counter: Int32Array): number => {
      Atomics.add(counter, 0, 1);
      process.exit(1);
    });
    await failure(ray.get(die.remote(attempts)));
    expect(Atomics.load(attempts, 0)).toBe(4);
  });

  it("heals: a retried task succeeds and the pool is whole again", async () => {
    const attempts = new Int32Array(new SharedArrayBuffer(4));
    const once = ray.remote((counter: Int32Array) => {
      if (Atomics.add(counter, 0, 1) === 0) process.exit(1);
      return "second life";
    });
    expect(await ray.get(once.remote(attempts))).toBe("second life");
    await whenIdle();
    expect(ray.availableResources()["CPU"]).toBe(2);
  });
});

describe("heap exhaustion", () => {
  useSession({ numCpus: 1, workerResourceLimits: { maxOldGenerationSizeMb: 48 } });

  it("becomes OutOfMemoryError, and the process lives on", async () => {
    const hoard = ray.remote(
      () => {
        const all: number[][] = [];
        for (;;) all.push(Array.from({ length: 10_000 }, Math.random));
      },
      { maxRetries: 0 },
    );
    const error = await failure(ray.get(hoard.remote()));
    expect(error).toBeInstanceOf(ray.OutOfMemoryError);
    expect(error.message).toContain("heap limit");
    const one = ray.remote(() => 1);
    expect(await ray.get(one.remote())).toBe(1);
  });
});

describe("workers that cannot start", () => {
  it("are tried again slowly, with a warning that says why, and shutdown still works", async () => {
    const warning = new Promise<Error>((resolve) => process.once("warning", resolve));
    await ray.init({
      numCpus: 1,
      logToDriver: false,
      workerResourceLimits: { maxOldGenerationSizeMb: 1, maxYoungGenerationSizeMb: 1 },
    });
    expect((await warning).message).toContain("end before they run anything");
    await ray.shutdown();
  });
});

describe("chaos", () => {
  useSession();

  it("500 worker kills at random moments during 20,000 tasks: every result is right", async () => {
    const tasks = 20_000;
    const kills = 500;
    const square = ray.remote((x: number) => x * x, { maxRetries: -1 });
    let refs = Array.from({ length: tasks }, (_, i) => square.remote(i));
    // A small generator of its own, so that a failure can be repeated; progress of the tasks sets the pace.
    let state = 42;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    let killed = 0;
    for (let kill = 0; kill < kills; kill++) {
      const at = Math.min(tasks - 1, Math.floor(((kill + random()) * tasks) / kills));
      const ref = refs[at];
      if (ref !== undefined) await ray.get(ref);
      let alive = workers();
      while (alive.length === 0) alive = workers(); // between the death of all and the start of new ones
      const victim = alive[Math.floor(random() * alive.length)];
      if (victim === undefined) throw new Error("no worker to kill");
      terminateWorker(victim.workerId);
      killed++;
    }
    const values = await ray.get(refs);
    expect(killed).toBe(kills);
    expect(values.findIndex((value, i) => value !== i * i)).toBe(-1);
    refs = [];
  });

  it("200 nested fan-outs on one CPU's worth of room complete", async () => {
    const leaf = ray.remote((n: number) => n);
    const fan = ray.remote(async (n: number) => {
      const parts = await ray.get([leaf.remote(n), leaf.remote(n + 1), leaf.remote(n + 2)]);
      return parts.reduce((a, b) => a + b, 0);
    });
    const sums = await ray.get(Array.from({ length: 200 }, (_, i) => fan.remote(i)));
    expect(sums).toEqual(Array.from({ length: 200 }, (_, i) => 3 * i + 3));
  });
});

describe("nested fan-outs on numCpus: 1", () => {
  useSession({ numCpus: 1 });

  it("200 complete, with few threads", async () => {
    const leaf = ray.remote((n: number) => n + 1);
    const fan = ray.remote((n: number) =>
      ray.getSync([leaf.remote(n), leaf.remote(n)]).reduce((a, b) => a + b, 0),
    );
    const sums = await ray.get(Array.from({ length: 200 }, (_, i) => fan.remote(i)));
    expect(sums).toEqual(Array.from({ length: 200 }, (_, i) => 2 * i + 2));
    // Children go before further parents, so not every parent needs a thread of its own.
    expect(workers().length).toBeLessThan(20);
  });
});
