/** Questions between the object stores of threads: what each one keeps, and whether it can do with less. */
import { ObjectRef } from "../api/object-ref.ts";
import { GetTimeoutError } from "../core/errors.ts";
import { newId, type PeerId, type RequestId } from "../core/ids.ts";
import type { ObjectEntry } from "../objects/object-entry.ts";
import type { StoredValue } from "../objects/stored-value.ts";
import type { ObjectReport, StoreReport } from "../transport/protocol.ts";
import type { Link } from "./link.ts";
import type { ObjectTable } from "./object-table.ts";
import type { Arguments } from "./work.ts";

interface Asked {
  readonly peer: PeerId;
  readonly done: (report: StoreReport | undefined) => void;
}

export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export class StoreQueries {
  readonly #link: Link;
  readonly #objects: ObjectTable;
  readonly #heldArguments: () => Iterable<Arguments>;
  readonly #asked = new Map<RequestId, Asked>();

  /** @param heldArguments what this thread keeps for work that is not finished */
  constructor(link: Link, objects: ObjectTable, heldArguments: () => Iterable<Arguments>) {
    this.#link = link;
    this.#objects = objects;
    this.#heldArguments = heldArguments;
  }

  /**
   * The reports of these threads; one that ends before it answers has none. A thread answers between two pieces of
   * work, so this may take as long as what it computes.
   *
   * @throws GetTimeoutError naming the threads that have not answered; the signal's reason
   */
  askAll(
    peers: readonly PeerId[],
    collect: boolean,
    { signal, timeoutMs = Infinity }: AskOptions = {},
  ): Promise<ReadonlyMap<PeerId, StoreReport>> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const reports = new Map<PeerId, StoreReport>();
    const requests: RequestId[] = [];
    const waitingFor = new Set(peers);
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
        for (const requestId of requests) this.#asked.delete(requestId);
      };
      const abort = (): void => {
        end();
        reject(signal?.reason);
      };
      const done = (peer: PeerId, report: StoreReport | undefined): void => {
        waitingFor.delete(peer);
        if (report !== undefined) reports.set(peer, report);
        if (waitingFor.size > 0) return;
        end();
        resolve(reports);
      };
      signal?.addEventListener("abort", abort, { once: true });
      if (Number.isFinite(timeoutMs)) {
        timer = setTimeout(() => {
          end();
          const names = [...waitingFor].join(", ");
          reject(
            new GetTimeoutError(
              `memory: ${names} did not answer within ${timeoutMs} ms; it computes`,
              timeoutMs,
            ),
          );
        }, timeoutMs);
      }
      if (peers.length === 0) {
        end();
        return resolve(reports);
      }
      for (const peer of peers) {
        if (peer === this.#link.peerId) done(peer, this.report(collect));
        else if (this.#link.isDead(peer)) done(peer, undefined);
        else {
          const requestId = newId("req") as RequestId;
          requests.push(requestId);
          this.#asked.set(requestId, { peer, done: (report) => done(peer, report) });
          this.#link.toPeer(peer, { t: "store.ask", requestId, collect });
        }
      }
    });
  }

  answered(requestId: RequestId, report: StoreReport | undefined): void {
    const asked = this.#asked.get(requestId);
    this.#asked.delete(requestId);
    asked?.done(report);
  }

  peerDied(peer: PeerId): void {
    for (const [requestId, asked] of this.#asked)
      if (asked.peer === peer) this.answered(requestId, undefined);
  }

  close(): void {
    for (const requestId of this.#asked.keys()) this.answered(requestId, undefined);
  }

  /** What this thread knows: its large values, and small ones that it shares with other threads. */
  report(collect: boolean): StoreReport {
    const { store, peerId } = this.#link;
    if (collect) store.memory.collect();
    const listed: [entry: ObjectEntry | undefined, value: StoredValue | undefined][] = [];
    const seen = new Set<ObjectEntry>();
    for (const value of store.values()) {
      if (value.entry !== undefined) seen.add(value.entry);
      listed.push([value.entry, value]);
    }
    for (const entry of this.#objects.entries()) {
      if (!seen.has(entry)) listed.push([entry, valueOf(entry)]);
    }
    const holders = new RefHolders(
      this.#heldArguments(),
      listed.map(([, value]) => value),
    );
    return listed.map(([entry, value]) => reportOf(entry, value, holders, peerId));
  }
}

/** How many refs arguments and objects hold. */
class RefHolders {
  readonly arguments = new Map<ObjectEntry, number>();
  readonly objects = new Map<ObjectEntry, number>();

  constructor(held: Iterable<Arguments>, values: readonly (StoredValue | undefined)[]) {
    const ofArguments = new Set<StoredValue>();
    for (const { values: encoded, slots } of held) {
      ofArguments.add(encoded);
      countRefs(encoded.tracked, this.arguments);
      countRefs(
        slots.map(([, ref]) => ref),
        this.arguments,
      );
    }
    for (const value of values) {
      if (value !== undefined && !ofArguments.has(value)) countRefs(value.tracked, this.objects);
    }
  }
}

function countRefs(tracked: readonly object[], into: Map<ObjectEntry, number>): void {
  for (const item of tracked) {
    const entry = ObjectRef.isRef(item) ? ObjectRef.entryOf(item) : undefined;
    if (entry !== undefined) into.set(entry, (into.get(entry) ?? 0) + 1);
  }
}

function valueOf(entry: ObjectEntry): StoredValue | undefined {
  return entry.outcome?.ok === true ? entry.outcome : undefined;
}

function reportOf(
  entry: ObjectEntry | undefined,
  value: StoredValue | undefined,
  refs: RefHolders,
  self: PeerId,
): ObjectReport {
  const holders = value?.holders;
  const usedByPendingTasks = entry === undefined ? 0 : (refs.arguments.get(entry) ?? 0);
  const capturedInObjects = entry === undefined ? 0 : (refs.objects.get(entry) ?? 0);
  const borrowers = new Map(holders?.borrowers);
  for (const [peer, times] of entry?.borrowers.counts() ?? []) borrowers.set(peer, times);
  return {
    objectId: entry?.id,
    label: entry?.origin ?? value?.label ?? "",
    sizeBytes: value?.sizeBytes ?? 0,
    ownerId: entry?.ownerId ?? self,
    where: value === undefined ? (entry?.isReady === true ? "failed" : "pending") : value.where,
    localRefs: (entry?.instances ?? 0) - usedByPendingTasks - capturedInObjects,
    usedByPendingTasks,
    capturedInObjects,
    borrowers: [...borrowers].filter(([, times]) => times > 0),
    liveViews: holders?.views ?? 0,
  };
}
