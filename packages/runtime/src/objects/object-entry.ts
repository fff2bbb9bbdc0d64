/**
 * One object as one thread sees it, owned or borrowed. Reachable from the ObjectRefs of this thread only (and, while
 * other threads have refs to it, from the owner's table), so that garbage collection frees what nobody can ask for.
 *
 * Most objects are the results of short calls: what only some of them need is made when it is needed.
 */
import { objectIdOf, type ObjectId, type PeerId } from "../core/ids.ts";
import { RefCounter } from "../core/ref-counter.ts";
import type { Outcome } from "./stored-value.ts";

/** What makes an object, while it is pending. */
export interface Maker {
  cancel(options: { readonly force: boolean; readonly recursive: boolean }): void;
}

/** Told once when an object is ready. */
export type Waiter = (entry: ObjectEntry) => void;

export class ObjectEntry {
  readonly ownerId: PeerId;
  /** Name of the task that makes it, for messages. */
  readonly origin: string;
  outcome: Outcome | undefined;
  /** Explicitly counted ObjectRef instances of this thread, for `using`. */
  instances = 0;
  /** In a message of this thread to itself that is under way, so many times. */
  goingHome = 0;
  /** Cancels what makes it, while it is pending. */
  maker: Maker | undefined;
  /** On a borrower's side: the owner was asked for the value. */
  requested = false;
  #id: ObjectId | number;
  #borrowers: RefCounter | undefined;
  #waiters: Waiter | Set<Waiter> | undefined;

  /** @param id of a borrowed object; the count among the owner's objects for an own one */
  constructor(id: ObjectId | number, ownerId: PeerId, origin: string) {
    this.#id = id;
    this.ownerId = ownerId;
    this.origin = origin;
  }

  get id(): ObjectId {
    if (typeof this.#id === "number") this.#id = objectIdOf(this.ownerId, this.#id);
    return this.#id;
  }

  /** Threads that have refs to it; on the owner's side. */
  get borrowers(): RefCounter {
    return (this.#borrowers ??= new RefCounter());
  }

  /** Of the value; 0 while that is not known. */
  get sizeBytes(): number {
    return this.outcome?.ok === true ? this.outcome.sizeBytes : 0;
  }

  get isBorrowed(): boolean {
    return this.#borrowers?.inUse === true;
  }

  get isReady(): boolean {
    return this.outcome !== undefined;
  }

  /** First outcome wins; later ones (a result after a cancellation) are dropped. */
  settle(outcome: Outcome): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    if (outcome.ok) outcome.becomes(this);
    this.maker = undefined;
    const waiters = this.#waiters;
    if (waiters === undefined) return;
    this.#waiters = undefined;
    if (typeof waiters === "function") waiters(this);
    else for (const waiter of waiters) waiter(this);
  }

  /** One reference less that is counted explicitly. With the last one the value is given up at once. */
  release(): void {
    this.instances--;
    this.freeIfUnused();
  }

  freeIfUnused(): void {
    if (this.instances > 0 || this.isBorrowed) return;
    if (this.outcome?.ok === true) this.outcome.free();
  }

  /** Calls back once when it is ready (not when it is already). Returns false when the waiter waits already. */
  onReady(waiter: Waiter): boolean {
    if (this.#waiters === waiter) return false;
    if (this.#waiters === undefined) this.#waiters = waiter;
    else if (typeof this.#waiters === "function") this.#waiters = new Set([this.#waiters, waiter]);
    else if (this.#waiters.has(waiter)) return false;
    else this.#waiters.add(waiter);
    return true;
  }

  /** The waiter is not interested any more. */
  offReady(waiter: Waiter): void {
    if (this.#waiters === waiter) this.#waiters = undefined;
    else if (typeof this.#waiters === "object") this.#waiters.delete(waiter);
  }
}

/** An object of another thread, which counts this one among its borrowers until it is told otherwise. */
export class BorrowedEntry extends ObjectEntry {
  readonly #sizeBytes: number;
  readonly #unused: (entry: BorrowedEntry) => void;

  /**
   * @param sizeBytes as the sender of the ref knew it
   * @param unused called when all refs of this thread were given up explicitly
   */
  constructor(id: ObjectId, ownerId: PeerId, sizeBytes: number, unused: (entry: BorrowedEntry) => void) {
    super(id, ownerId, "a ref from another thread");
    this.#sizeBytes = sizeBytes;
    this.#unused = unused;
  }

  override get sizeBytes(): number {
    return this.isReady ? super.sizeBytes : this.#sizeBytes;
  }

  override freeIfUnused(): void {
    super.freeIfUnused();
    if (this.instances === 0) this.#unused(this);
  }
}
