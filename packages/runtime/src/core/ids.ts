/**
 * Ids: a prefix that names the kind, then characters unique to this thread, then a counter. Ordered within a thread,
 * unique across threads and sessions, short enough to read in a log.
 */
import { customAlphabet } from "nanoid/non-secure";

declare const kind: unique symbol;
type Id<K extends string> = string & { readonly [kind]?: K };

export type SessionId = Id<"session">;
export type NodeId = Id<"node">;
/** Id of a thread that takes part: the driver or a worker. */
export type PeerId = Id<"peer">;
export type TaskId = Id<"task">;
export type ObjectId = Id<"object">;
export type ActorId = Id<"actor">;
export type LeaseId = Id<"lease">;
export type RequestId = Id<"request">;
export type PlacementGroupId = Id<"pg">;
export type FunctionId = Id<"fn">;
/** Id of one use of a shared segment: `3k@driver_…`, a number and the thread that allocated it. Never used again. */
export type SegmentId = Id<"segment">;

export type IdKind =
  "session" | "node" | "driver" | "worker" | "task" | "obj" | "lease" | "req" | "pg" | "fn" | "file";

const threadPart = customAlphabet("0123456789abcdefghijkmnpqrstuvwxyz", 8)();
let counter = 0;

/** A new id of the kind, e.g. `task_4kq0z1xw_1a`. */
export function newId(kindOfId: IdKind): string {
  return `${kindOfId}_${threadPart}_${(counter++).toString(36)}`;
}

/** Slots before it are the node's and the driver's. */
export const FIRST_WORKER_SLOT = 2;

/** The id of a thread ends with its slot in the session's shared tables (bells, store usage). Slot 0 is the node. */
export function newPeerId(kindOfPeer: "driver" | "worker", slot: number): PeerId {
  return `${newId(kindOfPeer)}_${slot}` as PeerId;
}

/** The `count`-th segment id of a thread. */
export function segmentIdOf(count: number, home: PeerId): SegmentId {
  return `${count.toString(36)}@${home}`;
}

/** The thread that allocated the segment. */
export function homeOf(segment: SegmentId): PeerId {
  return segment.slice(segment.indexOf("@") + 1);
}

/**
 * Objects, tasks and actors are counted by the thread that makes them, and named from that count only when somebody
 * asks: most live and die as a number.
 */
export const objectIdOf = (owner: PeerId, count: number): ObjectId =>
  `obj_${partOf(owner)}_${count.toString(36)}`;
export const taskIdOf = (submitter: PeerId, count: number): TaskId =>
  `task_${partOf(submitter)}_${count.toString(36)}`;
export const actorIdOf = (owner: PeerId, count: number): ActorId =>
  `actor_${partOf(owner)}_${count.toString(36)}`;
/** Whether the actor was made by the thread. */
export const isActorOf = (id: ActorId, owner: PeerId): boolean => ownerPartOf(id) === partOf(owner);

/** What distinguishes the thread that made the actor. */
export const ownerPartOf = (id: ActorId): string => id.slice(id.indexOf("_") + 1, id.lastIndexOf("_"));

/** What distinguishes a thread: its id without the kind. */
export const partOf = (peer: PeerId): string => peer.slice(peer.indexOf("_") + 1);

/** The counter of an id. */
export const countOf = (id: string): number => Number.parseInt(id.slice(id.lastIndexOf("_") + 1), 36);

export function slotOf(peer: PeerId): number {
  return Number(peer.slice(peer.lastIndexOf("_") + 1));
}
