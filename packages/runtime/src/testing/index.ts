/**
 * What Manta's own tests use to drive the runtime, for yours: inject faults, wait until nothing runs, and check that
 * nothing was left behind. Everything here synchronises on events; nothing sleeps.
 */
import { setImmediate } from "node:timers/promises";

import { currentRuntime, installedRuntime } from "../api/current-runtime.ts";
import { InvalidArgumentError } from "../core/errors.ts";
import type { PeerId } from "../core/ids.ts";
import { collect } from "../objects/collect.ts";

/** One worker thread as the scheduler sees it. */
export interface WorkerInfo {
  readonly workerId: string;
  /**
   * `loading` has begun and takes work only when no other worker is `idle`; `leased` runs a task, `actor` hosts one
   * actor, `host` shared actors.
   */
  readonly state: "loading" | "idle" | "leased" | "actor" | "host" | "retiring";
}

/** The worker threads that run now. */
export function workers(): WorkerInfo[] {
  return currentRuntime("workers()").peer.querySync({ what: "workers" }) as WorkerInfo[]; // the node's answer
}

/** Ends a worker thread as a crash would, whatever it does. */
export function terminateWorker(workerId: string, reason = "terminateWorker() of a test"): void {
  const { peer } = currentRuntime("terminateWorker()");
  peer.toNode({ t: "worker.kill", workerId: workerId, leaseId: undefined, reason });
}

/** Resolves once nothing waits to run and all resources are free again. */
export async function whenIdle(): Promise<void> {
  const { peer } = currentRuntime("whenIdle()");
  const release = peer.keepAlive();
  await new Promise<unknown>((resolve) => {
    peer.request((requestId) => peer.toNode({ t: "idle.wait", requestId }), resolve);
  });
  release();
}

/** Forces a full garbage collection in this thread and lets finalizers run. */
export async function collectGarbage(): Promise<void> {
  const runtime = installedRuntime();
  if (runtime === undefined) collect();
  else runtime.peer.store.memory.collect();
  await setImmediate();
}

/**
 * Checks the runtime's invariant after a test, and throws naming what does not hold: all resources are free, and the
 * object store is empty, in memory and on disk, after a bounded number of collections in all threads. The caller must
 * have let go of its refs.
 */
export async function expectNothingLeft(options: { readonly maxCollections?: number } = {}): Promise<void> {
  const { maxCollections = 20 } = options;
  if (!Number.isInteger(maxCollections) || maxCollections < 1) {
    throw InvalidArgumentError.forValue(
      "expectNothingLeft().maxCollections",
      "a whole number >= 1",
      maxCollections,
    );
  }
  await whenIdle();
  const { peer } = currentRuntime("expectNothingLeft()");
  const { usage } = peer;
  for (let turn = 0; turn < maxCollections && usage.usedBytes + usage.spilledBytes > 0; turn++) {
    const peers = peer.querySync({ what: "peers" }) as PeerId[]; // the node's answer
    await collectGarbage();
    const release = peer.keepAlive();
    await peer.storeQueries.askAll(peers, true);
    release();
  }
  if (usage.usedBytes + usage.spilledBytes > 0) {
    throw new Error(
      `${usage.usedBytes} bytes are left in the object store, ${usage.spilledBytes} on disk, ` +
        `after ${maxCollections} collections`,
    );
  }
}
