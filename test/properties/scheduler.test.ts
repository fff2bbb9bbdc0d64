/** The node's scheduler as a pure machine: whatever happens in whatever order, its books balance. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { LeaseId, PeerId, RequestId } from "../../packages/runtime/src/core/ids.ts";
import { ResourceSet } from "../../packages/runtime/dist/core/resources.js";
import { Scheduler, type SchedulerEffect } from "../../packages/runtime/dist/core/scheduler.js";

/** Drives the machine and keeps its own books beside it. */
class Model {
  readonly scheduler: Scheduler;
  readonly total: ResourceSet;
  readonly workers = new Set<PeerId>();
  readonly leases = new Map<LeaseId, { workerId: PeerId; resources: ResourceSet; blocked: boolean }>();
  readonly requests = new Map<RequestId, ResourceSet>();
  readonly actors = new Map<number, { workerId: PeerId; resources: ResourceSet; isolation: string }>();
  readonly actorDemands = new Map<number, { resources: ResourceSet; isolation: "thread" | "shared" }>();
  readonly parked = new Set<LeaseId>();
  starting = 0;
  #ids = 0;

  constructor(cpus: number) {
    this.total = ResourceSet.of({ CPU: cpus, licence: 2 });
    this.scheduler = new Scheduler({
      total: this.total,
      poolSize: cpus,
      maxRunning: 64,
      newLeaseId: () => `lease_${this.#ids++}`,
      parking: {
        isParked: (workerId, leaseId) =>
          this.parked.has(leaseId) && this.leases.get(leaseId)?.workerId === workerId,
        reclaim: (_, leaseId) => this.parked.delete(leaseId),
      },
    });
    this.apply(this.scheduler.start());
  }

  address(): number {
    return this.#ids++;
  }

  id(): string {
    return `id_${this.#ids++}`;
  }

  apply(effects: readonly SchedulerEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "startWorker") this.starting++;
      if (effect.type === "grantLease") {
        const resources = this.requests.get(effect.requestId);
        if (resources === undefined) throw new Error("granted a request that does not wait");
        this.requests.delete(effect.requestId);
        expect(this.workers.has(effect.workerId)).toBe(true);
        expect([...this.leases.values()].some((lease) => lease.workerId === effect.workerId)).toBe(false);
        this.leases.set(effect.leaseId, { workerId: effect.workerId, resources, blocked: false });
      }
      if (effect.type === "leaseReclaimed") {
        expect(this.parked.has(effect.leaseId)).toBe(false);
        this.leases.delete(effect.leaseId);
      }
      if (effect.type === "placeActor") {
        const demand = this.actorDemands.get(effect.address);
        if (demand === undefined) throw new Error("placed an actor that does not wait");
        this.actorDemands.delete(effect.address);
        const alone = [...this.actors.values()].every(
          (other) =>
            other.workerId !== effect.workerId ||
            (other.isolation === "shared" && demand.isolation === "shared"),
        );
        expect(alone).toBe(true);
        this.actors.set(effect.address, { ...demand, workerId: effect.workerId });
      }
    }
  }

  /** What must hold after every step. */
  check(): void {
    let inUse = ResourceSet.empty;
    let blocked = false;
    for (const [leaseId, lease] of this.leases) {
      if (this.parked.has(leaseId)) continue; // free for whoever asks
      blocked ||= lease.blocked;
      inUse = inUse.plus(
        lease.blocked ? lease.resources.minus(lease.resources.only("CPU")) : lease.resources,
      );
    }
    for (const actor of this.actors.values()) inUse = inUse.plus(actor.resources);
    expect(this.scheduler.view().available.toJSON()).toEqual(this.total.minus(inUse).toJSON());
    // A task that goes on after a wait takes its CPU back at once: only then may more be in use than there is.
    if (!blocked && !this.everBlocked) expect(this.total.covers(inUse)).toBe(true);
    // Nobody else waits for what a parked lease holds.
    if (this.scheduler.whoWaits.is === "many") expect(this.parked.size).toBe(0);
  }

  everBlocked = false;
}

type Step = { readonly act: string; readonly pick: number; readonly cpus: number };

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom(
    "request",
    "request",
    "actor",
    "shared",
    "start",
    "start",
    "ready",
    "return",
    "return",
    "block",
    "unblock",
    "die",
    "release",
    "cancel",
    "retire",
    "park",
    "resume",
    "idle",
  ),
  pick: fc.nat(1000),
  cpus: fc.constantFrom(0, 0.5, 1, 1, 2),
});

function perform(model: Model, { act, pick, cpus }: Step): void {
  const { scheduler } = model;
  const one = <T>(items: Iterable<T>): T | undefined => {
    const list = [...items];
    return list[pick % Math.max(1, list.length)];
  };
  const resources = ResourceSet.of({ CPU: cpus, licence: pick % 5 === 0 ? 1 : 0 });
  const common = { resources, pool: undefined, depth: pick % 3, name: "work" };
  switch (act) {
    case "request": {
      const requestId = model.id();
      model.requests.set(requestId, resources);
      return model.apply(scheduler.requestLease({ ...common, requestId, peer: "driver_1" }));
    }
    case "actor":
    case "shared": {
      const address = model.address();
      const isolation = act === "actor" ? "thread" : "shared";
      model.actorDemands.set(address, { resources, isolation });
      return model.apply(scheduler.requestActor({ ...common, address, placement: resources, isolation }));
    }
    case "start": {
      if (model.starting === 0) return;
      model.starting--;
      const workerId = `worker_${model.id()}`;
      model.workers.add(workerId);
      return model.apply(scheduler.workerStarted(workerId));
    }
    case "ready": {
      const workerId = one(model.workers);
      if (workerId !== undefined) scheduler.workerReady(workerId);
      return;
    }
    case "return": {
      const leaseId = one(model.leases.keys());
      if (leaseId === undefined) return;
      model.parked.delete(leaseId); // whoever returns a lease has taken it up again
      model.leases.delete(leaseId);
      return model.apply(scheduler.returnLease(leaseId));
    }
    case "park":
    case "resume": {
      // Holders park and resume without telling the node, unless it has others waiting.
      const [leaseId, lease] = one(model.leases) ?? [];
      if (leaseId === undefined || lease?.blocked !== false) return;
      if (act === "resume") model.parked.delete(leaseId);
      else if (scheduler.whoWaits.is === "nobody") model.parked.add(leaseId);
      return;
    }
    case "idle":
      return model.apply(scheduler.reclaimParked());
    case "block":
    case "unblock": {
      const [leaseId, lease] = one(model.leases) ?? [];
      if (leaseId === undefined || lease === undefined || model.parked.has(leaseId)) return;
      lease.blocked = act === "block";
      model.everBlocked = true;
      return model.apply(
        act === "block" ? scheduler.block(lease.workerId) : scheduler.unblock(lease.workerId),
      );
    }
    case "die": {
      const workerId = one(model.workers);
      if (workerId === undefined) return;
      model.workers.delete(workerId);
      for (const [id, lease] of model.leases) if (lease.workerId === workerId) model.leases.delete(id);
      for (const [id, actor] of model.actors) if (actor.workerId === workerId) model.actors.delete(id);
      return model.apply(scheduler.workerDied(workerId));
    }
    case "release": {
      const address = one(model.actors.keys());
      if (address === undefined) return;
      const actor = model.actors.get(address);
      model.actors.delete(address);
      model.apply(scheduler.releaseActor(address));
      if (actor?.isolation === "thread") {
        model.workers.delete(actor.workerId); // its thread is not reused
        model.apply(scheduler.workerDied(actor.workerId));
      }
      return;
    }
    case "cancel": {
      const requestId = one(model.requests.keys());
      if (requestId === undefined) return;
      model.requests.delete(requestId);
      return model.apply(scheduler.cancelLease(requestId));
    }
    case "retire":
      for (const effect of scheduler.retireSurplus()) {
        model.apply([effect]);
        if (effect.type !== "retireWorker") continue;
        model.workers.delete(effect.workerId);
        model.apply(scheduler.workerDied(effect.workerId));
      }
  }
}

describe("the scheduler", () => {
  it("gives work to workers that have loaded, and to loading ones when there are no others", () => {
    const model = new Model(2);
    const { scheduler } = model;
    for (const pick of [0, 1]) perform(model, { act: "start", pick, cpus: 0 });
    const [loading = "", ready = ""] = model.workers;
    scheduler.workerReady(ready);
    expect(scheduler.workers()).toEqual([
      { workerId: loading, state: "loading" },
      { workerId: ready, state: "idle" },
    ]);
    for (const pick of [1, 2]) perform(model, { act: "request", pick, cpus: 1 });
    expect([...model.leases.values()].map(({ workerId }) => workerId)).toEqual([ready, loading]);
  });

  it("keeps available = total - in use, one lease a worker, one thread actor a worker, for any sequence of events", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 120 }), (cpus, steps) => {
        const model = new Model(cpus);
        for (const each of steps) {
          perform(model, each);
          model.check();
        }
      }),
      { numRuns: 300 },
    );
  });

  it("gets everything that fits done and then has everything free: nothing is lost", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const model = new Model(2);
        for (const each of steps) perform(model, each);
        // From here on nothing new comes, threads start when asked for, and all work ends.
        for (
          let round = 0;
          round < 2000 &&
          (model.requests.size > 0 ||
            model.actorDemands.size > 0 ||
            model.leases.size > 0 ||
            model.actors.size > 0);
          round++
        ) {
          perform(model, { act: "start", pick: 0, cpus: 0 });
          perform(model, { act: "return", pick: 0, cpus: 0 });
          perform(model, { act: "release", pick: 0, cpus: 0 });
          perform(model, { act: "idle", pick: 0, cpus: 0 });
        }
        expect([model.requests.size, model.actorDemands.size, model.leases.size, model.actors.size]).toEqual([
          0, 0, 0, 0,
        ]);
        expect(model.scheduler.isIdle).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
