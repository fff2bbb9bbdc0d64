/**
 * The life of actors as a pure state machine, kept by the node: registered, waiting for a place, being created, alive,
 * restarting, dead. Commands in, effects out; no threads, timers or randomness.
 *
 * The creation itself (class and constructor arguments) travels from the owner straight to the chosen worker; the
 * directory only says where.
 */
import type { ActorId, PeerId } from "./ids.ts";
import { RecentIds } from "./recent-ids.ts";
import { RefCounter } from "./ref-counter.ts";

export type ActorState = "PENDING_CREATION" | "ALIVE" | "RESTARTING" | "DEAD";

/** Why an actor is dead or restarting. */
export type DeathKind =
  | "killed"
  | "out-of-scope"
  | "exited"
  | "creation-failed"
  | "worker-died"
  | "owner-died"
  | "unschedulable"
  | "placement-group-removed";

export interface DeathCause {
  readonly kind: DeathKind;
  readonly message: string;
  /** The error of the constructor or of the worker, when there is one. */
  readonly error?: ErrorText | undefined;
}

/** An error in the hands of the node, which decodes no user values. */
export interface ErrorText {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** The error itself, encoded, forwarded unread; without refs or large buffers. */
  readonly value?: Uint8Array | undefined;
}

export interface ActorRegistration {
  readonly actorId: ActorId;
  readonly ownerId: PeerId;
  readonly className: string;
  readonly name: string | undefined;
  readonly namespace: string;
  readonly isolation: "thread" | "shared";
  /** -1: no limit. */
  readonly maxRestarts: number;
  /** Opaque data that makes a handle of it again (method names, defaults). */
  readonly handle: unknown;
}

/** What subscribers are told. */
export interface ActorUpdate {
  readonly actorId: ActorId;
  readonly state: ActorState;
  readonly workerId: PeerId | undefined;
  /** Where it lives in its worker. */
  readonly address: number;
  /** Counts the times that the constructor was run. */
  readonly incarnation: number;
  readonly cause: DeathCause | undefined;
}

export type DirectoryEffect =
  | { readonly type: "requestPlace"; readonly actorId: ActorId }
  | {
      readonly type: "create";
      readonly ownerId: PeerId;
      readonly actorId: ActorId;
      readonly workerId: PeerId;
      readonly incarnation: number;
    }
  | { readonly type: "publish"; readonly peers: readonly PeerId[]; readonly update: ActorUpdate }
  | { readonly type: "releasePlace"; readonly actorId: ActorId }
  /** End the actor where it lives: its thread, or its entry in a shared host. */
  | {
      readonly type: "destroy";
      readonly actorId: ActorId;
      readonly workerId: PeerId;
      readonly isolation: "thread" | "shared";
      readonly reason: string;
    }
  | { readonly type: "askToExit"; readonly actorId: ActorId; readonly workerId: PeerId };

interface ActorRecord {
  readonly registration: ActorRegistration;
  state: ActorState;
  workerId: PeerId | undefined;
  address: number;
  incarnation: number;
  restartsLeft: number;
  cause: DeathCause | undefined;
  leaving: boolean;
  readonly handles: RefCounter;
  readonly subscribers: Set<PeerId>;
}

/** Dead actors that are remembered so that late callers learn why; older ones are forgotten. */
const MAX_DEAD = 10_000;

export class ActorDirectory {
  readonly #actors = new Map<ActorId, ActorRecord>();
  readonly #names = new Map<string, ActorId>();
  readonly #dead: ActorId[] = [];
  readonly #lostPeers = new RecentIds(10_000);

  /** Id of the living actor of that name, if any. */
  find(name: string, namespace: string): ActorRegistration | undefined {
    const actorId = this.#names.get(nameKey(name, namespace));
    return actorId === undefined ? undefined : this.#actors.get(actorId)?.registration;
  }

  list(): readonly { readonly registration: ActorRegistration; readonly update: ActorUpdate }[] {
    return [...this.#actors.values()].map((record) => ({
      registration: record.registration,
      update: updateOf(record),
    }));
  }

  get(actorId: ActorId): ActorUpdate | undefined {
    const record = this.#actors.get(actorId);
    return record === undefined ? undefined : updateOf(record);
  }

  register(registration: ActorRegistration): DirectoryEffect[] {
    const { actorId, ownerId, name, namespace } = registration;
    const handles = new RefCounter();
    handles.add(ownerId, 1);
    this.#actors.set(actorId, {
      registration,
      state: "PENDING_CREATION",
      workerId: undefined,
      address: 0,
      incarnation: 0,
      restartsLeft: registration.maxRestarts < 0 ? Infinity : registration.maxRestarts,
      cause: undefined,
      leaving: false,
      handles,
      subscribers: new Set([ownerId]),
    });
    if (name !== undefined) this.#names.set(nameKey(name, namespace), actorId);
    return [{ type: "requestPlace", actorId }];
  }

  subscribe(actorId: ActorId, peer: PeerId): DirectoryEffect[] {
    const record = this.#actors.get(actorId);
    const update = record === undefined ? forgotten(actorId) : updateOf(record);
    record?.subscribers.add(peer);
    return [{ type: "publish", peers: [peer], update }];
  }

  placed(actorId: ActorId, workerId: PeerId): DirectoryEffect[] {
    const record = this.#actors.get(actorId);
    if (record === undefined || record.state === "DEAD") return [{ type: "releasePlace", actorId }];
    record.workerId = workerId;
    record.incarnation++;
    const { ownerId } = record.registration;
    return [{ type: "create", ownerId, actorId, workerId, incarnation: record.incarnation }];
  }

  created(actorId: ActorId, incarnation: number, address: number): DirectoryEffect[] {
    const record = this.#actors.get(actorId);
    if (record === undefined || record.state === "DEAD" || record.incarnation !== incarnation) return [];
    record.state = "ALIVE";
    record.address = address;
    const effects = [publish(record)];
    if (!record.handles.inUse) effects.push(...this.#leave(record));
    return effects;
  }

  creationFailed(actorId: ActorId, incarnation: number, cause: DeathCause): DirectoryEffect[] {
    const record = this.#actors.get(actorId);
    if (record === undefined || record.incarnation !== incarnation) return [];
    return this.#die(record, cause);
  }

  /** The thread that hosted it has ended. Restarts it while the budget lasts. */
  workerDied(workerId: PeerId, cause: DeathCause): DirectoryEffect[] {
    const effects: DirectoryEffect[] = [];
    for (const record of this.#actors.values()) {
      if (record.workerId !== workerId || record.state === "DEAD") continue;
      record.workerId = undefined;
      if (record.restartsLeft > 0 && !record.leaving) effects.push(...this.#restart(record, cause));
      else effects.push(...this.#die(record, cause));
    }
    return effects;
  }

  kill(actorId: ActorId, noRestart: boolean, cause: DeathCause): DirectoryEffect[] {
    const record = this.#actors.get(actorId);
    if (record === undefined || record.state === "DEAD") return [];
    if (noRestart || record.restartsLeft <= 0) return this.#die(record, cause);
    return [...destroy(record, cause.message), ...this.#restart(record, cause)];
  }

  /** The actor finished by itself (exitActor, or after `askToExit`). */
  exited(actorId: ActorId, incarnation: number, cause: DeathCause): DirectoryEffect[] {
    const record = this.#actors.get(actorId);
    if (record === undefined || record.incarnation !== incarnation) return [];
    return this.#die(record, cause);
  }

  /** Handles were handed to (or given back by) a thread. The last one gone ends the actor gracefully. */
  countHandles(actorId: ActorId, peer: PeerId, times: number): DirectoryEffect[] {
    const record = this.#actors.get(actorId);
    if (record === undefined || record.state === "DEAD" || this.#lostPeers.has(peer)) return [];
    return record.handles.add(peer, times) ? [] : this.#leave(record);
  }

  peerDied(peer: PeerId): DirectoryEffect[] {
    this.#lostPeers.add(peer);
    const effects: DirectoryEffect[] = [];
    for (const record of this.#actors.values()) {
      record.subscribers.delete(peer);
      if (record.state === "DEAD") continue;
      if (record.registration.ownerId === peer) {
        effects.push(...this.#die(record, { kind: "owner-died", message: `its owner ${peer} has ended` }));
      } else if (!record.handles.drop(peer)) effects.push(...this.#leave(record));
    }
    return effects;
  }

  #leave(record: ActorRecord): DirectoryEffect[] {
    if (record.leaving) return [];
    record.leaving = true;
    const { actorId } = record.registration;
    if (record.state === "ALIVE" && record.workerId !== undefined) {
      return [{ type: "askToExit", actorId, workerId: record.workerId }];
    }
    // While it is being created its first calls may still wait here; `created` asks it to leave.
    if (record.state === "PENDING_CREATION" && record.workerId !== undefined) {
      record.leaving = false;
      return [];
    }
    return this.#die(record, { kind: "out-of-scope", message: "its last handle went out of scope" });
  }

  #restart(record: ActorRecord, cause: DeathCause): DirectoryEffect[] {
    record.restartsLeft--;
    record.state = "RESTARTING";
    record.workerId = undefined;
    record.cause = cause;
    const { actorId } = record.registration;
    return [publish(record), { type: "releasePlace", actorId }, { type: "requestPlace", actorId }];
  }

  #die(record: ActorRecord, cause: DeathCause): DirectoryEffect[] {
    if (record.state === "DEAD") return [];
    const { actorId, name, namespace } = record.registration;
    const effects: DirectoryEffect[] = [...destroy(record, cause.message)];
    record.state = "DEAD";
    record.workerId = undefined;
    record.cause = cause;
    if (name !== undefined && this.#names.get(nameKey(name, namespace)) === actorId) {
      this.#names.delete(nameKey(name, namespace));
    }
    this.#dead.push(actorId);
    if (this.#dead.length > MAX_DEAD) {
      const oldest = this.#dead.shift();
      if (oldest !== undefined) this.#actors.delete(oldest);
    }
    effects.push(publish(record), { type: "releasePlace", actorId });
    return effects;
  }
}

const nameKey = (name: string, namespace: string): string => JSON.stringify([namespace, name]);

function updateOf(record: ActorRecord): ActorUpdate {
  const { state, workerId, address, incarnation, cause } = record;
  return { actorId: record.registration.actorId, state, workerId, address, incarnation, cause };
}

function forgotten(actorId: ActorId): ActorUpdate {
  const cause: DeathCause = { kind: "exited", message: "it died long ago; why is no longer remembered" };
  return { actorId, state: "DEAD", workerId: undefined, address: 0, incarnation: 0, cause };
}

function publish(record: ActorRecord): DirectoryEffect {
  return { type: "publish", peers: [...record.subscribers], update: updateOf(record) };
}

function destroy(record: ActorRecord, reason: string): DirectoryEffect[] {
  const { workerId } = record;
  if (workerId === undefined) return [];
  const { actorId, isolation } = record.registration;
  return [{ type: "destroy", actorId, workerId, isolation, reason }];
}
