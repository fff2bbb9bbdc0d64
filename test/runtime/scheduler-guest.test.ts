/** The scheduler's guest: a worker that another thread has started, for its own tasks and until the pool is there. */
import { describe, expect, it } from "vitest";

import { ResourceSet } from "../../packages/runtime/dist/core/resources.js";
import { Scheduler } from "../../packages/runtime/dist/core/scheduler.js";

const cpu = { resources: ResourceSet.of({ CPU: 1 }), pool: undefined, depth: 0, name: "work" };
const lease = (peer: string) => ({ ...cpu, peer, requestId: `request of ${peer}` });

function withGuest(): Scheduler {
  let leases = 0;
  const scheduler = new Scheduler({
    total: ResourceSet.of({ CPU: 2 }),
    poolSize: 1,
    maxRunning: 64,
    newLeaseId: () => `lease ${leases++}`,
    parking: { isParked: () => false, reclaim: () => false },
  });
  scheduler.guestComes("guest", "driver");
  return scheduler;
}

const granted = (effects: readonly { readonly type: string; readonly workerId?: string }[]): unknown[] =>
  effects.filter(({ type }) => type === "grantLease").map(({ workerId }) => workerId);
const started = (effects: readonly { readonly type: string }[]): unknown[] =>
  effects.filter(({ type }) => type === "startWorker");

describe("a guest of the scheduler", () => {
  it("is waited for by its host's task, while the pool takes its time", () => {
    const scheduler = withGuest();
    expect(started(scheduler.start())).toEqual([{ type: "startWorker", isUrgent: false }]);
    expect(scheduler.requestLease(lease("driver"))).toEqual([]);
    expect(scheduler.missing).toBe(0);
    expect(granted(scheduler.workerStarted("guest"))).toEqual(["guest"]);
  });

  it("gets no task of another thread, and no actor", () => {
    const scheduler = withGuest();
    scheduler.start();
    scheduler.workerStarted("guest");
    expect(granted(scheduler.requestLease(lease("worker")))).toEqual([]);
    expect(scheduler.missing).toBe(1);
    const actor = { ...cpu, address: 1, placement: cpu.resources, isolation: "thread" as const };
    expect(scheduler.requestActor(actor).map(({ type }) => type)).toEqual(["startWorker"]);
    expect(granted(scheduler.workerStarted("pooled"))).toEqual(["pooled"]);
  });

  it("gets no task in a placement group", () => {
    const scheduler = withGuest();
    scheduler.start();
    scheduler.workerStarted("guest");
    expect(scheduler.createGroup("group", [cpu.resources])).toEqual([
      { type: "groupReady", groupId: "group" },
    ]);
    const pool = { placementGroup: "group", bundleIndex: 0 };
    expect(granted(scheduler.requestLease({ ...lease("driver"), pool }))).toEqual([]);
    expect(scheduler.missing).toBe(1);
  });

  it("goes once the pool is there, before any other", () => {
    const scheduler = withGuest();
    scheduler.start();
    scheduler.workerStarted("guest");
    expect(scheduler.hasSurplus).toBe(false);
    scheduler.workerStarted("pooled");
    expect(scheduler.hasSurplus).toBe(true);
    expect(scheduler.retireSurplus()).toEqual([{ type: "retireWorker", workerId: "guest" }]);
  });

  it("is replaced like any other when it fails to start, or dies", () => {
    const failing = withGuest();
    failing.start();
    failing.requestLease(lease("driver"));
    failing.workerStartFailed("guest");
    expect(failing.missing).toBe(1);
    const dying = withGuest();
    dying.start();
    dying.workerStarted("guest");
    dying.workerDied("guest");
    dying.requestLease(lease("driver"));
    expect(dying.missing).toBe(1);
  });
});

describe("a surplus of workers", () => {
  it("is no reason to keep those waiting who asked while leases were parked", () => {
    const parked = new Set<string>();
    let leases = 0;
    const scheduler = new Scheduler({
      total: ResourceSet.of({ CPU: 1 }),
      poolSize: 1,
      maxRunning: 64,
      newLeaseId: () => `lease ${leases++}`,
      parking: { isParked: (_, lease) => parked.has(lease), reclaim: (_, lease) => parked.delete(lease) },
    });
    scheduler.start();
    scheduler.requestLease(lease("driver"));
    expect(granted(scheduler.workerStarted("pooled"))).toEqual(["pooled"]);
    scheduler.requestLease({ ...lease("driver"), requestId: "another" });
    parked.add("lease 0");
    expect(granted(scheduler.retireSurplus())).toEqual(["pooled"]);
  });
});
