/**
 * The first worker, which the driver starts beside the node: however it ends, and whatever the driver does meanwhile,
 * it ends as every other worker would.
 */
import * as ray from "@mantajs/runtime";
import { terminateWorker, workers } from "@mantajs/runtime/testing";
import { describe, expect, it } from "vitest";

import { failure, thrown, useSession } from "./session.ts";

const once = { maxRetries: 0 };
const id = (): string => ray.getRuntimeContext().workerId;

/** Each is the first task of its session, so it runs on the first worker. */
const deaths: Record<string, { die: () => unknown; check: (error: Record<string, unknown>) => void }> = {
  "process.exit": {
    die: () => process.exit(7),
    check: (error) => {
      expect(error).toBeInstanceOf(ray.WorkerCrashedError);
      expect(error).toMatchObject({ exitCode: 7, message: expect.stringContaining("exit code 7") as string });
    },
  },
  "an error that nobody catches": {
    die: () => new Promise(() => setImmediate(() => JSON.parse("{"))),
    check: (error) => {
      expect(error).toBeInstanceOf(ray.WorkerCrashedError);
      expect((error["cause"] as Error).name).toBe("SyntaxError");
    },
  },
  "a rejection that nobody handles": {
    die: () => {
      void Promise.reject(new RangeError("of nobody"));
      return new Promise(() => undefined);
    },
    check: (error) => {
      expect(error).toBeInstanceOf(ray.WorkerCrashedError);
      expect(error["message"]).toContain("ended by an uncaught error: RangeError: of nobody");
    },
  },
  "its heap limit": {
    die: () => {
      const all: number[][] = [];
      for (;;) all.push(Array.from({ length: 10_000 }, Math.random));
    },
    check: (error) => {
      expect(error).toBeInstanceOf(ray.OutOfMemoryError);
      expect(error["message"]).toContain("reached its heap limit");
      expect((error["cause"] as Error).message).toContain("memory limit");
    },
  },
};

describe("the first worker ends by", () => {
  useSession({ numCpus: 1, workerResourceLimits: { maxOldGenerationSizeMb: 48 } });

  for (const [by, { die, check }] of Object.entries(deaths)) {
    it(`${by} while the driver waits`, async () => {
      check(await failure(ray.get(ray.remote(die, once).remote())));
      expect(await ray.get(ray.remote(() => 1).remote())).toBe(1);
    });

    it(`${by} while the driver is blocked in getSync`, () => {
      const ref = ray.remote(die, once).remote();
      check(thrown(() => ray.getSync(ref)));
      expect(ray.getSync(ray.remote(() => 1).remote())).toBe(1);
    });
  }

  it("process.exit after it has forgotten its listeners", async () => {
    const exit = ray.remote(() => {
      process.removeAllListeners("exit");
      process.exit(5);
    }, once);
    expect((await failure(ray.get(exit.remote())))["exitCode"]).toBe(5);
  });

  it("cancel(ref, { force: true }), with the driver blocked afterwards", async () => {
    const running = new Int32Array(new SharedArrayBuffer(4));
    const ref = ray
      .remote((flag: Int32Array) => {
        Atomics.store(flag, 0, 1);
        Atomics.notify(flag, 0);
        for (;;);
      }, once)
      .remote(running);
    expect(await Atomics.waitAsync(running, 0, 0).value).toBe("ok");
    ray.cancel(ref, { force: true });
    expect(thrown(() => ray.getSync(ref)).message).toContain("was ended by cancel(ref, { force: true })");
  });

  it("a kill, with the driver blocked in getSync", async () => {
    const running = new Int32Array(new SharedArrayBuffer(4));
    const ref = ray
      .remote((flag: Int32Array) => {
        Atomics.store(flag, 0, 1);
        Atomics.notify(flag, 0);
        for (;;);
      }, once)
      .remote(running);
    expect(await Atomics.waitAsync(running, 0, 0).value).toBe("ok");
    for (const { workerId } of workers()) terminateWorker(workerId);
    expect(thrown(() => ray.getSync(ref)).message).toContain("was ended by terminateWorker()");
  });

  it("process.exit while the driver computes, and others hear of it", async () => {
    const heard = new Int32Array(new SharedArrayBuffer(4));
    const gone = new Int32Array(new SharedArrayBuffer(4));
    class Watch {
      ready(): void {
        // It has a worker of the pool.
      }
      /** Once the task runs, lets it end, and waits until the node has its CPU back. */
      run(begun: Int32Array, done: Int32Array): void {
        Atomics.wait(begun, 0, 0);
        Atomics.store(begun, 0, 2);
        Atomics.notify(begun, 0);
        while ((ray.availableResources()["CPU"] ?? 0) < 1);
        Atomics.store(done, 0, 1);
      }
    }
    const watch = ray.remote(Watch, { numCpus: 0 }).remote();
    await ray.get(watch.ready.remote());
    const watching = watch.run.remote(heard, gone);
    const ref = ray
      .remote((begun: Int32Array) => {
        Atomics.store(begun, 0, 1);
        Atomics.notify(begun, 0);
        Atomics.wait(begun, 0, 1);
        process.exit(3);
      }, once)
      .remote(heard);
    await Promise.race([ray.get(watching), Atomics.waitAsync(heard, 0, 0).value]);
    while (Atomics.load(gone, 0) === 0); // Nothing of the driver runs meanwhile.
    expect((await failure(ray.get(ref)))["exitCode"]).toBe(3);
    await ray.get(watching);
    ray.kill(watch);
  });
});

describe("the first worker", () => {
  it("that cannot even start is no harm", async () => {
    const limits = { maxOldGenerationSizeMb: 1, maxYoungGenerationSizeMb: 1 };
    const warning = new Promise<Error>((resolve) => process.once("warning", resolve));
    await ray.init({ numCpus: 1, logToDriver: false, workerResourceLimits: limits });
    expect((await warning).message).toContain("end before they run anything");
    await ray.shutdown();
  });

  it("ends with a session that ends before it has begun", async () => {
    const starting = ray.init({ numCpus: 1 });
    await ray.shutdown();
    await starting.catch(() => undefined);
    expect(ray.isInitialized()).toBe(false);
    await ray.init({ numCpus: 1 });
    expect(await ray.get(ray.remote(() => 1).remote())).toBe(1);
    await ray.shutdown();
  });

  it("runs tasks of the driver and nothing else", async () => {
    await ray.init({ numCpus: 2, logToDriver: false });
    const here = ray.remote(id);
    const first = await ray.get(here.remote());
    const nested = ray.remote((task: typeof here) => ray.get(task.remote()));
    class Where {
      at(): string {
        return ray.getRuntimeContext().workerId;
      }
    }
    const actors = [{}, { isolation: "shared" as const }].map((options) =>
      ray.remote(Where, { numCpus: 0, ...options }).remote(),
    );
    const elsewhere = await ray.get([...actors.map((actor) => actor.at.remote()), nested.remote(here)]);
    expect(elsewhere).not.toContain(first);
    expect(elsewhere.every((workerId) => workerId.startsWith("worker_"))).toBe(true);
    await ray.shutdown();
  });

  it("prints like the others", async () => {
    const lines: string[] = [];
    const printed = new Promise<void>((resolve) => {
      const logToDriver = ({ stream, line }: ray.LogRecord): void => {
        lines.push(`${stream}: ${line}`);
        if (lines.length === 2) resolve();
      };
      void ray.init({ numCpus: 1, logToDriver });
    });
    const print = ray.remote(() => {
      console.log("one");
      console.error("two");
    });
    await ray.get(print.remote());
    await printed;
    expect(lines).toEqual(["stdout: one", "stderr: two"]);
    await ray.shutdown();
  });
});
