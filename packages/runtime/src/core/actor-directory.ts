/**
 * The life of actors as a pure state machine, kept by the node: registered, waiting for a place, being created, alive,
 * restarting, dead. Commands in, effects out; no threads, timers or randomness.
 *
 * The creation itself (class and constructor arguments) travels from the owner straight to the chosen worker; the
 * directory only says where. That is an address, a new one for each time that the constructor is to run: whatever is
 * said about an address that the directory has given up means nothing any more.
 */
import type { HandleKind } from "../api/actor-handle.ts";
import { OUT_OF_SCOPE } from "./actor-deaths.ts";
import { Fifo } from "./fifo.ts";
import { actorIdOf, countOf, ownerPartOf, partOf, type ActorId, type PeerId } from "./ids.ts";
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

/** What all actors of a class with one set of options have in common, as far as the directory cares. */
export interface ActorTraits {
  /** What makes a handle of them again (class, namespace, method names, defaults). */
  readonly handle: HandleKind;
  readonly isolation: "thread" | "shared";
  /** -1: no limit. */
  readonly maxRestarts: number;
}

export interface ActorRegistration<T extends ActorTraits = ActorTraits> {
  readonly ownerId: PeerId;
  /** Among the actors of its owner. */
  readonly count: number;
  readonly name: string | undefined;
  readonly traits: T;
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

export type DirectoryEffect<T extends ActorTraits = ActorTraits> =
  | { readonly type: "requestPlace"; readonly address: number; readonly traits: T }
  /** The owner sends the creation to this worker, and may send calls after it. */
  | {
      readonly type: "create";
      readonly ownerId: PeerId;
      readonly count: number;
      readonly workerId: PeerId;
      readonly address: number;
      readonly incarnation: number;
    }
  | { readonly type: "publish"; readonly peers: readonly PeerId[]; readonly update: ActorUpdate }
  | { readonly type: "releasePlace"; readonly address: number }
  /** End the actor where it lives: its thread, or its entry in a shared host. */
  | {
      readonly type: "destroy";
      readonly workerId: PeerId;
      readonly address: number;
      readonly isolation: "thread" | "shared";
      readonly reason: string;
    }
  | { readonly type: "askToExit"; readonly workerId: PeerId; readonly address: number };

interface ActorRecord<T extends ActorTraits> extends ActorRegistration<T> {
  state: ActorState;
  /** Where it lives, or will live; 0 when it is dead. */
  address: number;
  workerId: PeerId | undefined;
  incarnation: number;
  restartsLeft: number;
  cause: DeathCause | undefined;
  leaving: boolean;
  /** How often the owner has a handle; other threads are counted when they get one. */
  ownHandles: number;
  otherHandles: RefCounter | undefined;
  /** Beside the owner, which is told of everything but what it knows: that its actor lives. */
  subscribers: Set<PeerId> | undefined;
}

/** Dead actors that are remembered so that late callers learn why; older ones are forgotten. */
const MAX_DEAD = 10_000;

export class ActorDirectory<T extends ActorTraits = ActorTraits> {
  /** By what distinguishes their owner, and their count there. */
  readonly #actors = new Map<string, Map<number, ActorRecord<T>>>();
  /** Those that have a place, or wait for one. */
  readonly #addresses = new Map<number, ActorRecord<T>>();
  readonly #names = new Map<string, ActorRecord<T>>();
  readonly #dead = new Fifo<ActorRecord<T>>();
  readonly #lostPeers = new RecentIds(10_000);
  /** Of the last owner, who often comes again. */
  #last: { readonly ownerId: PeerId; readonly actors: Map<number, ActorRecord<T>> } | undefined;
  #nextAddress = 1;

  /** The living actor of that name, if any. */
  find(name: string, namespace: string): ActorRegistration<T> | undefined {
    return this.#names.get(nameKey(name, namespace));
  }

  list(): readonly { readonly registration: ActorRegistration<T>; readonly update: ActorUpdate }[] {
    const records = [...this.#actors.values()].flatMap((actors) => [...actors.values()]);
    return records.map((record) => ({ registration: record, update: updateOf(record) }));
  }

  has(actorId: ActorId): boolean {
    return this.#find(actorId) !== undefined;
  }

  get(actorId: ActorId): ActorUpdate | undefined {
    const record = this.#find(actorId);
    return record === undefined ? undefined : updateOf(record);
  }

  register({ ownerId, count, name, traits }: ActorRegistration<T>): DirectoryEffect<T>[] {
    const record: ActorRecord<T> = {
      ownerId,
      count,
      name,
      traits,
      state: "PENDING_CREATION",
      address: 0,
      workerId: undefined,
      incarnation: 0,
      restartsLeft: traits.maxRestarts < 0 ? Infinity : traits.maxRestarts,
      cause: undefined,
      leaving: false,
      ownHandles: 1,
      otherHandles: undefined,
      subscribers: undefined,
    };
    this.#actorsOf(ownerId).set(count, record);
    if (name !== undefined) this.#names.set(nameKey(name, traits.handle.namespace), record);
    return [this.#requestPlace(record)];
  }

  subscribe(actorId: ActorId, peer: PeerId): DirectoryEffect<T>[] {
    const record = this.#find(actorId);
    const update = record === undefined ? forgotten(actorId) : updateOf(record);
    if (record !== undefined && record.state !== "DEAD" && peer !== record.ownerId)
      (record.subscribers ??= new Set()).add(peer);
    return [{ type: "publish", peers: [peer], update }];
  }

  placed(address: number, workerId: PeerId): DirectoryEffect<T>[] {
    const record = this.#addresses.get(address);
    if (record === undefined) return [{ type: "releasePlace", address }];
    const incarnation = ++record.incarnation;
    record.workerId = workerId;
    const { ownerId, count } = record;
    return [{ type: "create", ownerId, count, workerId, address, incarnation }];
  }

  /** The constructor has returned. An actor that was given up meanwhile is ended: its creation came after its end. */
  created(address: number, workerId: PeerId): DirectoryEffect<T>[] {
    const record = this.#addresses.get(address);
    if (record === undefined) {
      return [{ type: "destroy", workerId, address, isolation: "shared", reason: "it was given up" }];
    }
    record.state = "ALIVE";
    const effects = record.subscribers === undefined ? [] : [publish(record, [...record.subscribers])];
    if (!isInUse(record)) effects.push(...this.#leave(record));
    return effects;
  }

  /** The constructor, or an argument of it, failed. */
  creationFailed(address: number, cause: DeathCause): DirectoryEffect<T>[] {
    return this.#gone(address, cause);
  }

  /** The thread that hosted it has ended. Restarts it while the budget lasts. */
  workerDied(workerId: PeerId, cause: DeathCause): DirectoryEffect<T>[] {
    const effects: DirectoryEffect<T>[] = [];
    for (const record of this.#addresses.values()) {
      if (record.workerId !== workerId) continue;
      record.workerId = undefined;
      if (record.restartsLeft > 0 && !record.leaving) effects.push(...this.#restart(record, cause));
      else effects.push(...this.#die(record, cause));
    }
    return effects;
  }

  kill(actorId: ActorId, noRestart: boolean, cause: DeathCause): DirectoryEffect<T>[] {
    const record = this.#find(actorId);
    if (record === undefined || record.state === "DEAD") return [];
    if (noRestart || record.restartsLeft <= 0) return this.#die(record, cause);
    return this.#restart(record, cause);
  }

  /** There is no place for it any more. */
  unplaceable(address: number, cause: DeathCause): DirectoryEffect<T>[] {
    const record = this.#addresses.get(address);
    return record === undefined ? [] : this.#die(record, cause);
  }

  /** The actor finished by itself (exitActor, or after `askToExit`). */
  exited(address: number, cause: DeathCause): DirectoryEffect<T>[] {
    return this.#gone(address, cause);
  }

  /** Handles were handed to (or given back by) a thread. The last one gone ends the actor gracefully. */
  countHandles(actorId: ActorId, peer: PeerId, times: number): DirectoryEffect<T>[] {
    const record = this.#find(actorId);
    if (record === undefined || record.state === "DEAD" || this.#lostPeers.has(peer)) return [];
    if (peer === record.ownerId) record.ownHandles += times;
    else (record.otherHandles ??= new RefCounter()).add(peer, times);
    return isInUse(record) ? [] : this.#leave(record);
  }

  peerDied(peer: PeerId): DirectoryEffect<T>[] {
    this.#lostPeers.add(peer);
    const effects: DirectoryEffect<T>[] = [];
    for (const record of this.#addresses.values()) {
      record.subscribers?.delete(peer);
      if (record.ownerId === peer) {
        effects.push(...this.#die(record, { kind: "owner-died", message: `its owner ${peer} has ended` }));
      } else {
        record.otherHandles?.drop(peer);
        if (!isInUse(record)) effects.push(...this.#leave(record));
      }
    }
    return effects;
  }

  /** It is not at its address any more; a thread that it had for itself ends with it. */
  #gone(address: number, cause: DeathCause): DirectoryEffect<T>[] {
    const record = this.#addresses.get(address);
    if (record === undefined) return [];
    if (record.traits.isolation === "shared") record.workerId = undefined;
    return this.#die(record, cause);
  }

  #leave(record: ActorRecord<T>): DirectoryEffect<T>[] {
    if (record.leaving) return [];
    const { state, workerId, address } = record;
    // While it is being created its first calls may still wait there; `created` asks it to leave.
    if (state === "PENDING_CREATION" && workerId !== undefined) return [];
    record.leaving = true;
    if (state === "ALIVE" && workerId !== undefined) return [{ type: "askToExit", workerId, address }];
    return this.#die(record, OUT_OF_SCOPE);
  }

  #restart(record: ActorRecord<T>, cause: DeathCause): DirectoryEffect<T>[] {
    const effects = this.#giveUpPlace(record, cause.message);
    record.restartsLeft--;
    record.state = "RESTARTING";
    record.cause = cause;
    effects.push(publish(record, told(record)), this.#requestPlace(record));
    return effects;
  }

  #die(record: ActorRecord<T>, cause: DeathCause): DirectoryEffect<T>[] {
    const effects = this.#giveUpPlace(record, cause.message);
    record.state = "DEAD";
    record.cause = cause;
    record.otherHandles = undefined;
    if (record.name !== undefined) {
      const key = nameKey(record.name, record.traits.handle.namespace);
      if (this.#names.get(key) === record) this.#names.delete(key);
    }
    this.#dead.push(record);
    if (this.#dead.length > MAX_DEAD) this.#forgetOldest();
    effects.push(publish(record, told(record)));
    record.subscribers = undefined;
    return effects;
  }

  /** A new address for each time: what is said about the one before means nothing from now on. */
  #requestPlace(record: ActorRecord<T>): DirectoryEffect<T> {
    const address = this.#nextAddress++;
    record.address = address;
    this.#addresses.set(address, record);
    return { type: "requestPlace", address, traits: record.traits };
  }

  #giveUpPlace(record: ActorRecord<T>, reason: string): DirectoryEffect<T>[] {
    const { workerId, address, traits } = record;
    const effects: DirectoryEffect<T>[] = [];
    if (workerId !== undefined) {
      effects.push({ type: "destroy", workerId, address, isolation: traits.isolation, reason });
    }
    effects.push({ type: "releasePlace", address });
    this.#addresses.delete(address);
    record.workerId = undefined;
    record.address = 0;
    return effects;
  }

  #forgetOldest(): void {
    const oldest = this.#dead.shift();
    if (oldest === undefined) return;
    const actors = this.#actorsOf(oldest.ownerId);
    actors.delete(oldest.count);
    if (actors.size > 0) return;
    this.#actors.delete(partOf(oldest.ownerId));
    this.#last = undefined;
  }

  #find(actorId: ActorId): ActorRecord<T> | undefined {
    return this.#actors.get(ownerPartOf(actorId))?.get(countOf(actorId));
  }

  #actorsOf(ownerId: PeerId): Map<number, ActorRecord<T>> {
    if (this.#last?.ownerId === ownerId) return this.#last.actors;
    const part = partOf(ownerId);
    let actors = this.#actors.get(part);
    if (actors === undefined) this.#actors.set(part, (actors = new Map()));
    this.#last = { ownerId, actors };
    return actors;
  }
}

const nameKey = (name: string, namespace: string): string => JSON.stringify([namespace, name]);

function updateOf(record: ActorRecord<ActorTraits>): ActorUpdate {
  const { ownerId, count, state, workerId, address, incarnation, cause } = record;
  return { actorId: actorIdOf(ownerId, count), state, workerId, address, incarnation, cause };
}

const isInUse = ({ ownHandles, otherHandles }: ActorRecord<ActorTraits>): boolean =>
  ownHandles !== 0 || otherHandles?.inUse === true;

function forgotten(actorId: ActorId): ActorUpdate {
  const cause: DeathCause = { kind: "exited", message: "it died long ago; why is no longer remembered" };
  return { actorId, state: "DEAD", workerId: undefined, address: 0, incarnation: 0, cause };
}

/** Who is told of restarts and of the end. */
function told({ ownerId, subscribers }: ActorRecord<ActorTraits>): PeerId[] {
  return subscribers === undefined ? [ownerId] : [ownerId, ...subscribers];
}

function publish<T extends ActorTraits>(
  record: ActorRecord<T>,
  peers: readonly PeerId[],
): DirectoryEffect<T> {
  return { type: "publish", peers, update: updateOf(record) };
}
