/** A pool of actors to map work over, as Ray's. Built on the public API only. */
import { get, wait } from "../api/objects.ts";
import type { ObjectRef } from "../api/object-ref.ts";
import { ActorDiedError, InvalidArgumentError } from "../core/errors.ts";

/** Submits one value to one actor: `(actor, value) => actor.work.remote(value)`. */
export type Submit<A, V, R> = (actor: A, value: V) => ObjectRef<R>;

interface Busy<A, R> {
  readonly ref: ObjectRef<R>;
  readonly actor: A;
}

/**
 * Keeps a set of actors busy with a list of values. An actor whose call failed goes back to work unless it is dead.
 *
 * @example
 * const pool = new ray.ActorPool([a, b]);
 * for await (const square of pool.map((actor, x: number) => actor.square.remote(x), [1, 2, 3])) console.log(square);
 */
export class ActorPool<A extends object> {
  readonly #idle: A[];

  /** @param actors handles of the actors, at least one */
  constructor(actors: readonly A[]) {
    if (!Array.isArray(actors) || actors.length === 0) {
      throw InvalidArgumentError.forValue(
        "new ActorPool(actors)",
        "a non-empty array of actor handles",
        actors,
      );
    }
    this.#idle = [...actors];
  }

  /** Results in the order of the values. Rejects at the first failure, in that order. */
  async *map<V, R>(submit: Submit<A, V, R>, values: Iterable<V>): AsyncGenerator<R, void, undefined> {
    const queue: Busy<A, R>[] = [];
    const running = new Set<Busy<A, R>>();
    const input = values[Symbol.iterator]();
    try {
      for (let next = input.next(); !next.done || queue.length > 0;) {
        while (!next.done && this.#idle.length > 0) {
          const busy = this.#start(submit, next.value);
          queue.push(busy);
          running.add(busy);
          next = input.next();
        }
        // Free whichever actor finishes first, so that one slow value does not idle the others.
        await this.#finishOne(running);
        for (let head = queue[0]; head !== undefined && !running.has(head); head = queue[0]) {
          queue.shift();
          yield await get(head.ref);
        }
      }
    } finally {
      this.#abandon(running);
    }
  }

  /** Results as they come. */
  async *mapUnordered<V, R>(
    submit: Submit<A, V, R>,
    values: Iterable<V>,
  ): AsyncGenerator<R, void, undefined> {
    const running = new Set<Busy<A, R>>();
    const input = values[Symbol.iterator]();
    try {
      for (let next = input.next(); !next.done || running.size > 0;) {
        while (!next.done && this.#idle.length > 0) {
          running.add(this.#start(submit, next.value));
          next = input.next();
        }
        const finished = await this.#finishOne(running);
        yield await get(finished.ref);
      }
    } finally {
      this.#abandon(running);
    }
  }

  /** Whether an actor is idle. */
  get hasFree(): boolean {
    return this.#idle.length > 0;
  }

  /** Takes an idle actor out of the pool. */
  popIdle(): A | undefined {
    return this.#idle.pop();
  }

  /** Adds an actor. */
  push(actor: A): void {
    this.#idle.push(actor);
  }

  #start<V, R>(submit: Submit<A, V, R>, value: V): Busy<A, R> {
    const actor = this.#idle.pop();
    if (actor === undefined) throw new Error("no idle actor");
    return { actor, ref: submit(actor, value) };
  }

  /** Waits for the first call that ends; its actor is idle again, unless it is dead. */
  async #finishOne<R>(running: Set<Busy<A, R>>): Promise<Busy<A, R>> {
    const list = [...running];
    if (list.length === 0) {
      throw new InvalidArgumentError(
        "ActorPool",
        "has no idle actor: all are dead, or another map is using them",
      );
    }
    const [ready] = await wait(list.map((busy) => busy.ref));
    const finished = list.find((busy) => busy.ref === ready[0]);
    if (finished === undefined) throw new Error("wait() returned a ref that was not asked for");
    running.delete(finished);
    await this.#release(finished);
    return finished;
  }

  async #release<R>({ actor, ref }: Busy<A, R>): Promise<void> {
    try {
      await get(ref);
    } catch (error) {
      if (error instanceof ActorDiedError) return;
    }
    this.#idle.push(actor);
  }

  /** The consumer left early: actors come back when their calls end. */
  #abandon<R>(running: ReadonlySet<Busy<A, R>>): void {
    for (const busy of running) void this.#release(busy);
  }
}
