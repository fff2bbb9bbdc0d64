/** What goes into the scheduler and what comes out of it. */
import type { LeaseId, PeerId, PlacementGroupId, RequestId } from "./ids.ts";
import type { Allocation, PoolSelector } from "./resource-pools.ts";
import type { ResourceSet } from "./resources.ts";

/** What a lease or an actor asks for. */
export interface Demand {
  readonly resources: ResourceSet;
  readonly pool: PoolSelector | undefined;
  /** How many tasks deep the submitter is; the driver's own tasks have 0. */
  readonly depth: number;
  /** For messages: name of the task or actor class. */
  readonly name: string;
}

export interface LeaseRequest extends Demand {
  readonly requestId: RequestId;
  readonly peer: PeerId;
}

export interface ActorRequest extends Demand {
  /** Where it will live: names this request, and the place that comes of it. */
  readonly address: number;
  /** Resources that are needed to be placed but not kept (Ray: 1 CPU for an actor that asked for nothing). */
  readonly placement: ResourceSet;
  readonly isolation: "thread" | "shared";
}

export type SchedulerEffect =
  /** Urgent: somebody waits for it, or nobody would find a worker. */
  | { readonly type: "startWorker"; readonly isUrgent: boolean }
  | {
      readonly type: "grantLease";
      readonly requestId: RequestId;
      readonly peer: PeerId;
      readonly leaseId: LeaseId;
      readonly workerId: PeerId;
    }
  /** A parked lease has ended. */
  | { readonly type: "leaseReclaimed"; readonly peer: PeerId; readonly leaseId: LeaseId }
  | { readonly type: "placeActor"; readonly address: number; readonly workerId: PeerId }
  | { readonly type: "groupReady"; readonly groupId: PlacementGroupId }
  | {
      readonly type: "requestFailed";
      readonly requestId: RequestId;
      readonly peer: PeerId;
      readonly groupId: PlacementGroupId;
    }
  | { readonly type: "actorFailed"; readonly address: number; readonly groupId: PlacementGroupId }
  | { readonly type: "killWorker"; readonly workerId: PeerId; readonly reason: string }
  | { readonly type: "retireWorker"; readonly workerId: PeerId };

export interface SchedulerOptions {
  readonly total: ResourceSet;
  /** Workers kept ready: the number of CPUs. */
  readonly poolSize: number;
  /** Upper limit of workers that run tasks and are not blocked; only zero-CPU tasks reach it. */
  readonly maxRunning: number;
  /** Makes lease ids. */
  readonly newLeaseId: () => LeaseId;
  /** Leases whose holders have nothing to run at present. */
  readonly parking: Parking;
}

/** Who has parked a lease, and how to take it back: holders park without telling the node. */
export interface Parking {
  isParked(workerId: PeerId, leaseId: LeaseId): boolean;
  /** False when the lease is not parked (any more). */
  reclaim(workerId: PeerId, leaseId: LeaseId): boolean;
}

export type WhoWaits =
  { readonly is: "nobody" } | { readonly is: "one"; readonly peer: PeerId } | { readonly is: "many" };

/** A snapshot for `availableResources`, `why` and tests. */
export interface SchedulerView {
  readonly total: ResourceSet;
  readonly available: ResourceSet;
  readonly waiting: readonly {
    readonly name: string;
    readonly resources: ResourceSet;
    readonly feasible: boolean;
  }[];
  readonly workers: number;
  readonly starting: number;
}

/** What a worker does. */
export type WorkerState =
  | { readonly is: "idle" }
  | {
      readonly is: "leased";
      readonly leaseId: LeaseId;
      readonly peer: PeerId;
      readonly allocation: Allocation;
      blocked: boolean;
    }
  | { readonly is: "actor" }
  | Host
  | { readonly is: "retiring" };

/** A worker with shared actors. */
export interface Host {
  readonly is: "host";
  actors: number;
}
