import * as ray from "@mantajs/runtime";
import { describe, expect, it } from "vitest";

import { failure, useSession } from "./session.ts";

const square = ray.remote((x: number) => x * x);

describe("tasks", () => {
  useSession();

  it("run on a worker and give their result through a ref", async () => {
    expect(await ray.get(square.remote(4))).toBe(16);
  });

  it("run on other threads than the driver", async () => {
    const here = ray.getRuntimeContext().workerId;
    const whereAmI = ray.remote(() => ray.getRuntimeContext().workerId);
    expect(await ray.get(whereAmI.remote())).not.toBe(here);
  });

  it("accept refs as arguments and see their values", async () => {
    expect(await ray.get(square.remote(square.remote(3)))).toBe(81);
  });

  it("pass refs inside values on as refs", async () => {
    const isRef = ray.remote((box: { ref: ray.ObjectRef<number> }) => ray.get(box.ref).then((n) => n + 1));
    expect(await ray.get(isRef.remote({ ref: ray.put(41) }))).toBe(42);
  });

  it("may return a ref, which is not fetched", async () => {
    const make = ray.remote(() => ray.put("inner"));
    const inner = await ray.get(make.remote());
    expect(inner).toBeInstanceOf(ray.ObjectRef);
    expect(await ray.get(inner)).toBe("inner");
  });

  it("capture variables and imports", async () => {
    const base = 10;
    const add = ray.remote((x: number) => x + base);
    expect(await ray.get(add.remote(1))).toBe(11);
  });

  it("keep the order of many results", async () => {
    const refs = Array.from({ length: 500 }, (_, i) => square.remote(i));
    expect(await ray.get(refs)).toEqual(refs.map((_, i) => i * i));
  });

  it("return several values with numReturns", async () => {
    const divide = ray.remote((a: number, b: number): [number, number] => [Math.floor(a / b), a % b], {
      numReturns: 2,
    });
    const [quotient, rest] = divide.remote(17, 5);
    expect(await ray.get([quotient, rest])).toEqual([3, 2]);
  });

  it("fail when they return another number of values than numReturns says", async () => {
    const wrong = ray.remote(() => [1, 2, 3], { numReturns: 2 });
    const [first] = wrong.remote();
    if (first === undefined) throw new Error("no ref");
    expect((await failure(ray.get(first))).message).toContain("numReturns: 2");
  });

  it("start other tasks and wait for them on one CPU without deadlock", async () => {
    const sum = ray.remote(async (n: number) => {
      const parts = await ray.get(Array.from({ length: n }, (_, i) => square.remote(i)));
      return parts.reduce((a, b) => a + b, 0);
    });
    expect(await ray.get([sum.remote(3), sum.remote(4), sum.remote(5)])).toEqual([5, 14, 30]);
  });

  it("can block in getSync", async () => {
    const sum = ray.remote((n: number) => ray.getSync(square.remote(n)) + 1);
    expect(await ray.get(sum.remote(6))).toBe(37);
    expect(ray.getSync(sum.remote(7))).toBe(50);
  });

  it("run recursively", async () => {
    const factorial: ray.RemoteFunction<(n: number) => Promise<number>> = ray.remote(
      async (n: number): Promise<number> => (n <= 1 ? 1 : n * (await ray.get(factorial.remote(n - 1)))),
    );
    expect(await ray.get(factorial.remote(10))).toBe(3628800);
  });
});

describe("errors of tasks", () => {
  useSession();

  it("arrive as TaskError with the user's error as cause", async () => {
    const boom = ray.remote(function boom(): number {
      throw new RangeError("too far");
    });
    const error = await failure(ray.get(boom.remote()));
    expect(error).toBeInstanceOf(ray.TaskError);
    expect(error.code).toBe("MANTA_TASK_FAILED");
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error["taskName"]).toBe("boom");
  });

  it("have a stack that points at the user's file", async () => {
    const boom = ray.remote(() => {
      throw new Error("here");
    });
    const { cause } = await failure(ray.get(boom.remote()));
    expect(cause).toBeInstanceOf(Error);
    expect((cause as Error).stack).toMatch(/tasks\.test\.ts:\d+/);
  });

  it("reach the tasks that depend on them, without running those", async () => {
    const boom = ray.remote((): number => {
      throw new Error("first");
    });
    const error = await failure(ray.get(square.remote(boom.remote())));
    expect(error).toBeInstanceOf(ray.TaskError);
    expect(error.cause).toMatchObject({ message: "first" });
  });

  it("are not retried unless asked for, and then within maxRetries", async () => {
    const attempts = new Int32Array(new SharedArrayBuffer(4));
    const flaky = ray.remote((counter: Int32Array) => {
      if (Atomics.add(counter, 0, 1) < 2) throw new TypeError("again");
      return "made it";
    });
    await failure(ray.get(flaky.remote(attempts)));
    expect(Atomics.load(attempts, 0)).toBe(1);
    Atomics.store(attempts, 0, 0);
    expect(await ray.get(flaky.options({ retryExceptions: true }).remote(attempts))).toBe("made it");
    expect(Atomics.load(attempts, 0)).toBe(3);
    Atomics.store(attempts, 0, 0);
    await failure(ray.get(flaky.options({ retryExceptions: [RangeError] }).remote(attempts)));
    expect(Atomics.load(attempts, 0)).toBe(1);
  });

  it("name the path of an argument that cannot be carried, at the call", () => {
    const take = ray.remote((value: { deep: unknown }) => typeof value);
    expect(() => take.remote({ deep: Promise.resolve() })).toThrow(ray.SerializationError);
    expect(() => take.remote({ deep: Promise.resolve() })).toThrow(/args\[0\]\.deep/);
  });

  it("name the path of a return value that cannot be carried", async () => {
    const give = ray.remote(() => ({ inner: new WeakMap() }));
    const error = await failure(ray.get(give.remote()));
    expect(error).toBeInstanceOf(ray.SerializationError);
    expect(error.message).toContain(".inner");
  });
});

describe("tasks that were sent ahead to a busy worker", () => {
  /** Two words: the gate, and how many tasks have run. */
  const words = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));
  const tick = ray.remote((shared: Int32Array) => Atomics.add(shared, 1, 1));
  const gate = ray.remote((shared: Int32Array) => void Atomics.wait(shared, 0, 0));
  const open = (shared: Int32Array): void => {
    Atomics.store(shared, 0, 1);
    Atomics.notify(shared, 0);
  };
  /** Short tasks teach the submitter to send many ahead. */
  const learn = async (shared: Int32Array): Promise<void> => {
    await ray.get(Array.from({ length: 200 }, () => tick.remote(shared)));
    Atomics.store(shared, 1, 0);
  };

  describe("on one CPU", () => {
    useSession({ numCpus: 1 });

    it("do not run when they are cancelled before they begin, and the others do", async () => {
      const shared = words();
      await learn(shared);
      const blocked = gate.remote(shared);
      const ticks = Array.from({ length: 6 }, () => tick.remote(shared));
      const [first, second] = ticks;
      if (first === undefined || second === undefined) throw new Error("no tasks");
      ray.cancel(first);
      ray.cancel(second, { force: true });
      open(shared);
      await ray.get([blocked, ...ticks.slice(2)]);
      expect(Atomics.load(shared, 1)).toBe(4);
      for (const ref of [first, second]) {
        expect(await failure(ray.get(ref))).toBeInstanceOf(ray.TaskCancelledError);
      }
    });
  });

  // Without a pause, leases are taken back from those who have parked them again and again.
  describe.each([1000, 0])("on two CPUs, with surplus workers that end after %s ms", (idleWorkerMs) => {
    useSession({ numCpus: 2, idleWorkerMs });

    it("are taken back by a worker that is free", async () => {
      const shared = words();
      for (let round = 0; round < 10; round++) {
        await learn(shared);
        const blocked = gate.remote(shared);
        const ticks = Array.from({ length: 40 }, () => tick.remote(shared));
        await ray.get(ticks); // while the gate is shut
        expect(Atomics.load(shared, 0)).toBe(0);
        open(shared);
        await ray.get(blocked);
        Atomics.store(shared, 0, 0);
      }
    });
  });
});
