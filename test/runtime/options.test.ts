import os from "node:os";

import * as ray from "@mantajs/runtime";
import { describe, expect, it } from "vitest";

import { failure, useSession } from "./session.ts";

const nonsense = (value: unknown): never => value as never;

describe("init", () => {
  const bad: readonly (readonly [option: string, value: unknown])[] = [
    ["numCpus", 0],
    ["numCpus", -1],
    ["numCpus", 1.5],
    ["numCpus", "4"],
    ["numCpus", Number.NaN],
    ["numGpus", -1],
    ["numGpus", 1.5],
    ["resources", 5],
    ["resources", { CPU: 1 }],
    ["resources", { licence: -1 }],
    ["resources", { licence: 0.00001 }],
    ["objectStoreMemory", 1],
    ["objectStoreMemory", os.totalmem() + 1],
    ["objectStoreMemory", 2 ** 55],
    ["objectStoreMemory", Number.NaN],
    ["namespace", ""],
    ["ignoreReinitError", "yes"],
    ["logToDriver", 1],
    ["workerResourceLimits", 64],
    ["idleWorkerMs", -5],
    ["pollUs", -1],
    ["seed", "x"],
    ["numCPUs", 2],
  ];

  it.each(bad)("rejects %s: %j, naming option and value", async (option, value) => {
    const error = await failure(ray.init(nonsense({ [option]: value })));
    expect(error).toBeInstanceOf(ray.InvalidArgumentError);
    expect(error.message).toContain(option);
    expect(ray.isInitialized()).toBe(false);
  });

  it("takes all of the machine's memory for objects", async () => {
    await using session = await ray.init({ numCpus: 1, objectStoreMemory: os.totalmem() });
    expect(session.sessionId).toBe(ray.getRuntimeContext().sessionId);
  });

  it("rejects what is no object", async () => {
    expect(await failure(ray.init(nonsense(4)))).toBeInstanceOf(ray.InvalidArgumentError);
  });
});

describe("a running session", () => {
  useSession({ numCpus: 2, resources: { licence: 3 }, numGpus: 1 });

  it("refuses a second init, or returns itself with ignoreReinitError", async () => {
    expect(await failure(ray.init())).toBeInstanceOf(ray.AlreadyInitializedError);
    const again = await ray.init({ ignoreReinitError: true });
    expect(again.sessionId).toBe(ray.getRuntimeContext().sessionId);
  });

  it("shows its resources", () => {
    expect(ray.clusterResources()).toMatchObject({ CPU: 2, GPU: 1, licence: 3 });
    expect(ray.nodes()).toHaveLength(1);
  });

  it("holds the resources of actors for life and gives them back", async () => {
    class Holder {
      ready(): boolean {
        return true;
      }
    }
    const holder = ray.remote(Holder, { numCpus: 0.5, numGpus: 0.25, resources: { licence: 2 } }).remote();
    await ray.get(holder.ready.remote());
    expect(ray.availableResources()).toMatchObject({ CPU: 1.5, GPU: 0.75, licence: 1 });
    ray.kill(holder);
    await failure(ray.get(holder.ready.remote()));
    expect(ray.availableResources()).toMatchObject({ CPU: 2, GPU: 1, licence: 3 });
  });

  it("lets a plain actor live without holding a CPU, as in Ray", async () => {
    class Plain {
      ready(): boolean {
        return true;
      }
    }
    const actors = [1, 2, 3, 4].map(() => ray.remote(Plain).remote());
    await ray.get(actors.map((actor) => actor.ready.remote()));
    expect(ray.availableResources()["CPU"]).toBe(2);
    actors.forEach((actor) => ray.kill(actor));
  });

  it("never runs more than the resources allow", async () => {
    const running = new Int32Array(new SharedArrayBuffer(8));
    const busy = ray.remote(
      (word: Int32Array) => {
        const now = Atomics.add(word, 0, 1) + 1;
        let seen = Atomics.load(word, 1);
        while (now > seen)
          seen = Atomics.compareExchange(word, 1, seen, now) === seen ? now : Atomics.load(word, 1);
        Atomics.sub(word, 0, 1);
      },
      { numCpus: 0, resources: { licence: 2 } },
    );
    await ray.get(Array.from({ length: 50 }, () => busy.remote(running)));
    expect(Atomics.load(running, 1)).toBe(1);
  });

  it("reserves placement groups all or nothing and runs tasks inside", async () => {
    const group = ray.placementGroup([{ CPU: 1, licence: 1 }, { CPU: 1 }]);
    await ray.get(group.ready());
    expect(ray.availableResources()["CPU"]).toBeUndefined();
    const one = ray.remote(() => 1);
    expect(await ray.get(one.options({ placementGroup: group }).remote())).toBe(1);
    const waiting = one.options({ placementGroup: group, resources: { licence: 2 } }).remote();
    ray.removePlacementGroup(group);
    expect(await failure(ray.get(waiting))).toBeInstanceOf(ray.PlacementGroupRemovedError);
    expect(await failure(ray.get(one.options({ placementGroup: group }).remote()))).toBeInstanceOf(
      ray.PlacementGroupRemovedError,
    );
  });
});

describe("remote", () => {
  const fn = (): number => 1;
  class Actor {
    run(): number {
      return 1;
    }
  }
  const badTask: readonly (readonly [string, unknown])[] = [
    ["numCpus", -1],
    ["numCpus", Number.POSITIVE_INFINITY],
    ["numGpus", 2.5],
    ["memory", "1GB"],
    ["resources", { GPU: 1 }],
    ["resources", { x: Number.NaN }],
    ["maxRetries", -2],
    ["maxRetries", 0.5],
    ["retryExceptions", "yes"],
    ["numReturns", 0],
    ["name", ""],
    ["placementGroup", "pg"],
    ["placementGroupBundleIndex", -2],
    ["captures", { a: 1 }],
    ["isolation", "thread"],
  ];
  it.each(badTask)("rejects the task option %s: %j", (option, value) => {
    expect(() => ray.remote(fn, nonsense({ [option]: value }))).toThrow(ray.InvalidArgumentError);
    expect(() => ray.remote(fn, nonsense({ [option]: value }))).toThrow(option);
    expect(() => ray.remote(fn).options(nonsense({ [option]: value }))).toThrow(option);
  });

  const badActor: readonly (readonly [string, unknown])[] = [
    ["maxRestarts", -2],
    ["maxTaskRetries", 1.5],
    ["maxConcurrency", 0],
    ["maxPendingCalls", 0],
    ["name", 7],
    ["namespace", ""],
    ["getIfExists", true],
    ["isolation", "process"],
    ["numReturns", 2],
  ];
  it.each(badActor)("rejects the actor option %s: %j", (option, value) => {
    expect(() => ray.remote(Actor, nonsense({ [option]: value }))).toThrow(ray.InvalidArgumentError);
    expect(() => ray.remote(Actor, nonsense({ [option]: value }))).toThrow(option);
  });

  it("rejects what is neither function nor class", () => {
    expect(() => ray.remote(nonsense(5))).toThrow(/must be a function or a class, got 5/);
  });
});

describe("placementGroup", () => {
  useSession();
  it.each([[[]], [[{}]], [[{ CPU: -1 }]], ["CPU"]])("rejects %j", (bundles) => {
    expect(() => ray.placementGroup(nonsense(bundles))).toThrow(ray.InvalidArgumentError);
  });
});
