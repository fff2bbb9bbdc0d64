/** A pool of actors to map work over, as Ray's. Built on the public API only. */
import { get, wait } from "../api/objects.ts";
import type { ObjectRef } from "../api/object-ref.ts";
import { InvalidArgumentError } from "../core/errors.ts";

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
    const input = values[Symbol.iterator]();
    let next = input.next();
    const running = new Set<Busy<A, R>>();
    while (!next.done || queue.length > 0) {
      while (!next.done && this.#idle.length > 0) {
        const busy = this.#start(submit, next.value);
        queue.push(busy);
        running.add(busy);
        next = input.next();
      }
      const head = queue[0];
      if (head === undefined)
        throw new InvalidArgumentError("ActorPool.map()", "has no idle actor; another map is using them all");
      // Free whichever actor finishes first, so that one slow value does not idle the others.
      const finished = await this.#firstOf(running);
      running.delete(finished);
      this.#idle.push(finished.actor);
      while (queue.length > 0) {
        const first = queue[0];
        if (first === undefined || running.has(first)) break;
        queue.shift();
        yield await get(first.ref);
      }
    }
  }

  /** Results as they come. */
  async *mapUnordered<V, R>(
    submit: Submit<A, V, R>,
    values: Iterable<V>,
  ): AsyncGenerator<R, void, undefined> {
    const running = new Set<Busy<A, R>>();
    const input = values[Symbol.iterator]();
    let next = input.next();
    while (!next.done || running.size > 0) {
      while (!next.done && this.#idle.length > 0) {
        running.add(this.#start(submit, next.value));
        next = input.next();
      }
      if (running.size === 0)
        throw new InvalidArgumentError(
          "ActorPool.mapUnordered()",
          "has no idle actor; another map is using them all",
        );
      const finished = await this.#firstOf(running);
      running.delete(finished);
      this.#idle.push(finished.actor);
      yield await get(finished.ref);
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

  async #firstOf<R>(running: ReadonlySet<Busy<A, R>>): Promise<Busy<A, R>> {
    const list = [...running];
    const [ready] = await wait(list.map((busy) => busy.ref));
    const finished = list.find((busy) => busy.ref === ready[0]);
    if (finished === undefined) throw new Error("wait() returned a ref that was not asked for");
    return finished;
  }
}
