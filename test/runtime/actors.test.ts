import * as ray from "@mantajs/runtime";
import { describe, expect, it } from "vitest";

import { failure, owned, thrown, useSession } from "./session.ts";

class Counter {
  #n: number;
  constructor(n = 0) {
    this.#n = n;
  }
  add(k: number): number {
    return (this.#n += k);
  }
  fail(): never {
    throw new RangeError("no such number");
  }
  exit(code: number): never {
    process.exit(code);
  }
  leave(): never {
    ray.exitActor();
  }
  restarted(): boolean {
    return ray.getRuntimeContext().wasCurrentActorReconstructed;
  }
}

/** Async methods meet at a barrier: only an actor that interleaves them gets past it. */
class Meeting {
  #waiting: (() => void)[] = [];
  async meet(of: number): Promise<number> {
    if (this.#waiting.length + 1 >= of) for (const go of this.#waiting.splice(0)) go();
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return of;
  }
}

const shared = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(4));

const Stuck = ray.remote(
  class Stuck {
    wait(started: Int32Array, gate: Int32Array): void {
      Atomics.store(started, 0, 1);
      Atomics.notify(started, 0);
      Atomics.wait(gate, 0, 0);
    }
  },
);

for (const isolation of ["thread", "shared"] as const) {
  describe(`actors with isolation "${isolation}"`, () => {
    useSession();
    const Counters = ray.remote(Counter, { isolation });

    it("keep state between calls", async () => {
      const counter = owned(Counters.remote(10));
      expect(await ray.get([counter.add.remote(1), counter.add.remote(2)])).toEqual([11, 13]);
    });

    it("take refs as arguments of the constructor and of methods", async () => {
      const counter = owned(Counters.remote(ray.put(5)));
      expect(await ray.get(counter.add.remote(ray.put(2)))).toBe(7);
    });

    it("run the calls of one caller in the order of submission, even when an early argument comes late", async () => {
      const gate = new Int32Array(new SharedArrayBuffer(4));
      const late = ray.remote((word: Int32Array) => (Atomics.wait(word, 0, 0), 100));
      const counter = owned(Counters.remote());
      const first = counter.add.remote(late.remote(gate));
      const second = counter.add.remote(1);
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      expect(await ray.get([first, second])).toEqual([100, 101]);
    });

    it("are not harmed by an exception", async () => {
      const counter = owned(Counters.remote(1));
      const error = await failure(ray.get(counter.fail.remote()));
      expect(error).toBeInstanceOf(ray.TaskError);
      expect(error.cause).toBeInstanceOf(RangeError);
      expect(await ray.get(counter.add.remote(1))).toBe(2);
    });

    it("interleave async methods", async () => {
      const meeting = owned(ray.remote(Meeting, { isolation }).remote());
      expect(await ray.get([1, 2, 3].map(() => meeting.meet.remote(3)))).toEqual([3, 3, 3]);
    });

    it("are reachable by name, in their namespace", async () => {
      const counter = owned(ray.remote(Counter, { isolation, name: "c", namespace: "space" }).remote(1));
      await ray.get(counter.add.remote(1));
      expect(() => ray.getActor("c")).toThrow(/no living actor is named "c"/);
      const same = ray.getActor<Counter>("c", { namespace: "space" });
      expect(await ray.get(same.add.remote(1))).toBe(3);
      expect(ray.listNamedActors({ allNamespaces: true })).toEqual([{ name: "c", namespace: "space" }]);
    });

    it("refuse a name that is taken, or get the actor that has it", async () => {
      const named = ray.remote(Counter, { isolation, name: "taken" });
      const counter = owned(named.remote(1));
      expect(() => named.remote(2)).toThrow(ray.InvalidArgumentError);
      const same = named.options({ getIfExists: true }).remote(100);
      expect(await ray.get([counter.add.remote(1), same.add.remote(1)])).toEqual([2, 3]);
    });

    it("can be sent to tasks and used there", async () => {
      const counter = owned(Counters.remote());
      const bump = ray.remote(async (handle: ray.ActorHandle<Counter>, k: number) =>
        ray.get(handle.add.remote(k)),
      );
      const sums = await ray.get([bump.remote(counter, 1), bump.remote(counter, 1), bump.remote(counter, 1)]);
      expect(sums.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
    });

    it("die when killed, and say so", async () => {
      const counter = owned(Counters.remote());
      await ray.get(counter.add.remote(1));
      ray.kill(counter);
      const error = await failure(ray.get(counter.add.remote(1)));
      expect(error).toBeInstanceOf(ray.ActorDiedError);
      expect(error.message).toContain("killed by kill(actor)");
      expect(error["actorId"]).toMatch(/^actor_/);
    });

    it("that are killed in the middle of a call fail it, and those behind it", async () => {
      const { started, gate } = { started: shared(), gate: shared() };
      const stuck = owned(Stuck.options({ isolation }).remote());
      const running = stuck.wait.remote(started, gate);
      const behind = stuck.wait.remote(started, gate);
      for (let seen = 0; seen === 0; seen = Atomics.load(started, 0)) {
        await Atomics.waitAsync(started, 0, 0).value;
      }
      ray.kill(stuck);
      for (const ref of [running, behind]) {
        expect(await failure(ray.get(ref))).toBeInstanceOf(ray.ActorDiedError);
      }
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
    });

    it("end themselves with exitActor", async () => {
      const counter = owned(Counters.remote());
      const error = await failure(ray.get(counter.leave.remote()));
      expect(error).toBeInstanceOf(ray.ActorDiedError);
      expect((await failure(ray.get(counter.add.remote(1)))).message).toContain("exitActor");
    });

    it("fail for good when the constructor raises", async () => {
      class Broken {
        constructor() {
          throw new TypeError("cannot be");
        }
        use(): number {
          return 1;
        }
      }
      const broken = owned(ray.remote(Broken, { isolation, maxRestarts: 5 }).remote());
      const error = await failure(ray.get(broken.use.remote()));
      expect(error).toBeInstanceOf(ray.ActorDiedError);
      expect(error.cause).toBeInstanceOf(TypeError);
    });
  });
}

describe("actors whose worker dies", () => {
  useSession();

  it("take their calls with them, with the exit code in the reason", async () => {
    const counter = owned(ray.remote(Counter).remote());
    const error = await failure(ray.get(counter.exit.remote(7)));
    expect(error).toBeInstanceOf(ray.ActorDiedError);
    expect(error.message).toContain("exit code 7");
  });

  it("restart with fresh state while maxRestarts lasts", async () => {
    const counter = owned(ray.remote(Counter, { maxRestarts: 1, maxTaskRetries: 0 }).remote(10));
    expect(await ray.get(counter.add.remote(5))).toBe(15);
    expect(await ray.get(counter.restarted.remote())).toBe(false);
    const error = await failure(ray.get(counter.exit.remote(1)));
    expect(error).toBeInstanceOf(ray.ActorUnavailableError);
    const later = counter.add.options({ maxTaskRetries: -1 });
    expect(await ray.get(later.remote(5))).toBe(15);
    expect(await ray.get(counter.restarted.remote())).toBe(true);
    await failure(ray.get(counter.exit.remote(1)));
    expect(await failure(ray.get(counter.add.remote(1)))).toBeInstanceOf(ray.ActorDiedError);
  });

  it("send interrupted calls again, in order, with maxTaskRetries", async () => {
    class Fragile {
      readonly seen: number[] = [];
      step(i: number, word: Int32Array): number[] {
        if (i === 2 && Atomics.add(word, 0, 1) === 0) process.exit(1);
        this.seen.push(i);
        return this.seen;
      }
    }
    const word = new Int32Array(new SharedArrayBuffer(4));
    const fragile = owned(ray.remote(Fragile, { maxRestarts: 1, maxTaskRetries: 1 }).remote());
    const refs = [1, 2, 3].map((i) => fragile.step.remote(i, word));
    const last = refs[2];
    if (last === undefined) throw new Error("no ref");
    // Call 1 had answered before the crash; 2 and 3 were under way and run in order on the new instance.
    expect(await ray.get(last)).toEqual([2, 3]);
  });

  it("can be killed with a restart", async () => {
    const counter = owned(ray.remote(Counter, { maxRestarts: 1, maxTaskRetries: -1 }).remote(1));
    expect(await ray.get(counter.add.remote(1))).toBe(2);
    ray.kill(counter, { noRestart: false });
    expect(await ray.get(counter.add.remote(1))).toBe(2);
  });
});

describe("limits of actors", () => {
  useSession();

  it("maxPendingCalls refuses further calls at submission", async () => {
    const gate = new Int32Array(new SharedArrayBuffer(4));
    class Slow {
      wait(word: Int32Array): void {
        Atomics.wait(word, 0, 0);
      }
    }
    const slow = owned(ray.remote(Slow, { maxPendingCalls: 2 }).remote());
    const refs = [slow.wait.remote(gate), slow.wait.remote(gate)];
    expect(thrown(() => slow.wait.remote(gate))).toBeInstanceOf(ray.PendingCallsLimitExceededError);
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await ray.get(refs);
    await ray.get(slow.wait.remote(gate));
  });

  it("an actor whose handles are all gone ends and gives its resources back", async () => {
    const { collectGarbage, whenIdle } = await import("@mantajs/runtime/testing");
    await (async () => {
      const counter = ray.remote(Counter, { numCpus: 1 }).remote();
      expect(await ray.get(counter.add.remote(1))).toBe(1);
    })();
    const idle = whenIdle();
    for (let turn = 0; turn < 50; turn++) await collectGarbage();
    await idle;
    expect(ray.availableResources()["CPU"]).toBe(2);
  });
});
