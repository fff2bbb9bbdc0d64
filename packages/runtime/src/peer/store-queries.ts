/** Questions between the object stores of threads: what each one keeps, and whether it can do with less. */
import { GetTimeoutError } from "../core/errors.ts";
import { newId, type PeerId, type RequestId } from "../core/ids.ts";
import type { ObjectEntry } from "../objects/object-entry.ts";
import type { StoredValue } from "../objects/stored-value.ts";
import type { ObjectReport, StoreReport } from "../transport/protocol.ts";
import type { Link } from "./link.ts";
import type { ObjectTable } from "./object-table.ts";

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
  readonly #asked = new Map<RequestId, Asked>();

  constructor(link: Link, objects: ObjectTable) {
    this.#link = link;
    this.#objects = objects;
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
    const reports: ObjectReport[] = [];
    const seen = new Set<ObjectEntry>();
    for (const value of store.values()) {
      const { entry } = value;
      if (entry !== undefined) seen.add(entry);
      reports.push(reportOf(entry, value, peerId));
    }
    for (const entry of this.#objects.entries()) {
      if (!seen.has(entry)) reports.push(reportOf(entry, valueOf(entry), peerId));
    }
    return reports;
  }
}

function valueOf(entry: ObjectEntry): StoredValue | undefined {
  return entry.outcome?.ok === true ? entry.outcome : undefined;
}

function reportOf(
  entry: ObjectEntry | undefined,
  value: StoredValue | undefined,
  self: PeerId,
): ObjectReport {
  const holders = value?.holders;
  const borrowers = new Map(holders?.borrowers);
  for (const [peer, times] of entry?.borrowers.counts() ?? []) borrowers.set(peer, times);
  return {
    objectId: entry?.id,
    label: entry?.origin ?? value?.label ?? "",
    sizeBytes: value?.sizeBytes ?? 0,
    ownerId: entry?.ownerId ?? self,
    where: value === undefined ? (entry?.isReady === true ? "failed" : "pending") : value.where,
    localRefs: entry?.instances ?? 0,
    borrowers: [...borrowers].filter(([, times]) => times > 0),
    liveViews: holders?.views ?? 0,
  };
}
