/**
 * The requests that wait in the scheduler: those of deeper tasks first, then in order of arrival. Requests that are
 * alike wait in one queue, so that the scheduler looks at one of them and not at all when there is no room.
 */
import type { PeerId, RequestId } from "./ids.ts";
import { LinkedList, type Linked } from "./linked-list.ts";
import type { ActorRequest, LeaseRequest, WhoWaits } from "./scheduler-types.ts";

type Request =
  | { readonly kind: "lease"; readonly request: LeaseRequest }
  | { readonly kind: "actor"; readonly request: ActorRequest };

export type Waiting = Linked<Waiting> & Request & { readonly order: number; readonly key: string };

interface Queue {
  readonly list: LinkedList<Waiting>;
  length: number;
}

/** What becomes of a request that was looked at; `shut`: those like it cannot be served now either. */
export type Verdict = "served" | "waits" | "shut";

export class WaitingRequests {
  readonly #queues = new Map<string, Queue>();
  readonly #leases = new Map<RequestId, Waiting>();
  readonly #actors = new Map<number, Waiting>();
  /** How many leases each thread waits for. */
  readonly #leasesOf = new Map<PeerId, number>();
  #order = 0;

  get isEmpty(): boolean {
    return this.#queues.size === 0;
  }

  /** An actor, and tasks of several threads, count as many. */
  get whoWaits(): WhoWaits {
    if (this.isEmpty) return { is: "nobody" };
    if (this.#actors.size > 0 || this.#leasesOf.size > 1) return { is: "many" };
    const [peer] = this.#leasesOf.keys();
    return peer === undefined ? { is: "nobody" } : { is: "one", peer };
  }

  /** Returns how many that are like it wait before it. */
  add(entry: Request): number {
    const { kind, request } = entry;
    const isolation = kind === "actor" ? request.isolation : "";
    const asked = kind === "actor" ? request.placement : request.resources;
    const { pool } = request;
    const key = `${kind}${isolation}|${request.depth}|${asked.key()}@${pool?.placementGroup ?? ""}/${pool?.bundleIndex ?? ""}`;
    const links = { order: this.#order++, key, before: undefined, after: undefined, list: undefined };
    const waiting: Waiting = { ...entry, ...links };
    if (waiting.kind === "actor") this.#actors.set(waiting.request.address, waiting);
    else {
      const { requestId, peer } = waiting.request;
      this.#leases.set(requestId, waiting);
      this.#leasesOf.set(peer, (this.#leasesOf.get(peer) ?? 0) + 1);
    }
    let queue = this.#queues.get(key);
    if (queue === undefined) this.#queues.set(key, (queue = { list: new LinkedList(), length: 0 }));
    queue.list.push(waiting);
    return queue.length++;
  }

  removeLease(requestId: RequestId): void {
    const waiting = this.#leases.get(requestId);
    if (waiting !== undefined) this.remove(waiting);
  }

  removeActor(address: number): void {
    const waiting = this.#actors.get(address);
    if (waiting !== undefined) this.remove(waiting);
  }

  remove(waiting: Waiting): void {
    const queue = this.#queues.get(waiting.key);
    if (queue !== undefined && waiting.list === queue.list) {
      queue.list.remove(waiting);
      if (--queue.length === 0) this.#queues.delete(waiting.key);
    }
    if (waiting.kind === "actor") {
      this.#actors.delete(waiting.request.address);
      return;
    }
    const { requestId, peer } = waiting.request;
    this.#leases.delete(requestId);
    const others = (this.#leasesOf.get(peer) ?? 1) - 1;
    if (others > 0) this.#leasesOf.set(peer, others);
    else this.#leasesOf.delete(peer);
  }

  /** Looks at the requests in their order, and removes those that are served. */
  visit(look: (waiting: Waiting) => Verdict): void {
    const next: (Waiting | undefined)[] = [...this.#queues.values()].map(({ list }) => list.first);
    for (;;) {
      let at = -1;
      let best: Waiting | undefined;
      for (const [index, candidate] of next.entries()) {
        if (candidate === undefined || (best !== undefined && !isBefore(candidate, best))) continue;
        best = candidate;
        at = index;
      }
      if (best === undefined) return;
      const { after } = best;
      const verdict = look(best);
      if (verdict === "served") this.remove(best);
      next[at] = verdict === "shut" ? undefined : after;
    }
  }

  /** All of them, in their order. */
  list(): Waiting[] {
    return [...this.#leases.values(), ...this.#actors.values()].toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
  }
}

function isBefore(a: Waiting, b: Waiting): boolean {
  const deeper = a.request.depth - b.request.depth;
  return deeper > 0 || (deeper === 0 && a.order < b.order);
}
