/**
 * What every thread that takes part has, the driver and workers alike: its channels, the objects that it owns and
 * borrows, the tasks and actor calls that it submitted, and its requests to the node. A worker adds an executor.
 */
import type { CallOptions, HandleTarget } from "../api/actor-handle.ts";
import type { ObjectRef } from "../api/object-ref.ts";
import { RuntimeShutdownError } from "../core/errors.ts";
import { homeOf, newId, slotOf, type ObjectId, type PeerId, type RequestId } from "../core/ids.ts";
import { RecentIds } from "../core/recent-ids.ts";
import { ObjectStore } from "../objects/object-store.ts";
import type { Outcome } from "../objects/stored-value.ts";
import { StoreUsage, type StoreUsageHandle } from "../objects/store-usage.ts";
import type { Attachment } from "../transport/channel.ts";
import { Inbox, type Bells } from "../transport/inbox.ts";
import { LeaseBoard } from "../transport/lease-board.ts";
import { Outbox } from "../transport/outbox.ts";
import type { Place } from "../transport/place.ts";
import { toAttachments, toChannelEnd, type ChannelEnd } from "../transport/channel-ends.ts";
import { RingChannel } from "../transport/ring-channel.ts";
import type {
  ExitCause,
  LogRecord,
  NodeToPeer,
  PeerToNode,
  PeerToPeer,
  Query,
  RunToNode,
} from "../transport/protocol.ts";
import { ActorCall } from "./actor-call.ts";
import { ActorClients } from "./actor-clients.ts";
import { ActorTemplates } from "./actor-template.ts";
import { Connections } from "./connections.ts";
import { FunctionSender } from "./function-sender.ts";
import type { Introductions } from "./introductions.ts";
import type { Link } from "./link.ts";
import { ObjectTable } from "./object-table.ts";
import { PendingWork } from "./pending-work.ts";
import { StoreQueries } from "./store-queries.ts";
import { Task, TaskSubmitter } from "./task-submitter.ts";
import { taskTemplates, type TaskTemplate } from "./task-template.ts";
import { Values } from "./values.ts";
import { Waiting } from "./waiting.ts";
import type { Arguments, Work } from "./work.ts";

/** What the node hands to a new thread. */
export interface PeerSeat {
  readonly peerId: PeerId;
  readonly sessionId: string;
  readonly nodeId: string;
  readonly namespace: string;
  readonly bells: Bells;
  /** Parked leases. */
  readonly leases: SharedArrayBuffer;
  readonly usage: StoreUsageHandle;
  readonly pollUs: number | undefined;
  /** The node made this seat; the driver makes its own while the node starts. */
  readonly isNodeUp: boolean;
}

/** Messages that only a worker, or only the driver, understands. */
export interface PeerHooks {
  /** Work that other threads push to this one. */
  onPeerMessage(
    from: PeerId,
    message: PeerToPeer,
    attachments: readonly Attachment[],
    place: Place | undefined,
  ): void;
  onNodeMessage(message: NodeToPeer): void;
  onPeerDied(peer: PeerId, cause: ExitCause): void;
  /** A wait begins; returns what to call at its end. */
  onWait(): () => void;
  taskSignal(): AbortSignal | undefined;
  submitCall(
    handle: object,
    actor: HandleTarget,
    method: number,
    args: readonly unknown[],
    options: CallOptions,
  ): ObjectRef | ObjectRef[];
  onLog(record: LogRecord): void;
  onWarning(text: string): void;
}

export class Peer implements Link {
  readonly seat: PeerSeat;
  readonly peerId: PeerId;
  readonly usage: StoreUsage;
  readonly store: ObjectStore;
  readonly storeQueries: StoreQueries;
  readonly inbox: Inbox;
  readonly objects: ObjectTable;
  readonly values: Values;
  readonly functions: FunctionSender;
  readonly pending: PendingWork = new PendingWork();
  readonly actorTemplates: ActorTemplates;
  readonly templates: Introductions<TaskTemplate, PeerId>;
  readonly tasks: TaskSubmitter;
  readonly actors: ActorClients;
  readonly waiting: Waiting;
  readonly connections: Connections;
  readonly nodeChannel: RingChannel;
  readonly #toNode: Outbox<PeerToNode, RunToNode>;
  readonly #hooks: PeerHooks;
  readonly #dead = new RecentIds(10_000);
  readonly #queries = new Map<
    RequestId,
    { result: unknown; done: boolean; resolve: (result: unknown) => void }
  >();
  #closed = false;

  constructor(seat: PeerSeat, nodeEnd: ChannelEnd, hooks: PeerHooks) {
    this.seat = seat;
    this.peerId = seat.peerId;
    this.#hooks = hooks;
    this.usage = new StoreUsage(seat.usage);
    this.inbox = new Inbox({ bells: seat.bells, slot: slotOf(seat.peerId), pollUs: seat.pollUs });
    this.nodeChannel = new RingChannel({
      end: nodeEnd,
      inbox: this.inbox,
      remoteSlot: 0,
      isJoined: seat.isNodeUp,
      // The other end is the node, which speaks this protocol.
      onMessage: (message, attachments) => this.#fromNode(message as NodeToPeer, attachments),
    });
    this.#toNode = new Outbox(this.nodeChannel, followsRun);
    this.inbox.add(this.#toNode);
    this.connections = new Connections({
      inbox: this.inbox,
      introduce: (to, end) => this.toNode({ t: "connect", to }, toAttachments(end)),
      onMessage: (...received) => this.#fromPeer(...received),
    });
    this.store = new ObjectStore({
      peerId: this.peerId,
      usage: this.usage,
      isDead: (peer) => this.isDead(peer),
      count: (segmentId, peer, times) =>
        this.toPeer(homeOf(segmentId), { t: "segment.count", segmentId, peer, times }),
      press: (peer) => this.toPeer(peer, { t: "store.press" }),
      refHolders: () => this.objects.borrowers(),
      sweepRefs: () => this.objects.sweep(),
    });
    this.objects = new ObjectTable(this);
    this.storeQueries = new StoreQueries(this, this.objects, () => this.#heldArguments());
    this.actors = new ActorClients({
      link: this,
      pending: this.pending,
      objects: this.objects,
      values: () => this.values,
      templates: () => this.actorTemplates,
      submit: (...call) => hooks.submitCall(...call),
      drain: (peer) => this.connections.drain(peer),
    });
    this.values = new Values(this, this.objects, this.actors);
    this.functions = new FunctionSender(this.values);
    this.actorTemplates = new ActorTemplates(this, this.functions);
    this.templates = taskTemplates(this, this.values, this.functions);
    this.tasks = new TaskSubmitter(
      this,
      this.pending,
      new LeaseBoard(seat.leases, slotOf(seat.peerId)),
      this.objects,
      this.values,
      this.templates,
    );
    this.waiting = new Waiting({
      inbox: this.inbox,
      objects: this.objects,
      onWait: () => hooks.onWait(),
      taskSignal: () => hooks.taskSignal(),
    });
  }

  toNode(message: PeerToNode, attachments?: readonly Attachment[]): void {
    this.#toNode.send(message, attachments);
  }

  flushToNode(): void {
    this.#toNode.flush();
  }

  runToNode(run: RunToNode): void {
    this.#toNode.join(run);
  }

  toPeer(peer: PeerId, message: PeerToPeer, attachments?: readonly Attachment[]): void {
    if (this.#closed || this.#dead.has(peer)) return;
    if (peer === this.peerId) {
      // To itself (an actor that calls itself, say): the same path without the wire, never on the caller's stack.
      queueMicrotask(() => this.#fromPeer(peer, message, attachments ?? [], undefined));
      return;
    }
    this.connections.send(peer, message, attachments);
  }

  placeAt(peer: PeerId): Place {
    return this.connections.placeAt(peer);
  }

  isDead(peer: PeerId): boolean {
    return this.#dead.has(peer);
  }

  /** Cancels what a task submitted and what has not finished. Looks at all of this thread's work: that is rare. */
  cancelSubmittedBy(parent: object): void {
    const children: Work[] = [];
    for (const work of this.#unfinished()) if (work.parent === parent) children.push(work);
    for (const child of children) child.cancel({ force: false, recursive: true });
  }

  *#unfinished(): Iterable<Work> {
    yield* this.pending.all();
    yield* this.tasks.unsent();
    yield* this.actors.unsent();
  }

  *#heldArguments(): Iterable<Arguments> {
    for (const work of this.#unfinished()) if (!work.isSettled) yield work.args;
    yield* this.actors.creations();
  }

  /** Something is awaited from here: keeps the thread alive until the returned function is called. */
  keepAlive(): () => void {
    return this.#hooks.onWait();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Asks the node and waits for its answer without blocking. */
  query(query: Query): Promise<unknown> {
    const done = this.keepAlive();
    return new Promise((resolve) =>
      this.#ask(query, (result) => {
        done();
        resolve(result);
      }),
    );
  }

  /** Asks the node and blocks until it answers; the node runs no user code, so this takes microseconds. */
  querySync(query: Query): unknown {
    const request = this.#ask(query, () => undefined);
    this.inbox.waitSync(() => request.done);
    return request.result;
  }

  /** Sends a request that is answered by a `reply` to `requestId`. */
  request(
    send: (requestId: RequestId) => void,
    resolve: (result: unknown) => void = () => undefined,
  ): { readonly result: unknown; readonly done: boolean } {
    return this.#expect(send, resolve);
  }

  /** Everything that is not finished fails; nothing is sent any more. */
  close(): void {
    if (this.#closed) return;
    const error = (name: string): Error =>
      new RuntimeShutdownError(`${name} did not finish: the runtime was shut down`, {
        fields: { taskName: name },
      });
    this.tasks.abandon(error);
    this.actors.abandon(error);
    this.storeQueries.close();
    this.pending.clear();
    this.#closed = true;
    this.store.close();
    this.connections.closeAll();
    this.#toNode.flush();
    this.nodeChannel.close();
  }

  #ask(query: Query, resolve: (result: unknown) => void): { result: unknown; done: boolean } {
    return this.#expect((requestId) => this.toNode({ t: "query", requestId, query }), resolve);
  }

  #expect(
    send: (requestId: RequestId) => void,
    resolve: (result: unknown) => void,
  ): { result: unknown; done: boolean } {
    const requestId = newId("req") as RequestId;
    const request = { result: undefined as unknown, done: false, resolve };
    this.#queries.set(requestId, request);
    send(requestId);
    return request;
  }

  #fromNode(message: NodeToPeer, attachments: readonly Attachment[]): void {
    switch (message.t) {
      case "lease.granted":
        return this.tasks.granted(message.requestId, message.leaseId, message.workerId);
      case "lease.reclaimed":
        return this.tasks.reclaimed(message.leaseId);
      case "lease.failed":
        return this.tasks.requestFailed(message.requestId, message.groupId);
      case "actor.place":
        return this.actors.place(message);
      case "actor.update":
        return this.actors.update(message.update);
      case "peer.died":
        return this.#peerDied(message.peerId, message.cause);
      case "connect":
        return this.connections.accept(message.from, toChannelEnd(attachments));
      case "reply": {
        const request = this.#queries.get(message.requestId);
        if (request === undefined) return;
        this.#queries.delete(message.requestId);
        request.result = message.result;
        request.done = true;
        return request.resolve(message.result);
      }
      case "worker.ready":
        if (!this.isDead(message.workerId)) this.connections.open(message.workerId);
        return;
      case "log":
        return this.#hooks.onLog(message.record);
      case "warning":
        return this.#hooks.onWarning(message.text);
      default:
        return this.#hooks.onNodeMessage(message);
    }
  }

  #fromPeer(
    from: PeerId,
    message: PeerToPeer,
    attachments: readonly Attachment[],
    place: Place | undefined,
  ): void {
    switch (message.t) {
      case "task.done": {
        const { count, outcome, tookUs } = message;
        const first = this.values.outcomeFromWire(outcome, attachments);
        const more = this.values.moreFromWire(outcome, attachments);
        const work = this.pending.take(count);
        if (work === undefined) return;
        if (first.ok) first.own(this.usage);
        for (const value of more) value.own(this.usage);
        if (work instanceof ActorCall) this.actors.done(work, first, more);
        else if (work instanceof Task) this.tasks.done(work, first, more, tookUs);
        return;
      }
      case "task.retrying":
        this.pending.get(message.count)?.takeRetry();
        return;
      case "object.get":
        return this.#serve(from, message.objectId);
      case "object.value": {
        const { objectId, outcome } = message;
        return this.objects.answered(
          objectId,
          outcome === undefined ? undefined : this.values.outcomeFromWire(outcome, attachments),
        );
      }
      case "object.count":
        return this.objects.counted(message.objectId, message.peer, message.times);
      case "segment.count":
        return this.store.counted(message.segmentId, from, message.peer, message.times);
      case "store.press":
        return this.store.memory.relieve();
      case "store.ask": {
        const { requestId, collect } = message;
        return this.toPeer(from, { t: "store.report", requestId, report: this.storeQueries.report(collect) });
      }
      case "store.report":
        return this.storeQueries.answered(message.requestId, message.report);
      default:
        return this.#hooks.onPeerMessage(from, message, attachments, place);
    }
  }

  /** Answers a borrower when the object is there. */
  #serve(to: PeerId, objectId: ObjectId): void {
    const entry = this.objects.owned(objectId);
    const answer = (outcome: Outcome | undefined): void => {
      const attachments: Attachment[] = [];
      const wire = outcome === undefined ? undefined : this.values.outcomeToWire(outcome, to, attachments);
      this.toPeer(to, { t: "object.value", objectId, outcome: wire }, attachments);
    };
    if (entry === undefined || entry.isReady) answer(entry?.outcome);
    else entry.onReady(() => answer(entry.outcome));
  }

  #peerDied(peer: PeerId, cause: ExitCause): void {
    this.connections.drain(peer); // what it sent before its end counts
    this.#dead.add(peer);
    this.connections.close(peer);
    this.functions.peerDied(peer);
    this.store.peerDied(peer);
    this.storeQueries.peerDied(peer);
    this.templates.drop(peer);
    this.actorTemplates.peerDied(peer);
    this.objects.peerDied(peer, cause);
    this.tasks.peerDied(peer, cause);
    this.#hooks.onPeerDied(peer, cause);
  }
}

const followsRun = (run: RunToNode, times: number, next: RunToNode): boolean =>
  run.t === next.t &&
  run.first + times === next.first &&
  (run.t !== "actor.register" || next.t !== "actor.register" || run.template === next.template);
