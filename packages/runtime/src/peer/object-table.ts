/**
 * The objects that this thread owns and borrows. Ownership follows Ray: whoever made the ref first (by `put` or
 * `.remote()`) owns the object, keeps its value and counts who else has refs to it.
 *
 * An object whose ref never left this thread is in no table at all: it lives and dies with its ObjectRef.
 */
import { ObjectRef } from "../api/object-ref.ts";
import { ObjectLostError, OwnerDiedError } from "../core/errors.ts";
import type { ObjectId, PeerId } from "../core/ids.ts";
import { BorrowedEntry, ObjectEntry } from "../objects/object-entry.ts";
import { Failure, type Outcome, type StoredValue } from "../objects/stored-value.ts";
import type { ExitCause } from "../transport/protocol.ts";
import type { Link } from "./link.ts";

interface Borrowed {
  readonly id: ObjectId;
  readonly ownerId: PeerId;
  readonly entry: WeakRef<BorrowedEntry>;
  /** How many times the ref was handed to this thread. */
  times: number;
}

export class ObjectTable {
  readonly #link: Link;
  /** Objects that this thread has made. */
  #count = 0;
  /** Owned objects that other threads have refs to. */
  readonly #shared = new Map<ObjectId, ObjectEntry>();
  /** Owned objects in a message from this thread to itself. */
  readonly #goingHome = new Map<ObjectId, ObjectEntry>();
  readonly #borrowed = new Map<ObjectId, Borrowed>();
  /** Entries somebody waits for; they must not be collected while a request is under way. */
  readonly #requested = new Map<ObjectId, ObjectEntry>();
  readonly #collected: FinalizationRegistry<Borrowed>;
  readonly #unused = (entry: BorrowedEntry): void => {
    const borrowed = this.#borrowed.get(entry.id);
    // Whoever waits for the value still gets it: the request has gone ahead.
    if (borrowed?.entry.deref() === entry) this.#giveBack(borrowed);
  };

  constructor(link: Link) {
    this.#link = link;
    this.#collected = new FinalizationRegistry((borrowed) => this.#giveBack(borrowed));
  }

  /** A new object of this thread, pending. */
  create(origin: string): ObjectEntry {
    return new ObjectEntry(this.#count++, this.#link.peerId, origin);
  }

  /** A new object with its value. */
  put(value: StoredValue): ObjectRef {
    const entry = this.create("put");
    entry.settle(value.own(this.#link.usage));
    return new ObjectRef(entry);
  }

  /** This thread received a ref once more. @param sizeBytes of the value, as the sender knew it */
  receive(id: ObjectId, ownerId: PeerId, sizeBytes: number): ObjectRef {
    if (ownerId === this.#link.peerId) {
      const own = this.#shared.get(id) ?? this.#goingHome.get(id);
      const ref = new ObjectRef(own ?? this.#lost(id, ownerId));
      if (own !== undefined && own.goingHome > 0) this.#arrived(own);
      return ref;
    }
    const known = this.#borrowed.get(id);
    let entry = known?.entry.deref();
    if (known === undefined || entry === undefined) {
      entry = new BorrowedEntry(id, ownerId, sizeBytes, this.#unused);
      const borrowed = { id, ownerId, entry: new WeakRef(entry), times: 1 };
      this.#borrowed.set(id, borrowed);
      this.#collected.register(entry, borrowed, borrowed);
      // The owner keeps as many bytes until this thread finds out that the ref is garbage.
      this.#link.store.memory.handedOut(Math.max(1, sizeBytes));
      if (this.#link.isDead(ownerId)) entry.settle(ownerDied(id, ownerId, undefined));
    } else known.times++;
    return new ObjectRef(entry);
  }

  /** The ref is about to be sent to a thread. */
  lend(ref: ObjectRef, to: PeerId): void {
    const entry = ObjectRef.entryOf(ref);
    if (entry === undefined) return;
    if (to === entry.ownerId) {
      // Going home: the owner finds it in its table, or here when it sends to itself.
      if (to !== this.#link.peerId) return;
      entry.goingHome++;
      entry.instances++; // the message holds it as a ref would
      this.#goingHome.set(entry.id, entry);
    } else if (entry.ownerId === this.#link.peerId) this.count(entry, to, 1);
    else this.#link.toPeer(entry.ownerId, { t: "object.count", objectId: entry.id, peer: to, times: 1 });
  }

  /** A borrower (or who passed a ref on) reports; this thread is the owner. */
  counted(id: ObjectId, peer: PeerId, times: number): void {
    const entry = this.#shared.get(id);
    if (entry !== undefined) this.count(entry, peer, times);
  }

  count(entry: ObjectEntry, peer: PeerId, times: number): void {
    if (this.#link.isDead(peer)) return;
    if (entry.borrowers.add(peer, times)) this.#shared.set(entry.id, entry);
    else this.#dropped(entry);
  }

  /** Owned entry that a borrower asks for. */
  owned(id: ObjectId): ObjectEntry | undefined {
    return this.#shared.get(id);
  }

  /** Asks the owner for the value of a borrowed object, once. */
  request(entry: ObjectEntry): void {
    if (entry.isReady || entry.requested || entry.ownerId === this.#link.peerId) return;
    entry.requested = true;
    this.#requested.set(entry.id, entry);
    this.#link.toPeer(entry.ownerId, { t: "object.get", objectId: entry.id });
  }

  /** The owner's answer; undefined when it does not know the object any more. */
  answered(id: ObjectId, outcome: Outcome | undefined): void {
    const entry = this.#requested.get(id);
    this.#requested.delete(id);
    entry?.settle(outcome ?? freed(id, entry.ownerId));
  }

  peerDied(peer: PeerId, cause: ExitCause): void {
    for (const entry of this.#shared.values()) {
      if (!entry.borrowers.drop(peer)) this.#dropped(entry);
    }
    for (const borrowed of this.#borrowed.values()) {
      if (borrowed.ownerId !== peer) continue;
      this.#requested.delete(borrowed.id);
      borrowed.entry.deref()?.settle(ownerDied(borrowed.id, peer, cause));
    }
  }

  /** Objects that this thread owns and others have refs to, and those that it borrows. */
  *entries(): Iterable<ObjectEntry> {
    yield* this.#shared.values();
    for (const { entry } of this.#borrowed.values()) {
      const known = entry.deref();
      if (known !== undefined) yield known;
    }
  }

  /** Threads that have refs to objects of this one. */
  *borrowers(): Iterable<PeerId> {
    for (const { borrowers } of this.#shared.values()) yield* borrowers.peers() as readonly PeerId[]; // it counts peers
  }

  /** Right after a collection: gives back the refs that turned out to be garbage. */
  sweep(): void {
    for (const borrowed of this.#borrowed.values()) {
      if (borrowed.entry.deref() === undefined) this.#giveBack(borrowed);
    }
  }

  /** Whether other threads depend on objects of this thread. */
  get isOwner(): boolean {
    return this.#shared.size > 0;
  }

  #dropped(entry: ObjectEntry): void {
    this.#shared.delete(entry.id);
    entry.freeIfUnused();
  }

  #arrived(entry: ObjectEntry): void {
    if (--entry.goingHome === 0) this.#goingHome.delete(entry.id);
    entry.release();
  }

  #giveBack(borrowed: Borrowed): void {
    this.#collected.unregister(borrowed);
    if (this.#borrowed.get(borrowed.id) === borrowed) this.#borrowed.delete(borrowed.id);
    this.#link.toPeer(borrowed.ownerId, {
      t: "object.count",
      objectId: borrowed.id,
      peer: this.#link.peerId,
      times: -borrowed.times,
    });
  }

  #lost(id: ObjectId, ownerId: PeerId): ObjectEntry {
    const entry = new ObjectEntry(id, ownerId, "a ref from another thread");
    entry.settle(freed(id, ownerId));
    return entry;
  }
}

function freed(objectId: ObjectId, ownerId: PeerId): Failure {
  const message =
    `object ${objectId} of ${ownerId} was freed before it was asked for: a ref travelled in a way that Manta ` +
    "cannot see (for example as text); pass refs as arguments or inside values";
  return new Failure(new ObjectLostError(message, { fields: { objectId, ownerId } }));
}

function ownerDied(objectId: ObjectId, ownerId: PeerId, cause: ExitCause | undefined): Failure {
  const why = cause === undefined ? "has ended" : cause.message;
  const message = `object ${objectId} is lost: its owner ${ownerId} ${why}; the value went with it`;
  return new Failure(new OwnerDiedError(message, { fields: { objectId, ownerId } }));
}
