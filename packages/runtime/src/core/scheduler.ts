/**
 * The node's scheduler as a pure state machine: commands in, effects out. It decides which worker is leased to whom,
 * where actors live, when workers start and retire, and which placement groups are ready. It has no threads, timers
 * or randomness of its own.
 *
 * Requests of deeper tasks go first (then in order of arrival): the children of a blocked task finish before more
 * parents start, so that nested fan-outs need a few threads and not one for each parent.
 */
import type { LeaseId, PeerId, PlacementGroupId, RequestId } from "./ids.ts";
import { RecentIds } from "./recent-ids.ts";
import { ResourcePools, type Allocation } from "./resource-pools.ts";
import type { ResourceSet } from "./resources.ts";
import type {
  ActorRequest,
  Demand,
  LeaseRequest,
  SchedulerEffect,
  SchedulerOptions,
  SchedulerView,
  WhoWaits,
  WorkerState,
} from "./scheduler-types.ts";
import { SharedHosts } from "./shared-hosts.ts";
import { WaitingRequests, type Verdict } from "./waiting-requests.ts";

export type { ActorRequest, Demand, LeaseRequest, SchedulerEffect, SchedulerOptions, SchedulerView };

interface ActorPlace {
  readonly workerId: PeerId;
  readonly allocation: Allocation;
}

interface Group {
  readonly bundles: readonly ResourceSet[];
  created: boolean;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #pools: ResourcePools;
  readonly #workers = new Map<PeerId, WorkerState>();
  /** Workers that can be given work and that would rather load first. */
  readonly #loading = new Set<PeerId>();
  readonly #leases = new Map<LeaseId, PeerId>();
  readonly #actors = new Map<number, ActorPlace>();
  readonly #groups = new Map<PlacementGroupId, Group>();
  readonly #removedGroups = new RecentIds(10_000);
  readonly #waiting = new WaitingRequests();
  #starting = 0;
  #missing = 0;
  readonly #hosts: SharedHosts;
  /** Of the last shared actor: those that are alike share it. */
  #lastShared: ActorPlace | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#pools = new ResourcePools(options.total);
    this.#hosts = new SharedHosts(this.#workers, options.poolSize);
  }

  /** Begins: starts the warm workers. */
  start(): SchedulerEffect[] {
    return this.#schedule();
  }

  workerStarted(workerId: PeerId): SchedulerEffect[] {
    this.#starting--;
    this.#workers.set(workerId, { is: "idle" });
    this.#loading.add(workerId);
    return this.#schedule();
  }

  /** The worker has loaded all that it needs. Returns whether it has nothing to do yet. */
  workerReady(workerId: PeerId): boolean {
    this.#loading.delete(workerId);
    return this.#workers.get(workerId)?.is === "idle";
  }

  /** A worker thread could not start; the next schedule tries again. */
  workerStartFailed(): SchedulerEffect[] {
    this.#starting--;
    return this.#schedule();
  }

  /** The worker is gone; its lease and actors give their resources back. */
  workerDied(workerId: PeerId): SchedulerEffect[] {
    const state = this.#workers.get(workerId);
    this.#workers.delete(workerId);
    this.#loading.delete(workerId);
    if (state?.is === "leased") {
      this.#leases.delete(state.leaseId);
      if (!state.blocked) this.#pools.release(state.allocation);
      else this.#pools.release({ ...state.allocation, resources: withoutCpu(state.allocation.resources) });
    }
    if (state?.is === "actor" || state?.is === "host") {
      for (const [address, place] of this.#actors) {
        if (place.workerId !== workerId) continue;
        this.#actors.delete(address);
        this.#pools.release(place.allocation);
      }
    }
    return this.#schedule();
  }

  requestLease(request: LeaseRequest): SchedulerEffect[] {
    const groupId = request.pool?.placementGroup;
    if (groupId !== undefined && this.#removedGroups.has(groupId)) {
      return [{ type: "requestFailed", requestId: request.requestId, peer: request.peer, groupId }];
    }
    this.#waiting.add({ kind: "lease", request });
    return this.#schedule();
  }

  cancelLease(requestId: RequestId): SchedulerEffect[] {
    this.#waiting.removeLease(requestId);
    return [];
  }

  returnLease(leaseId: LeaseId): SchedulerEffect[] {
    const workerId = this.#leases.get(leaseId);
    const state = workerId === undefined ? undefined : this.#workers.get(workerId);
    if (workerId === undefined || state?.is !== "leased" || state.leaseId !== leaseId) return [];
    this.#leases.delete(leaseId);
    if (state.blocked) this.#pools.retake(cpuOf(state.allocation));
    this.#pools.release(state.allocation);
    this.#workers.set(workerId, { is: "idle" });
    return this.#schedule();
  }

  /** A leased worker waits in `get`: its CPU is free for others. */
  block(workerId: PeerId): SchedulerEffect[] {
    const state = this.#workers.get(workerId);
    if (state?.is !== "leased" || state.blocked) return [];
    state.blocked = true;
    this.#pools.release(cpuOf(state.allocation));
    return this.#schedule();
  }

  /** It goes on, and takes its CPU back at once even when somebody else has it: waiting here could deadlock. */
  unblock(workerId: PeerId): SchedulerEffect[] {
    const state = this.#workers.get(workerId);
    if (state?.is !== "leased" || !state.blocked) return [];
    state.blocked = false;
    this.#pools.retake(cpuOf(state.allocation));
    return [];
  }

  requestActor(request: ActorRequest): SchedulerEffect[] {
    const groupId = request.pool?.placementGroup;
    if (groupId !== undefined && this.#removedGroups.has(groupId)) {
      return [{ type: "actorFailed", address: request.address, groupId }];
    }
    // Nobody who waits could want what a shared actor without resources takes.
    if (request.isolation === "shared" && (this.#waiting.isEmpty || request.placement.isEmpty)) {
      const workerId = this.#hosts.choose();
      const placed =
        workerId === undefined ? undefined : this.#pools.allocate(request.placement, request.pool);
      if (workerId !== undefined && placed !== undefined) return [this.#place(request, workerId, placed)];
    }
    const before = this.#waiting.add({ kind: "actor", request });
    // As many as there may be hosts wait already: nothing has changed for this one, and another thread would not help.
    if (request.isolation === "shared" && before > this.#options.poolSize) return [];
    return this.#schedule();
  }

  /** The actor ended on its own or was removed before it was placed. Its worker, if it is its own, is not reused. */
  releaseActor(address: number): SchedulerEffect[] {
    this.#waiting.removeActor(address);
    const place = this.#actors.get(address);
    if (place !== undefined) {
      this.#actors.delete(address);
      this.#pools.release(place.allocation);
      const worker = this.#workers.get(place.workerId);
      if (worker?.is === "host") worker.actors--;
      if (place.allocation.resources.isEmpty && this.#waiting.isEmpty) return [];
    }
    return this.#schedule();
  }

  createGroup(groupId: PlacementGroupId, bundles: readonly ResourceSet[]): SchedulerEffect[] {
    this.#groups.set(groupId, { bundles, created: false });
    return this.#schedule();
  }

  /** Removes the group; what waits for it fails, what runs in it is killed. */
  removeGroup(groupId: PlacementGroupId): SchedulerEffect[] {
    const group = this.#groups.get(groupId);
    if (group === undefined) return [];
    this.#groups.delete(groupId);
    this.#removedGroups.add(groupId);
    const effects: SchedulerEffect[] = [];
    for (const waiting of this.#waiting.list()) {
      if (waiting.request.pool?.placementGroup !== groupId) continue;
      this.#waiting.remove(waiting);
      if (waiting.kind === "lease") {
        const { requestId, peer } = waiting.request;
        effects.push({ type: "requestFailed", requestId, peer, groupId });
      } else effects.push({ type: "actorFailed", address: waiting.request.address, groupId });
    }
    const inGroup = (allocation: Allocation): boolean => allocation.pool.startsWith(`${groupId}/`);
    const reason = `its placement group ${groupId} was removed`;
    for (const [workerId, state] of this.#workers) {
      if (state.is === "leased" && inGroup(state.allocation))
        effects.push({ type: "killWorker", workerId, reason });
    }
    for (const [address, place] of this.#actors) {
      if (inGroup(place.allocation)) effects.push({ type: "actorFailed", address, groupId });
    }
    if (group.created) this.#pools.unreserve(groupId);
    return [...effects, ...this.#schedule()];
  }

  isGroupCreated(groupId: PlacementGroupId): boolean | undefined {
    return this.#groups.get(groupId)?.created;
  }

  /** Idle workers beyond the pool's size, to be asked to retire. */
  retireSurplus(): SchedulerEffect[] {
    return [...this.#passOn(this.reclaimParked()), ...this.#retireIdle()];
  }

  #retireIdle(): SchedulerEffect[] {
    const idle = [...this.#workers].filter(([, state]) => state.is === "idle").map(([workerId]) => workerId);
    return idle.slice(this.#options.poolSize).map((workerId) => {
      this.#workers.set(workerId, { is: "retiring" });
      return { type: "retireWorker", workerId };
    });
  }

  /** A worker that was asked to retire still owns objects that others use. */
  retireRefused(workerId: PeerId): SchedulerEffect[] {
    if (this.#workers.get(workerId)?.is === "retiring") this.#workers.set(workerId, { is: "idle" });
    return this.#schedule();
  }

  /** Whether workers may be more than the pool should have: their leases may be parked without the node's knowing. */
  get hasSurplus(): boolean {
    let pooled = 0;
    for (const state of this.#workers.values()) {
      if (state.is === "idle" || (state.is === "leased" && !state.blocked)) pooled++;
    }
    return pooled > this.#options.poolSize;
  }

  /** Takes parked leases back. A thread's own stay: it takes them up again before it asks for others. */
  reclaimParked(except?: PeerId): SchedulerEffect[] {
    const effects: SchedulerEffect[] = [];
    for (const [workerId, state] of this.#workers) {
      if (state.is !== "leased" || state.blocked || state.peer === except) continue;
      if (!this.#options.parking.reclaim(workerId, state.leaseId)) continue;
      effects.push({ type: "leaseReclaimed", peer: state.peer, leaseId: state.leaseId });
      this.#leases.delete(state.leaseId);
      this.#pools.release(state.allocation);
      this.#workers.set(workerId, { is: "idle" });
    }
    return effects;
  }

  leaseOf(workerId: PeerId): LeaseId | undefined {
    const state = this.#workers.get(workerId);
    return state?.is === "leased" ? state.leaseId : undefined;
  }

  /** What each worker does, for tests and inspection. */
  workers(): { readonly workerId: PeerId; readonly state: WorkerState["is"] | "loading" }[] {
    return [...this.#workers].map(([workerId, { is }]) => ({
      workerId,
      state: is === "idle" && this.#loading.has(workerId) ? "loading" : is,
    }));
  }

  /** Whether nothing waits and all resources are free. */
  get isIdle(): boolean {
    return this.#waiting.isEmpty && this.#pools.available.equals(this.#pools.total);
  }

  /** How many more workers could start work now if they existed. */
  get missing(): number {
    return this.#missing;
  }

  /** Who waits for a worker or for resources. An actor, and tasks of several threads, count as many. */
  get whoWaits(): WhoWaits {
    return this.#waiting.whoWaits;
  }

  /** Parked leases may have come about since the last command. */
  reschedule(): SchedulerEffect[] {
    return this.#passOn(this.reclaimParked(this.#alone));
  }

  /** Gives what was taken back to who waits. */
  #passOn(reclaimed: SchedulerEffect[]): SchedulerEffect[] {
    return reclaimed.length === 0 ? [] : [...reclaimed, ...this.#schedule()];
  }

  /** Leases and requests of a thread that has ended. */
  peerDied(peer: PeerId): SchedulerEffect[] {
    for (const waiting of this.#waiting.list()) {
      if (waiting.kind === "lease" && waiting.request.peer === peer) this.#waiting.remove(waiting);
    }
    const effects = this.#passOn(this.reclaimParked());
    for (const [workerId, state] of this.#workers) {
      if (state.is !== "leased" || state.peer !== peer) continue;
      effects.push({ type: "killWorker", workerId, reason: `the submitter of its task, ${peer}, has ended` });
    }
    return effects;
  }

  isFeasible(demand: Demand): boolean {
    return this.#pools.feasible(demand.resources, demand.pool);
  }

  view(): SchedulerView {
    let { available } = this.#pools;
    for (const [workerId, state] of this.#workers) {
      if (state.is !== "leased" || state.blocked || state.allocation.pool !== this.#pools.node) continue;
      if (this.#options.parking.isParked(workerId, state.leaseId)) {
        available = available.plus(state.allocation.resources);
      }
    }
    return {
      total: this.#pools.total,
      available,
      waiting: this.#waiting.list().map(({ request }) => ({
        name: request.name,
        resources: request.resources,
        feasible: this.isFeasible(request),
      })),
      workers: this.#workers.size,
      starting: this.#starting,
    };
  }

  /** The only thread that waits. */
  get #alone(): PeerId | undefined {
    const who = this.whoWaits;
    return who.is === "one" ? who.peer : undefined;
  }

  /** The actor lives in this worker from now on; what it needed to be placed gives way to what it keeps. */
  #place(
    { address, isolation, resources }: ActorRequest,
    workerId: PeerId,
    placed: Allocation,
  ): SchedulerEffect {
    let place = this.#lastShared;
    const isAlike =
      place?.workerId === workerId &&
      place.allocation.pool === placed.pool &&
      place.allocation.resources === resources;
    if (place === undefined || !isAlike) place = { workerId, allocation: { pool: placed.pool, resources } };
    if (isolation === "shared") this.#lastShared = place;
    this.#pools.release(placed);
    this.#pools.retake(place.allocation);
    this.#actors.set(address, place);
    const host = this.#workers.get(workerId);
    if (host?.is === "host") host.actors++;
    else this.#workers.set(workerId, isolation === "shared" ? { is: "host", actors: 1 } : { is: "actor" });
    return { type: "placeActor", address, workerId };
  }

  #schedule(): SchedulerEffect[] {
    const effects = this.#waiting.isEmpty ? [] : this.reclaimParked(this.#alone);
    for (const [groupId, group] of this.#groups) {
      if (group.created || !this.#pools.reserve(groupId, group.bundles)) continue;
      group.created = true;
      effects.push({ type: "groupReady", groupId });
    }
    const ready: PeerId[] = [];
    const loading: PeerId[] = [];
    let running = 0;
    let hosts = 0;
    for (const [workerId, state] of this.#workers) {
      if (state.is === "idle") (this.#loading.has(workerId) ? loading : ready).push(workerId);
      if (state.is === "leased" && !state.blocked) running++;
      if (state.is === "host") hosts++;
    }
    const idle = [...ready, ...loading];
    let missing = 0; // workers that could start work now if they existed
    let hostsToCome = this.#options.poolSize - hosts; // however many shared actors wait
    const reserved: Allocation[] = [];
    this.#waiting.visit((entry): Verdict => {
      const { resources, pool } = entry.request;
      if (entry.kind === "lease" && running + missing >= this.#options.maxRunning) return "shut";
      const placed = this.#pools.allocate(entry.kind === "actor" ? entry.request.placement : resources, pool);
      if (placed === undefined) return "shut";
      const shared = entry.kind === "actor" && entry.request.isolation === "shared";
      const host = shared ? this.#hosts.choose() : undefined;
      const workerId = host ?? idle.shift();
      if (workerId === undefined) {
        // Hold the resources for the rest of this pass only, so that no more workers start than can be used.
        reserved.push(placed);
        if (!shared || hostsToCome-- > 0) missing++;
        return shared && hostsToCome <= 0 ? "shut" : "waits";
      }
      if (entry.kind === "lease") {
        const leaseId = this.#options.newLeaseId();
        const { requestId, peer } = entry.request;
        this.#workers.set(workerId, { is: "leased", leaseId, peer, allocation: placed, blocked: false });
        this.#leases.set(leaseId, workerId);
        running++;
        effects.push({ type: "grantLease", requestId, peer, leaseId, workerId });
      } else {
        if (shared && host === undefined) hostsToCome--;
        effects.push(this.#place(entry.request, workerId, placed));
      }
      return "served";
    });
    for (const allocation of reserved) this.#pools.release(allocation);
    this.#missing = missing;
    const pooled = idle.length + running;
    const wanted = Math.max(missing, this.#options.poolSize - pooled) - this.#starting;
    // One to replace a worker that was just given away can wait a moment, and so can all but the first at the start.
    for (let i = 0; i < wanted; i++) {
      const isUrgent = i < missing || (i === 0 && idle.length === 0 && this.#starting === 0);
      effects.push({ type: "startWorker", isUrgent });
    }
    this.#starting += Math.max(0, wanted);
    return effects;
  }
}

const cpuOf = (allocation: Allocation): Allocation => ({
  ...allocation,
  resources: allocation.resources.only("CPU"),
});
const withoutCpu = (resources: ResourceSet): ResourceSet => resources.minus(resources.only("CPU"));
