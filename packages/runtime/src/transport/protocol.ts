/**
 * Every message that threads send each other, one line each on what it means. Three directions: a peer (driver or
 * worker) to the node, the node to a peer, and peer to peer.
 */
import type { HandleKind } from "../api/actor-handle.ts";
import type { ActorUpdate, ErrorText } from "../core/actor-directory.ts";
import type {
  ActorId,
  FunctionId,
  LeaseId,
  ObjectId,
  PeerId,
  PlacementGroupId,
  RequestId,
  SegmentId,
} from "../core/ids.ts";
import type { PoolSelector } from "../core/resource-pools.ts";
import type { Resources } from "../core/resources.ts";

/** A value in a message. Numbers stand for attachments. */
export interface WireValue {
  /** The envelope, or where it lies. */
  readonly b: Uint8Array | WireSegment;
  /** Large buffers: an attachment of the user's own shared memory, or a segment of the store. */
  readonly s: readonly (number | WireSegment)[];
  /** What the value mentions and the receiver holds from now on. */
  readonly r: readonly WireTracked[];
}

/** Bytes of the object store: in shared memory, in a file that is the receiver's from now on, or lost (and why). */
export type WireSegment =
  | readonly [kind: "m", id: SegmentId, byteLength: number, attachment: number, sender: PeerId]
  | readonly [kind: "f", path: string, byteLength: number]
  | readonly [kind: "x", reason: string, byteLength: number];

export type WireTracked =
  | readonly [kind: "o", id: ObjectId, owner: PeerId, sizeBytes: number]
  | readonly [kind: "a", id: ActorId, handle: unknown];

/** How a thread ended. */
export interface ExitCause {
  readonly message: string;
  readonly exitCode: number | undefined;
  readonly outOfMemory: boolean;
  /** The uncaught error that ended it. */
  readonly error: ErrorText | undefined;
}

/** What a task or actor needs from the node. */
export interface WireDemand {
  readonly resources: Resources;
  readonly pool: PoolSelector | undefined;
  readonly depth: number;
  readonly name: string;
}

/** A function or class, with its code the first time that the receiver sees it. */
export interface WireFunction {
  readonly id: FunctionId;
  readonly value: WireValue | undefined;
}

/** Arguments: the encoded array, and the values of refs that stood at its top level. */
export interface WireArguments {
  readonly values: WireValue;
  readonly slots: readonly (readonly [index: number, value: WireValue])[];
}

export type WireOutcome =
  | { readonly ok: true; readonly values: readonly WireValue[] }
  /** The error of user code or of the runtime on that side, encoded. */
  | { readonly ok: false; readonly error: WireValue };

export type Query =
  | { readonly what: "resources" }
  | { readonly what: "nodes" }
  | { readonly what: "actor"; readonly name: string; readonly namespace: string }
  | { readonly what: "actors" }
  | { readonly what: "group"; readonly groupId: PlacementGroupId }
  | { readonly what: "workers" }
  /** All threads that take part. */
  | { readonly what: "peers" };

export type PeerToNode =
  /** Asks for a worker to run tasks of one shape. */
  | { readonly t: "lease.request"; readonly requestId: RequestId; readonly demand: WireDemand }
  | { readonly t: "lease.cancel"; readonly requestId: RequestId }
  | { readonly t: "lease.return"; readonly leaseId: LeaseId }
  /** A new worker has loaded all that it needs. */
  | { readonly t: "worker.ready" }
  /** The task of this worker waits for objects; its CPU is free meanwhile. */
  | { readonly t: "worker.blocked" }
  | { readonly t: "worker.unblocked" }
  /** A retiring worker may be ended, or still owns objects. */
  | { readonly t: "worker.retire"; readonly agreed: boolean }
  /** Ends a worker if it still has that lease (`cancel(ref, { force: true })`), or whatever it does. */
  | {
      readonly t: "worker.kill";
      readonly workerId: PeerId;
      readonly leaseId: LeaseId | undefined;
      readonly reason: string;
    }
  /** Replies once nothing waits and all resources are free. */
  | { readonly t: "idle.wait"; readonly requestId: RequestId }
  | { readonly t: "actor.template"; readonly template: number; readonly of: NodeActorTemplate }
  | { readonly t: "actor.forget"; readonly template: number }
  /** So many actors of a template, by their counts at the owner. */
  | {
      readonly t: "actor.register";
      readonly template: number;
      readonly first: number;
      readonly times: number;
    }
  /** The name may be taken: the node replies to `requestId`. */
  | {
      readonly t: "actor.registerNamed";
      readonly template: number;
      readonly count: number;
      readonly name: string;
      readonly getIfExists: boolean;
      readonly requestId: RequestId;
    }
  /** From a worker: the constructors of the actors at so many addresses have returned. */
  | { readonly t: "actor.created"; readonly first: number; readonly times: number }
  | { readonly t: "actor.creationFailed"; readonly address: number; readonly error: ErrorText }
  | { readonly t: "actor.exited"; readonly address: number; readonly reason: "exited" | "out-of-scope" }
  | { readonly t: "actor.subscribe"; readonly actorId: ActorId }
  | { readonly t: "actor.kill"; readonly actorId: ActorId; readonly noRestart: boolean }
  /** `peer` was handed `times` more handles of the actor. */
  | { readonly t: "actor.handles"; readonly actorId: ActorId; readonly peer: PeerId; readonly times: number }
  /** The sender gives so many handles back. */
  | { readonly t: "actor.release"; readonly actorId: ActorId; readonly times: number }
  /** Hands one end of a new channel to another thread (attachment 0: the port). */
  | { readonly t: "connect"; readonly to: PeerId }
  | { readonly t: "group.create"; readonly groupId: PlacementGroupId; readonly bundles: readonly Resources[] }
  /** Replies `true` once the group is reserved, or `false` when it was removed. */
  | { readonly t: "group.wait"; readonly groupId: PlacementGroupId; readonly requestId: RequestId }
  | { readonly t: "group.remove"; readonly groupId: PlacementGroupId }
  | { readonly t: "query"; readonly requestId: RequestId; readonly query: Query }
  | { readonly t: "log"; readonly record: LogRecord }
  | { readonly t: "shutdown" };

/** What a peer tells the node in runs. */
export type RunToNode = Extract<PeerToNode, { t: "actor.register" | "actor.created" }>;

export interface LogRecord {
  readonly stream: "stdout" | "stderr";
  /** Task or actor name; undefined for a line printed outside of both. */
  readonly name: string | undefined;
  readonly workerId: PeerId;
  readonly line: string;
}

export type NodeToPeer =
  | {
      readonly t: "lease.granted";
      readonly requestId: RequestId;
      readonly leaseId: LeaseId;
      readonly workerId: PeerId;
    }
  /** The node took back a lease that was parked. */
  | { readonly t: "lease.reclaimed"; readonly leaseId: LeaseId }
  | { readonly t: "lease.failed"; readonly requestId: RequestId; readonly groupId: PlacementGroupId }
  /**
   * To the owner of so many actors, named by their counts: it sends their creations to this worker, one address after
   * another, and may send calls after them.
   */
  | {
      readonly t: "actor.place";
      readonly first: number;
      readonly times: number;
      readonly workerId: PeerId;
      readonly address: number;
      readonly incarnation: number;
    }
  | { readonly t: "actor.update"; readonly update: ActorUpdate }
  /** To a host: forget the actor, and what it has queued. */
  | { readonly t: "actor.drop"; readonly address: number }
  /** To a host or an actor's worker: leave, all handles are gone. */
  | { readonly t: "actor.leave"; readonly address: number }
  | { readonly t: "peer.died"; readonly peerId: PeerId; readonly cause: ExitCause }
  /** Another thread opened a channel to this one (attachment 0: the port). */
  | { readonly t: "connect"; readonly from: PeerId }
  | { readonly t: "worker.retire" }
  /** To the driver: the worker is free, so the next work is likely to go there. */
  | { readonly t: "worker.ready"; readonly workerId: PeerId }
  | { readonly t: "reply"; readonly requestId: RequestId; readonly result: unknown }
  | { readonly t: "log"; readonly record: LogRecord }
  /** A message for the user, e.g. that a demand is infeasible. */
  | { readonly t: "warning"; readonly text: string }
  | { readonly t: "shutdown.done"; readonly threadsLeft: number };

/** What the node tells a peer in runs. */
export type RunToPeer = Extract<NodeToPeer, { t: "actor.place" }>;

/** What all tasks of one function with one set of options have in common; sent to a thread before the first of them. */
export interface WireTaskTemplate {
  readonly name: string;
  readonly fn: WireFunction;
  readonly depth: number;
  readonly numReturns: number;
  readonly retryExceptions: boolean | WireValue;
  readonly resources: Resources;
  readonly pool: PoolSelector | undefined;
  readonly namespace: string;
}

/** What all actors of a class with one set of options have in common, as the node needs it. */
export interface NodeActorTemplate {
  readonly handle: HandleKind;
  readonly isolation: "thread" | "shared";
  readonly maxRestarts: number;
  readonly demand: WireDemand;
  readonly placement: Resources;
}

/** The same, as the worker needs it. */
export interface WireActorTemplate {
  readonly cls: WireFunction;
  readonly handle: HandleKind;
  readonly isolation: "thread" | "shared";
  readonly maxConcurrency: number | undefined;
  readonly resources: Resources;
  readonly pool: PoolSelector | undefined;
  readonly depth: number;
}

/** Tasks and actor calls are named by the count of their submitter, templates by their number there. */
export type PeerToPeer =
  | { readonly t: "task.template"; readonly template: number; readonly of: WireTaskTemplate }
  /** The template is not used any more. */
  | { readonly t: "task.forget"; readonly template: number }
  | {
      readonly t: "task.push";
      readonly count: number;
      readonly template: number;
      /** Place in the lease's order; the task runs only if nobody has taken it back (`LeaseBoard.claim`). */
      readonly place: number;
      /** Attempts left for exceptions that may be retried; -1 no limit. */
      readonly retries: number;
      readonly args: WireArguments;
    }
  | { readonly t: "actor.template"; readonly template: number; readonly of: WireActorTemplate }
  | { readonly t: "actor.forget"; readonly template: number }
  | {
      readonly t: "actor.create";
      readonly template: number;
      /** Among the actors of the sender, who owns it. */
      readonly count: number;
      readonly name: string | undefined;
      /** Where callers will find it. */
      readonly address: number;
      readonly incarnation: number;
      readonly args: WireArguments;
    }
  | {
      readonly t: "actor.call";
      readonly count: number;
      /** Where the actor lives; another one after each restart. */
      readonly address: number;
      /** Index among the handle's methods. */
      readonly method: number;
      readonly depth: number;
      readonly numReturns: number;
      readonly retries: number;
      readonly retryExceptions: boolean;
      readonly args: WireArguments;
    }
  | {
      readonly t: "task.done";
      readonly count: number;
      /** Microseconds from its beginning to its end; for tasks only. */
      readonly tookUs: number;
      readonly outcome: WireOutcome;
    }
  /** User code raised and runs again: one attempt of the budget is used. */
  | { readonly t: "task.retrying"; readonly count: number }
  /** `address`: of the actor, if it is a call. */
  | {
      readonly t: "task.cancel";
      readonly count: number;
      readonly recursive: boolean;
      readonly address?: number;
    }
  /** Asks the owner for a value; answered when it is there. */
  | { readonly t: "object.get"; readonly objectId: ObjectId }
  | { readonly t: "object.value"; readonly objectId: ObjectId; readonly outcome: WireOutcome | undefined }
  /** `peer` was handed `times` more references by the sender (negative: gave back). */
  | {
      readonly t: "object.count";
      readonly objectId: ObjectId;
      readonly peer: PeerId;
      readonly times: number;
    }
  /** To a segment's home, in the same sense. */
  | {
      readonly t: "segment.count";
      readonly segmentId: SegmentId;
      readonly peer: PeerId;
      readonly times: number;
    }
  /** The sender has no memory left: let go of what is not needed. */
  | { readonly t: "store.press" }
  /** Asks for a report on the receiver's store, `collect`: after a garbage collection; answered at once. */
  | { readonly t: "store.ask"; readonly requestId: RequestId; readonly collect: boolean }
  | { readonly t: "store.report"; readonly requestId: RequestId; readonly report: StoreReport };

/** The objects that one thread knows. */
export type StoreReport = readonly ObjectReport[];

export interface ObjectReport {
  /** Undefined for arguments and captured values, which are no objects. */
  readonly objectId: ObjectId | undefined;
  readonly label: string;
  readonly sizeBytes: number;
  readonly ownerId: PeerId;
  readonly where: "pending" | "inline" | "memory" | "spilled" | "failed";
  /** ObjectRefs in this thread that were not disposed of, without those below. */
  readonly localRefs: number;
  /** Refs in arguments of work that is not finished. */
  readonly usedByPendingTasks: number;
  /** Refs in values of listed objects. */
  readonly capturedInObjects: number;
  /** Threads that have refs to the object or memory of it, and how many. */
  readonly borrowers: readonly (readonly [peer: PeerId, count: number])[];
  /** Buffers of the value that user code of this thread may see. */
  readonly liveViews: number;
}
