/**
 * One object as one thread sees it, owned or borrowed. Reachable from the ObjectRefs of this thread only (and, while
 * other threads have refs to it, from the owner's table), so that garbage collection frees what nobody can ask for.
 */
import type { ObjectId, PeerId } from "../core/ids.ts";
import { RefCounter } from "../core/ref-counter.ts";
import type { Outcome } from "./stored-value.ts";

export class ObjectEntry {
  readonly id: ObjectId;
  readonly ownerId: PeerId;
  /** Name of the task that makes it, for messages. */
  readonly origin: string;
  outcome: Outcome | undefined;
  /** Threads that have refs to it; on the owner's side. */
  readonly borrowers: RefCounter = new RefCounter();
  /** Explicitly counted ObjectRef instances of this thread, for `using`. */
  instances = 0;
  /** In a message of this thread to itself that is under way, so many times. */
  goingHome = 0;
  /** Cancels what makes it, while it is pending. */
  cancel: ((options: { force: boolean; recursive: boolean }) => void) | undefined;
  /** On a borrower's side: the owner was asked for the value. */
  requested = false;
  #waiters: Set<() => void> | undefined;

  constructor(id: ObjectId, ownerId: PeerId, origin: string) {
    this.id = id;
    this.ownerId = ownerId;
    this.origin = origin;
  }

  get isReady(): boolean {
    return this.outcome !== undefined;
  }

  /** First outcome wins; later ones (a result after a cancellation) are dropped. */
  settle(outcome: Outcome): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    if (outcome.ok) outcome.value.entry ??= this;
    this.cancel = undefined;
    const waiters = this.#waiters;
    this.#waiters = undefined;
    for (const waiter of waiters ?? []) waiter();
  }

  /** One reference less that is counted explicitly. With the last one the value is given up at once. */
  release(): void {
    this.instances--;
    this.freeIfUnused();
  }

  freeIfUnused(): void {
    if (this.instances > 0 || this.borrowers.inUse) return;
    if (this.outcome?.ok === true) this.outcome.value.free();
  }

  /** Calls back once when it is ready (not when it is already). Returns how to stop waiting. */
  onReady(waiter: () => void): () => void {
    this.#waiters ??= new Set();
    this.#waiters.add(waiter);
    return () => this.#waiters?.delete(waiter);
  }
}
