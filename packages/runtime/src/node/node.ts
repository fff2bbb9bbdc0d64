/**
 * The node: schedules, supervises and keeps the directory of actors. It interprets the effects of the pure machines in
 * `core/` and runs no user code, so it answers whatever the driver and the workers are busy with.
 */
import type { ResourceLimits } from "node:worker_threads";

import type { DeathCause } from "../core/actor-directory.ts";
import { isActorOf, newId, slotOf } from "../core/ids.ts";
import type { PeerId, PlacementGroupId, RequestId } from "../core/ids.ts";
import { ResourceSet, type Resources } from "../core/resources.ts";
import type { WhoWaits } from "../core/scheduler-types.ts";
import { Scheduler, type Demand, type SchedulerEffect } from "../core/scheduler.ts";
import type { PeerSeat } from "../peer/peer.ts";
import { StoreUsage, type StoreUsageHandle } from "../objects/store-usage.ts";
import type { Attachment } from "../transport/channel.ts";
import { retireBell, type Bells } from "../transport/bells.ts";
import { Inbox } from "../transport/inbox.ts";
import { LeaseBoard } from "../transport/lease-board.ts";
import { Outbox } from "../transport/outbox.ts";
import type { ChannelEnd } from "../transport/channel-ends.ts";
import { RingChannel } from "../transport/ring-channel.ts";
import type { ExitCause, NodeToPeer, PeerToNode, Query, RunToPeer } from "../transport/protocol.ts";
import { toDemand } from "./demand.ts";
import { NodeActors } from "./node-actors.ts";
import type { CompiledCode } from "../worker/compiled-code.ts";
import { answerQuery } from "./queries.ts";
import type { StartedThread } from "./start-thread.ts";
import { ThreadStarts } from "./thread-starts.ts";
import { WorkerPool } from "./worker-pool.ts";

/** What the driver passes to the node thread. */
export interface NodeConfig {
  readonly sessionId: string;
  readonly nodeId: string;
  readonly namespace: string;
  readonly driverId: PeerId;
  readonly resources: Resources;
  readonly poolSize: number;
  readonly bells: Bells;
  readonly leases: SharedArrayBuffer;
  readonly code: CompiledCode;
  readonly usage: StoreUsageHandle;
  readonly workerResourceLimits: ResourceLimits | undefined;
  /** Idle workers beyond the pool's size end after this time. */
  readonly idleWorkerMs: number;
  /** Threads above which a warning names the alternatives. */
  readonly manyThreads: number;
  /** How long threads look for the next message. */
  readonly pollUs: number | undefined;
}

/** How the node talks to one thread. */
interface Line {
  readonly channel: RingChannel;
  readonly outbox: Outbox<NodeToPeer, RunToPeer>;
}

const EARLY_ENDS = 5;
export class Node {
  readonly #config: NodeConfig;
  readonly #scheduler: Scheduler;
  readonly #actors: NodeActors;
  readonly #pool: WorkerPool;
  readonly #starts = new ThreadStarts(() => this.#startWorker());
  readonly #inbox: Inbox;
  readonly #usage: StoreUsage;
  readonly #board: LeaseBoard;
  readonly #lines = new Map<PeerId, Line>();
  readonly #groupWaiters = new Map<PlacementGroupId, { peer: PeerId; requestId: RequestId }[]>();
  readonly #idleWaiters: { peer: PeerId; requestId: RequestId }[] = [];
  /** Workers that ended by themselves before they ran anything, in a row: something is wrong with the set-up. */
  #earlyEnds = 0;
  readonly #warned = new Set<string>();
  #retireTimer: NodeJS.Timeout | undefined;
  #closing = false;

  constructor(config: NodeConfig, driverEnd: ChannelEnd, firstWorker: StartedThread | undefined) {
    this.#config = config;
    this.#inbox = new Inbox({ bells: config.bells, slot: 0, pollUs: config.pollUs });
    this.#usage = new StoreUsage(config.usage);
    const board = new LeaseBoard(config.leases, 0);
    this.#board = board;
    this.#scheduler = new Scheduler({
      total: ResourceSet.of(config.resources),
      poolSize: config.poolSize,
      maxRunning: Math.max(64, 16 * config.poolSize),
      newLeaseId: () => newId("lease"),
      parking: {
        isParked: (workerId, leaseId) => board.isParked(slotOf(workerId), leaseId),
        reclaim: (workerId, leaseId) => board.reclaim(slotOf(workerId), leaseId),
      },
    });
    this.#actors = new NodeActors({
      scheduler: this.#scheduler,
      perform: (effects) => this.#perform(effects),
      send: (peer, message) => this.#send(peer, message),
      join: (peer, run) => this.#lines.get(peer)?.outbox.join(run),
      terminate: (workerId, reason) => this.#pool.terminate(workerId, reason),
      warnIfInfeasible: (demand, kind) => this.#warnIfInfeasible(demand, kind),
      hearOwner: (actorId) => {
        for (const [peer, { channel }] of this.#lines) if (isActorOf(actorId, peer)) channel.drain();
      },
    });
    this.#pool = new WorkerPool({
      resourceLimits: config.workerResourceLimits,
      workerData: (workerId, slot, nodeEnd) => ({
        seat: this.#seat(workerId, slot),
        nodeEnd,
        code: config.code,
      }),
      first: firstWorker,
      onEnd: (workerId, slot, end) => this.#open(workerId, slot, end, false),
      onOnline: (workerId) => {
        this.#starts.online(workerId);
        this.#apply(this.#scheduler.workerStarted(workerId));
      },
      onExit: (workerId, cause, wasOnline) => this.#workerExited(workerId, cause, wasOnline),
    });
    this.#open(config.driverId, slotOf(config.driverId), driverEnd, true);
    this.#apply(this.#scheduler.start());
  }

  #seat(peerId: PeerId, slot: number): PeerSeat {
    const { sessionId, nodeId, namespace, bells, leases, pollUs } = this.#config;
    return {
      peerId,
      sessionId,
      nodeId,
      namespace,
      bells,
      leases,
      usage: this.#usage.forSlot(slot),
      pollUs,
      isNodeUp: true,
    };
  }

  #open(peer: PeerId, slot: number, end: ChannelEnd, isJoined: boolean): void {
    const channel = new RingChannel({
      end,
      inbox: this.#inbox,
      remoteSlot: slot,
      isJoined,
      // The other end is a peer, which speaks this protocol.
      onMessage: (message, attachments) => this.#receive(peer, message as PeerToNode, attachments),
    });
    const outbox = new Outbox<NodeToPeer, RunToPeer>(channel, followsPlace);
    this.#inbox.add(outbox);
    this.#lines.set(peer, { channel, outbox });
  }

  #send(peer: PeerId, message: NodeToPeer, attachments?: readonly Attachment[]): void {
    this.#lines.get(peer)?.outbox.send(message, attachments);
  }

  #receive(from: PeerId, message: PeerToNode, attachments: readonly Attachment[]): void {
    switch (message.t) {
      case "lease.request": {
        const demand = toDemand(message.demand);
        this.#warnIfInfeasible(demand, "task");
        return this.#apply(
          this.#scheduler.requestLease({ ...demand, requestId: message.requestId, peer: from }),
        );
      }
      case "lease.cancel":
        return this.#apply(this.#scheduler.cancelLease(message.requestId));
      case "lease.return":
        return this.#apply(this.#scheduler.returnLease(message.leaseId));
      case "worker.ready":
        this.#starts.settled(from);
        if (this.#scheduler.workerReady(from)) {
          this.#send(this.#config.driverId, { t: "worker.ready", workerId: from });
        }
        return;
      case "worker.blocked":
        return this.#apply(this.#scheduler.block(from));
      case "worker.unblocked":
        return this.#apply(this.#scheduler.unblock(from));
      case "worker.retire":
        if (message.agreed) return this.#pool.terminate(from, "the node: it was idle");
        return this.#apply(this.#scheduler.retireRefused(from));
      case "worker.kill":
        if (message.leaseId === undefined || this.#scheduler.leaseOf(message.workerId) === message.leaseId) {
          this.#pool.terminate(message.workerId, message.reason);
        }
        return;
      case "idle.wait":
        this.#idleWaiters.push({ peer: from, requestId: message.requestId });
        return this.#apply(this.#scheduler.reclaimParked());
      case "connect":
        return this.#send(message.to, { t: "connect", from }, attachments);
      case "group.create":
        return this.#createGroup(message);
      case "group.wait":
        return this.#awaitGroup(from, message.groupId, message.requestId);
      case "group.remove":
        this.#answerGroup(message.groupId, false);
        return this.#apply(this.#scheduler.removeGroup(message.groupId));
      case "query":
        return this.#send(from, {
          t: "reply",
          requestId: message.requestId,
          result: this.#answer(from, message.query),
        });
      case "log":
        return this.#send(this.#config.driverId, { t: "log", record: message.record });
      case "shutdown":
        void this.#shutdown();
        return;
      default:
        this.#actors.receive(from, message);
        this.#watch();
    }
  }

  #createGroup(message: Extract<PeerToNode, { t: "group.create" }>): void {
    const bundles = message.bundles.map((bundle) => ResourceSet.of(bundle));
    const sum = bundles.reduce((all, bundle) => all.plus(bundle), ResourceSet.empty);
    this.#warnIfInfeasible(
      { resources: sum, pool: undefined, depth: 0, name: message.groupId },
      "placement group",
    );
    this.#apply(this.#scheduler.createGroup(message.groupId, bundles));
  }

  #awaitGroup(peer: PeerId, groupId: PlacementGroupId, requestId: RequestId): void {
    const created = this.#scheduler.isGroupCreated(groupId);
    if (created !== false) return this.#send(peer, { t: "reply", requestId, result: created ?? false });
    const waiters = this.#groupWaiters.get(groupId);
    if (waiters === undefined) this.#groupWaiters.set(groupId, [{ peer, requestId }]);
    else waiters.push({ peer, requestId });
  }

  #answerGroup(groupId: PlacementGroupId, result: boolean): void {
    for (const { peer, requestId } of this.#groupWaiters.get(groupId) ?? []) {
      this.#send(peer, { t: "reply", requestId, result });
    }
    this.#groupWaiters.delete(groupId);
  }

  #apply(effects: readonly SchedulerEffect[]): void {
    this.#perform(effects);
    this.#watch();
  }

  #watch(): void {
    this.#starts.needed(this.#scheduler.missing);
    this.#watchSurplus();
    this.#watchIdle();
    this.#watchParking();
  }

  /** What the scheduler decided. */
  #perform(effects: readonly SchedulerEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "startWorker":
          this.#startSoon(effect.isUrgent);
          break;
        case "grantLease": {
          const { requestId, leaseId, workerId } = effect;
          this.#earlyEnds = 0;
          this.#board.grant(slotOf(workerId), leaseId);
          this.#send(effect.peer, { t: "lease.granted", requestId, leaseId, workerId });
          break;
        }
        case "leaseReclaimed":
          this.#send(effect.peer, { t: "lease.reclaimed", leaseId: effect.leaseId });
          break;
        case "placeActor":
          this.#actors.placed(effect.address, effect.workerId);
          break;
        case "groupReady":
          this.#answerGroup(effect.groupId, true);
          break;
        case "requestFailed":
          this.#send(effect.peer, {
            t: "lease.failed",
            requestId: effect.requestId,
            groupId: effect.groupId,
          });
          break;
        case "actorFailed":
          this.#actors.groupRemoved(effect.address, effect.groupId);
          break;
        case "killWorker":
          this.#pool.terminate(effect.workerId, effect.reason);
          break;
        case "retireWorker":
          this.#send(effect.workerId, { t: "worker.retire" });
      }
    }
  }

  /** While others wait, holders return their leases instead of parking them; what is parked already is taken. */
  #watchParking(): void {
    const who: WhoWaits = this.#idleWaiters.length > 0 ? { is: "many" } : this.#scheduler.whoWaits;
    const isNew = this.#board.setWaiting(who.is === "one" ? slotOf(who.peer) : who.is);
    if (isNew && who.is !== "nobody") {
      this.#apply(this.#scheduler.reschedule());
    }
  }

  /** Starting a thread takes this one milliseconds. After early ends it is tried more and more slowly. */
  #startSoon(isUrgent: boolean): void {
    const failures = this.#earlyEnds - EARLY_ENDS;
    if (failures >= 0) setTimeout(() => this.#starts.now(), Math.min(30_000, 50 * 2 ** failures));
    else if (isUrgent) this.#starts.now();
    else this.#starts.later();
  }

  #startWorker(): PeerId | undefined {
    if (this.#closing) return undefined;
    try {
      const workerId = this.#pool.start();
      if (this.#pool.size > this.#config.manyThreads) {
        this.#warn(
          `more than ${this.#config.manyThreads} worker threads: give small actors { isolation: "shared" }, ` +
            "and wait for nested tasks in batches",
        );
      }
      return workerId;
    } catch (error) {
      this.#warn(
        `a worker thread could not start: ${error instanceof Error ? error.message : String(error)}`,
      );
      this.#apply(this.#scheduler.workerStartFailed());
      return undefined;
    }
  }

  #workerExited(workerId: PeerId, cause: ExitCause, wasOnline: boolean): void {
    const line = this.#lines.get(workerId);
    if (line !== undefined) {
      line.channel.drain(); // what it said last still counts
      line.channel.close();
      this.#inbox.remove(line.outbox);
      this.#lines.delete(workerId);
    }
    retireBell(this.#config.bells, slotOf(workerId));
    this.#usage.strike(slotOf(workerId));
    if (this.#closing) return;
    this.#starts.settled(workerId);
    this.#watchEarlyEnds(workerId, cause, wasOnline);
    for (const [peer, { channel }] of this.#lines) {
      this.#send(peer, { t: "peer.died", peerId: workerId, cause });
      channel.wake(); // the dead thread may have been about to
    }
    if (!wasOnline) return this.#apply(this.#scheduler.workerStartFailed());
    const { error } = cause;
    const death: DeathCause = {
      kind: "worker-died",
      message: `its worker ${workerId} ${cause.message}`,
      error,
    };
    // The scheduler first: what is placed anew must not come to the dead worker again.
    this.#perform(this.#scheduler.workerDied(workerId));
    this.#perform(this.#scheduler.peerDied(workerId));
    this.#actors.workerDied(workerId, death);
    this.#watch();
  }

  /** Threads that cannot even start are started again more and more slowly, and loudly. */
  #watchEarlyEnds(workerId: PeerId, cause: ExitCause, wasOnline: boolean): void {
    const ranNothing =
      !wasOnline ||
      this.#scheduler
        .workers()
        .some(({ workerId: id, state }) => id === workerId && (state === "idle" || state === "loading"));
    if (!ranNothing || cause.message.startsWith("was ended by")) return;
    this.#earlyEnds++;
    if (this.#earlyEnds === EARLY_ENDS)
      this.#warn(`worker threads end before they run anything: worker ${workerId} ${cause.message}`);
  }

  /** Idle costs nothing: the timer exists only while there are idle workers to let go. */
  #watchSurplus(): void {
    if (this.#retireTimer !== undefined || !this.#scheduler.hasSurplus || this.#closing) return;
    this.#retireTimer = setTimeout(() => {
      this.#retireTimer = undefined;
      this.#apply(this.#scheduler.retireSurplus());
    }, this.#config.idleWorkerMs);
  }

  #watchIdle(): void {
    if (this.#idleWaiters.length === 0 || !this.#scheduler.isIdle) return;
    for (const { peer, requestId } of this.#idleWaiters.splice(0)) {
      this.#send(peer, { t: "reply", requestId, result: true });
    }
  }

  #answer(from: PeerId, query: Query): unknown {
    if (query.what === "actor") return this.#actors.named(query.name, query.namespace, from);
    if (query.what === "peers") return [...this.#lines.keys()];
    const { nodeId } = this.#config;
    return answerQuery(query, {
      nodeId,
      scheduler: this.#scheduler,
      directory: this.#actors.directory,
      threads: this.#pool.size,
    });
  }

  #warnIfInfeasible(demand: Demand, kind: string): void {
    if (this.#scheduler.isFeasible(demand)) return;
    const total = this.#scheduler.view().total.toString();
    const asked = demand.resources.toString();
    this.#warn(
      `${kind} ${demand.name} asks for ${asked} and the node has ${total} in all: it waits until it is cancelled. ` +
        "Ask for less, or give init() more resources",
    );
  }

  #warn(text: string): void {
    if (this.#warned.has(text) || this.#warned.size > 1000) return;
    this.#warned.add(text);
    this.#send(this.#config.driverId, { t: "warning", text });
  }

  async #shutdown(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    clearTimeout(this.#retireTimer);
    await this.#pool.terminateAll("shutdown()");
    this.#send(this.#config.driverId, { t: "shutdown.done", threadsLeft: this.#pool.size });
  }
}

const followsPlace = (run: RunToPeer, times: number, next: RunToPeer): boolean =>
  run.first + times === next.first &&
  run.address + times === next.address &&
  run.workerId === next.workerId &&
  run.incarnation === next.incarnation;
