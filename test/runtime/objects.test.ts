import * as ray from "@mantajs/runtime";
import { collectGarbage } from "@mantajs/runtime/testing";
import { describe, expect, it } from "vitest";

import { failure, thrown, useSession } from "./session.ts";

/** A task that ends when the word is set. */
const held = ray.remote((word: Int32Array, value: number) => (Atomics.wait(word, 0, 0), value));
const newWord = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));
const release = (word: Int32Array): void => {
  Atomics.store(word, 0, 1);
  Atomics.notify(word, 0);
};

describe("put and get", () => {
  useSession();

  it("give back an equal value, not the same one", async () => {
    const value = { a: [1, 2, { b: new Date(0) }], m: new Map([["k", new Set([1])]]) };
    const back = await ray.get(ray.put(value));
    expect(back).toEqual(value);
    expect(back).not.toBe(value);
  });

  it("take a snapshot", async () => {
    const value = { n: 1, big: new Float64Array(100_000) };
    const ref = ray.put(value);
    value.n = 2;
    value.big[0] = 7;
    expect(await ray.get(ref)).toMatchObject({ n: 1 });
    expect((await ray.get(ref)).big[0]).toBe(0);
  });

  it("read large arrays without a copy, in every thread from the same memory", async () => {
    const ref = ray.put(new Float32Array(1_000_000).fill(2));
    const [a, b] = await ray.get([ref, ref]);
    expect(a?.buffer).toBeInstanceOf(SharedArrayBuffer);
    // The same memory behind both views: a write through one is seen through the other.
    if (a === undefined || b === undefined) throw new Error("no value");
    a[5] = 42;
    expect(b[5]).toBe(42);
    const read = ray.remote((array: Float32Array) => array[5]);
    expect(await ray.get(read.remote(ref))).toBe(42);
  });

  it("count the bytes of large objects, and free them with `using`", async () => {
    {
      using ref = ray.put(new Uint8Array(10_000_000));
      expect(ray.objectStoreBytes()).toBe(10_000_000);
      expect((await ray.get(ref)).length).toBe(10_000_000);
    }
    expect(ray.objectStoreBytes()).toBe(0);
  });

  it("free what is no longer reachable", async () => {
    await (async () => {
      const ref = ray.put(new Uint8Array(5_000_000));
      await ray.get(ref);
    })();
    for (let turn = 0; turn < 20 && ray.objectStoreBytes() > 0; turn++) await collectGarbage();
    expect(ray.objectStoreBytes()).toBe(0);
  });

  it("keep a borrowed object alive while another thread holds its ref", async () => {
    class Keeper {
      #ref: ray.ObjectRef<Uint8Array> | undefined;
      keep(box: { ref: ray.ObjectRef<Uint8Array> }): void {
        this.#ref = box.ref;
      }
      async size(): Promise<number> {
        if (this.#ref === undefined) throw new Error("nothing kept");
        return (await ray.get(this.#ref)).length;
      }
    }
    const keeper = ray.remote(Keeper).remote();
    await (async () => {
      await ray.get(keeper.keep.remote({ ref: ray.put(new Uint8Array(2_000_000)) }));
    })();
    for (let turn = 0; turn < 5; turn++) await collectGarbage();
    expect(ray.objectStoreBytes()).toBe(2_000_000);
    expect(await ray.get(keeper.size.remote())).toBe(2_000_000);
    ray.kill(keeper);
  });

  it("reject as soon as one of many has failed", async () => {
    const word = newWord();
    const slow = held.remote(word, 1);
    const boom = ray.remote((): number => {
      throw new Error("now");
    });
    expect(await failure(ray.get([slow, boom.remote()]))).toBeInstanceOf(ray.TaskError);
    release(word);
    await ray.get(slow);
  });

  it("time out, naming what is missing", async () => {
    const word = newWord();
    const ref = held.remote(word, 1);
    const error = await failure(ray.get(ref, { timeoutMs: 0 }));
    expect(error).toBeInstanceOf(ray.GetTimeoutError);
    expect(error.message).toContain(ref.id);
    expect(thrown(() => ray.getSync(ref, { timeoutMs: 1 }))).toBeInstanceOf(ray.GetTimeoutError);
    release(word);
    expect(await ray.get(ref)).toBe(1);
  });

  it("reject with the signal's reason, before and during the wait", async () => {
    const word = newWord();
    const ref = held.remote(word, 1);
    const reason = new Error("enough");
    expect(await failure(ray.get(ref, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const controller = new AbortController();
    const waiting = ray.get(ref, { signal: controller.signal });
    controller.abort(reason);
    expect(await failure(waiting)).toBe(reason);
    release(word);
    expect(await ray.get(ref)).toBe(1);
  });

  it("lose the objects of a worker that died, and say whose they were", async () => {
    class Owner {
      make(): { ref: ray.ObjectRef<string> } {
        return { ref: ray.put("mine") };
      }
    }
    const owner = ray.remote(Owner).remote();
    const { ref } = await ray.get(owner.make.remote());
    ray.kill(owner);
    await failure(ray.get(owner.make.remote()));
    const error = await failure(ray.get(ref));
    expect(error).toBeInstanceOf(ray.OwnerDiedError);
    expect(error).toBeInstanceOf(ray.ObjectLostError);
  });

  it("refuse what is not a ref", () => {
    // @ts-expect-error a number is no ref
    expect(() => ray.getSync(5)).toThrow(/must be an ObjectRef, got 5/);
    // @ts-expect-error a ref is no value
    expect(() => ray.put(ray.put(1)) satisfies never).toThrow(ray.InvalidArgumentError);
  });
});

describe("wait", () => {
  useSession();

  it("gives the ready refs and the others, each in input order", async () => {
    const word = newWord();
    const slow = held.remote(word, 1);
    const [a, b] = [ray.put(1), ray.put(2)];
    const [ready, notReady] = await ray.wait([slow, a, b], { numReturns: 2 });
    expect([ready, notReady]).toEqual([[a, b], [slow]]);
    expect(ready[0]).toBe(a);
    release(word);
    expect((await ray.wait([slow]))[0]).toEqual([slow]);
  });

  it("returns what is ready when the time is up", async () => {
    const word = newWord();
    const slow = held.remote(word, 1);
    expect(await ray.wait([slow], { timeoutMs: 0 })).toEqual([[], [slow]]);
    release(word);
    await ray.get(slow);
  });

  it("refuses duplicates and impossible counts", async () => {
    const ref = ray.put(1);
    expect((await failure(ray.wait([ref, ref]))).message).toContain("more than once");
    expect((await failure(ray.wait([ref], { numReturns: 2 }))).message).toContain("numReturns");
    expect(await ray.wait([])).toEqual([[], []]);
  });
});

describe("cancel", () => {
  useSession({ numCpus: 1 });

  it("keeps a task from running that has not begun", async () => {
    const word = newWord();
    const ran = newWord();
    const first = held.remote(word, 1);
    const mark = ray.remote((flag: Int32Array) => void Atomics.add(flag, 0, 1));
    const second = mark.remote(ran);
    ray.cancel(second);
    expect(await failure(ray.get(second))).toBeInstanceOf(ray.TaskCancelledError);
    release(word);
    await ray.get(first);
    await ray.get(mark.remote(newWord()));
    expect(Atomics.load(ran, 0)).toBe(0);
  });

  it("aborts the signal of an async task, and what it waits for", async () => {
    const started = newWord();
    const task = ray.remote(async (flag: Int32Array) => {
      const { signal } = ray.getRuntimeContext();
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      Atomics.store(flag, 0, 2);
      Atomics.notify(flag, 0);
    });
    const ref = task.remote(started);
    await Atomics.waitAsync(started, 0, 0).value;
    ray.cancel(ref);
    expect(await failure(ray.get(ref))).toBeInstanceOf(ray.TaskCancelledError);
    await Atomics.waitAsync(started, 0, 1).value;
    expect(Atomics.load(started, 0)).toBe(2);
  });

  describe("of a task that has submitted others", () => {
    /** Says 1 when it runs, and 2 when it was cancelled. */
    async function untilAborted(flag: Int32Array): Promise<void> {
      const say = (what: number): void => {
        Atomics.store(flag, 0, what);
        Atomics.notify(flag, 0);
      };
      const { signal } = ray.getRuntimeContext();
      const aborted = new Promise((resolve) => signal?.addEventListener("abort", resolve));
      say(1);
      await aborted;
      say(2);
    }
    class Patient {
      untilAborted(flag: Int32Array): Promise<void> {
        return untilAborted(flag);
      }
    }
    const says = async (flag: Int32Array, before: number): Promise<void> => {
      await Atomics.waitAsync(flag, 0, before).value;
    };

    it("reaches what runs, what an actor does, what waits for a worker and what waits for an argument", async () => {
      const [running, called, ran] = [newWord(), newWord(), newWord()];
      const wait = ray.remote(untilAborted);
      const mark = ray.remote((flag: Int32Array, _after?: unknown) => void Atomics.add(flag, 0, 1));
      const Waiter = ray.remote(Patient, { numCpus: 0 });
      const parent = ray.remote(async (...[runs, isCalled, marks]: Int32Array[]) => {
        if (runs === undefined || isCalled === undefined || marks === undefined) throw new TypeError();
        const actor = Waiter.remote();
        const first = wait.remote(runs); // has the only CPU while the parent waits
        await ray.get([
          first,
          actor.untilAborted.remote(isCalled),
          mark.remote(marks),
          mark.remote(marks, first),
        ]);
      });
      const ref = parent.remote(running, called, ran);
      await says(running, 0);
      await says(called, 0);
      ray.cancel(ref);
      expect(await failure(ray.get(ref))).toBeInstanceOf(ray.TaskCancelledError);
      await says(running, 1);
      await says(called, 1);
      expect([running[0], called[0]]).toEqual([2, 2]);
      await ray.get(mark.remote(newWord())); // whatever was queued before would have run
      expect(ran[0]).toBe(0);
    });

    it("leaves them alone without `recursive`", async () => {
      const [started, go, done] = [newWord(), newWord(), newWord()];
      const child = ray.remote((begins: Int32Array, end: Int32Array, after: Int32Array) => {
        Atomics.store(begins, 0, 1);
        Atomics.notify(begins, 0);
        Atomics.wait(end, 0, 0);
        Atomics.store(after, 0, 1);
        Atomics.notify(after, 0);
      });
      const parent = ray.remote(async (...words: [Int32Array, Int32Array, Int32Array]) => {
        await ray.get(child.remote(...words));
      });
      const ref = parent.remote(started, go, done);
      await says(started, 0);
      ray.cancel(ref, { recursive: false });
      expect(await failure(ray.get(ref))).toBeInstanceOf(ray.TaskCancelledError);
      release(go);
      await says(done, 0);
      expect(done[0]).toBe(1);
    });
  });

  it("ends the worker with force", async () => {
    const started = newWord();
    const forever = ray.remote((flag: Int32Array) => {
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
      for (;;);
    });
    const ref = forever.remote(started);
    await Atomics.waitAsync(started, 0, 0).value;
    ray.cancel(ref, { force: true });
    const error = await failure(ray.get(ref));
    expect(error).toBeInstanceOf(ray.WorkerCrashedError);
    expect(error.message).toContain("force: true");
  });
});
