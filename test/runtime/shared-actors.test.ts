/** Many small actors in few threads: made fast, ended fast, and nothing of them left, whatever comes in between. */
import * as ray from "@mantajs/runtime";
import { collectGarbage, terminateWorker, workers } from "@mantajs/runtime/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { failure, thrown, useSession } from "./session.ts";

const Small = ray.remote(
  class Small {
    readonly #calls: number[] = [];
    readonly #made: number;
    constructor(made = 0) {
      // For the probe below: which of them are still there?
      const known = globalThis as { small?: WeakRef<object>[] };
      (known.small ??= []).push(new WeakRef(this));
      this.#made = made;
    }
    call(n: number): number {
      this.#calls.push(n);
      return this.#made + n;
    }
    calls(): number[] {
      return this.#calls;
    }
    where(): string {
      return ray.getRuntimeContext().workerId;
    }
    /** How many of the actors of this thread were not collected. */
    async living(): Promise<number> {
      const { collectGarbage: collect } = await import("@mantajs/runtime/testing");
      // The node's answer comes behind all that it said before: ends of threads, which may bring their last words
      // (some actors more, which report to the node), and ends of actors.
      for (let turn = 0; turn < 2; turn++) {
        ray.listActors();
        await collect();
      }
      const { small = [] } = globalThis as { small?: WeakRef<object>[] };
      return small.filter((ref) => ref.deref() !== undefined).length;
    }
  },
  { isolation: "shared", numCpus: 0 },
);

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const living = (): ray.ActorInfo[] => ray.listActors().filter(({ state }) => state !== "DEAD");

/** One actor in each thread that hosts shared ones. */
async function probes(): Promise<ReturnType<typeof Small.remote>[]> {
  const found = new Map<string, ReturnType<typeof Small.remote>>();
  const hosts = workers().filter(({ state }) => state === "host").length;
  const extra: ReturnType<typeof Small.remote>[] = [];
  while (found.size < hosts) {
    const probe = Small.remote();
    const where = await ray.get(probe.where.remote());
    if (found.has(where)) extra.push(probe);
    else found.set(where, probe);
  }
  for (const actor of extra) ray.kill(actor);
  return [...found.values()];
}

describe("many shared actors", () => {
  useSession();

  it("live all at once, answer, and leave nothing when they are killed", async () => {
    const actors = times(5000, (n) => Small.remote(n));
    expect(await ray.get(actors.map((actor, n) => actor.call.remote(n)))).toEqual(times(5000, (n) => 2 * n));
    expect(living().length).toBe(5000);
    const hosts = workers().filter(({ state }) => state === "host").length;
    expect(hosts).toBe(2); // as many as CPUs, however many actors
    for (const actor of actors) ray.kill(actor);
    expect(living()).toEqual([]);
    const left = await probes();
    for (const probe of left) expect(await ray.get(probe.living.remote())).toBeLessThan(10); // probes included
    for (const probe of left) ray.kill(probe);
  });

  it("end when their handles are gone", async () => {
    await (async () => {
      const actors = times(2000, () => Small.remote());
      await ray.get(actors.map((actor) => actor.call.remote(1)));
    })();
    for (let turn = 0; turn < 200 && living().length > 0; turn++) await collectGarbage();
    expect(living()).toEqual([]);
    const left = await probes();
    for (const probe of left) expect(await ray.get(probe.living.remote())).toBeLessThan(10);
    for (const probe of left) ray.kill(probe);
  });

  it("that are killed before they are made fail their calls, and are in no thread afterwards", async () => {
    const actors = times(2000, () => Small.remote());
    const refs = actors.map((actor) => actor.call.remote(1));
    for (const actor of actors) ray.kill(actor);
    const errors = await Promise.all(refs.map((ref) => failure(ray.get(ref))));
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["MANTA_ACTOR_DIED"]));
    expect(errors[0]?.message).toMatch(/killed by kill/);
    const left = await probes();
    for (const probe of left) expect(await ray.get(probe.living.remote())).toBeLessThan(10);
    for (const probe of left) ray.kill(probe);
  });

  it("are known to the node as soon as they are made", () => {
    const actors = times(100, () => Small.remote());
    expect(living().length).toBe(100);
    for (const actor of actors) ray.kill(actor);
    expect(living().length).toBe(0);
  });

  it("can be waited for without a turn of the event loop, here and in workers", async () => {
    const actor = Small.remote(1);
    expect(ray.getSync(actor.call.remote(1))).toBe(2);
    ray.kill(actor);
    const nested = ray.remote((Class: typeof Small) => {
      const made = Class.remote(3);
      const sum = ray.getSync(made.call.remote(4));
      ray.kill(made);
      return sum;
    });
    expect(await ray.get(nested.remote(Small))).toBe(7);
  });

  it("of one run may fail one by one, each with its own error", async () => {
    const Odd = ray.remote(
      class Odd {
        constructor(n: number) {
          if (n % 2 === 1) throw new RangeError(`${n} is odd`);
        }
        fine(): boolean {
          return true;
        }
      },
      { isolation: "shared", numCpus: 0 },
    );
    const actors = times(200, (n) => Odd.remote(n));
    const refs = actors.map((actor) => actor.fine.remote());
    for (const [n, ref] of refs.entries()) {
      if (n % 2 === 0) expect(await ray.get(ref)).toBe(true);
      else {
        const error = await failure(ray.get(ref));
        expect([error.code, (error.cause as Error).message]).toEqual(["MANTA_ACTOR_DIED", `${n} is odd`]);
      }
    }
    expect(living().length).toBe(100);
    for (const actor of actors) ray.kill(actor);
  });

  it("of one class are of several when different captures are given for it", async () => {
    const step = 0; // what the class would capture if nothing were given
    class Stepper {
      #at = 0;
      next(): number {
        return (this.#at += step);
      }
    }
    // Several of each, so that each host has both.
    const actors = times(8, (at) => {
      const given = at % 3;
      return ray
        .remote(Stepper, { isolation: "shared", numCpus: 0, captures: () => ({ step: given }) })
        .remote();
    });
    expect(await ray.get(actors.map((actor) => actor.next.remote()))).toEqual(times(8, (at) => at % 3));
    for (const actor of actors) ray.kill(actor);
  });

  it("wait for arguments of their constructors, and are not made when they were killed meanwhile", async () => {
    const gate = new Int32Array(new SharedArrayBuffer(8));
    const late = ray.remote((word: Int32Array) => (Atomics.wait(word, 0, 0), 5), { numCpus: 0 });
    const Counted = ray.remote(
      class Counted {
        readonly #n: number;
        constructor(word: Int32Array, n: number) {
          Atomics.add(word, 1, 1);
          this.#n = n;
        }
        get(): number {
          return this.#n;
        }
      },
      { isolation: "shared", numCpus: 0 },
    );
    const arg = late.remote(gate);
    const kept = Counted.remote(gate, arg);
    const killed = Counted.remote(gate, arg);
    const call = killed.get.remote();
    const answer = kept.get.remote();
    await ray.get(Small.remote().call.remote(0)); // places were given by now
    ray.kill(killed);
    expect((await failure(ray.get(call))).code).toBe("MANTA_ACTOR_DIED");
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    expect(await ray.get(answer)).toBe(5);
    expect(Atomics.load(gate, 1)).toBe(1);
    ray.kill(kept);
  });

  it("keep names apart from those without, in the order of the calls", async () => {
    const Named = Small.options({ name: "one" });
    const before = times(3, () => Small.remote());
    const named = Named.remote(7);
    const after = times(3, () => Small.remote());
    expect(living().map(({ name }) => name)).toEqual([
      ...times(3, () => undefined),
      "one",
      ...times(3, () => undefined),
    ]);
    expect(thrown(() => Named.remote()).message).toMatch(/"one"/);
    const same = ray.getActor<{ call(n: number): number }>("one");
    expect(await ray.get(same.call.remote(1))).toBe(8);
    ray.kill(named);
    const again = Named.remote(70); // the name is free at once
    expect(await ray.get(again.call.remote(1))).toBe(71);
    for (const actor of [...before, ...after, again]) ray.kill(actor);
  });
});

describe("the death of a host", () => {
  useSession();

  it("takes those without restarts, restarts the others, and loses no call without a word", async () => {
    const Restarted = Small.options({ maxRestarts: -1 });
    const Retried = Small.options({ maxRestarts: -1, maxTaskRetries: -1 });
    const first = Small.remote();
    const where = await ray.get(first.where.remote());
    const mortal = times(100, () => Small.remote());
    const restarted = times(100, () => Restarted.remote());
    const retried = times(100, () => Retried.remote());
    const outcome = (ref: ray.ObjectRef<number>): Promise<string> =>
      ray.get(ref).then(
        () => "answered",
        (error: ray.MantaError) => error.code,
      );
    const calls = [mortal, restarted, retried].map((actors) => actors.map((actor) => actor.call.remote(1)));
    terminateWorker(where); // some are made by now, some are not
    const [ofMortal = [], ofRestarted = [], ofRetried = []] = await Promise.all(
      calls.map((refs) => Promise.all(refs.map(outcome))),
    );
    expect(new Set([...ofMortal, "answered", "MANTA_ACTOR_DIED"]).size).toBe(2);
    expect(new Set([...ofRestarted, "answered", "MANTA_ACTOR_UNAVAILABLE"]).size).toBe(2);
    expect(new Set(ofRetried)).toEqual(new Set(["answered"]));
    const alive = [...restarted, ...retried];
    expect(await ray.get(alive.map((actor) => actor.call.remote(2)))).toEqual(alive.map(() => 2));
    expect((await ray.get(alive.map((actor) => actor.where.remote()))).includes(where)).toBe(false);
    for (const actor of [first, ...mortal, ...alive]) ray.kill(actor);
  });

  it("of its owner, too: the actors die with the thread that made them", async () => {
    const Owner = ray.remote(
      class Owner {
        make(Class: typeof Small, count: number): ReturnType<typeof Small.remote>[] {
          return Array.from({ length: count }, () => Class.remote());
        }
        end(): never {
          process.exit(1);
        }
      },
      { numCpus: 0 },
    );
    const owner = Owner.remote();
    const actors = await ray.get(owner.make.remote(Small, 50));
    await ray.get(actors.map((actor) => actor.call.remote(1)));
    owner.make.remote(Small, 50); // and some that nobody has heard of
    const end = owner.end.remote();
    expect((await failure(ray.get(end))).code).toBe("MANTA_ACTOR_DIED");
    const errors = await Promise.all(actors.map((actor) => failure(ray.get(actor.call.remote(2)))));
    for (const error of errors) expect(error.message).toMatch(/owner/);
    expect(living()).toEqual([]);
    const left = await probes();
    for (const probe of left) expect(await ray.get(probe.living.remote())).toBeLessThan(10);
    for (const probe of left) ray.kill(probe);
  });
});

describe("calls to actors that are being made", () => {
  beforeAll(() => ray.init({ numCpus: 2, logToDriver: false }));
  afterAll(() => ray.shutdown());

  it("run in the order in which they were made, whatever their arguments wait for, kills in between included", async () => {
    const delayed = ray.remote((n: number) => n, { numCpus: 0 });
    const plan = fc.array(
      fc.record({
        late: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
        lateConstructor: fc.boolean(),
        killedAfter: fc.option(fc.nat(7), { nil: undefined }),
      }),
      { minLength: 1, maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(plan, async (actors) => {
        const arg = (n: number, isLate: boolean): number | ray.ObjectRef<number> =>
          isLate ? delayed.remote(n) : n;
        const made = actors.map(({ late, lateConstructor, killedAfter }) => {
          const actor = Small.remote(arg(0, lateConstructor));
          const refs = late.map((isLate, n) => {
            if (n === killedAfter) ray.kill(actor);
            return actor.call.remote(arg(n, isLate));
          });
          const isKilled = killedAfter !== undefined && killedAfter < late.length;
          return { actor, refs, isKilled };
        });
        for (const { actor, refs, isKilled } of made) {
          const results = await Promise.allSettled(refs.map((ref) => ray.get(ref)));
          if (isKilled) {
            // Some may have run before the end; after the first that failed, none.
            const failed = results.findIndex(({ status }) => status === "rejected");
            expect(failed).toBeGreaterThanOrEqual(0);
            expect(new Set(results.slice(failed).map(({ status }) => status)).size).toBe(1);
          } else {
            const numbers = refs.map((_, n) => n);
            expect(await ray.get(actor.calls.remote())).toEqual(numbers);
            expect(results.map((result) => (result.status === "fulfilled" ? result.value : -1))).toEqual(
              numbers,
            );
            ray.kill(actor);
          }
        }
        expect(living()).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });
});
