/** Starts, watches and ends worker threads. Knows nothing of tasks; tells the node when a thread is up and how it ended. */
import type { ResourceLimits, Worker } from "node:worker_threads";

import { FIRST_WORKER_SLOT, newPeerId, type PeerId } from "../core/ids.ts";
import type { ExitCause } from "../transport/protocol.ts";
import { makeChannelEnds, type ChannelEnd } from "../transport/channel-ends.ts";
import { exitCause } from "./exit-cause.ts";
import { startThread, type StartedThread, type ThreadPlan } from "./start-thread.ts";

export interface WorkerPoolOptions {
  readonly resourceLimits: ResourceLimits | undefined;
  /** The data of the new thread's seat. */
  readonly workerData: (workerId: PeerId, slot: number, nodeEnd: ChannelEnd) => ThreadPlan["data"];
  /** A worker that was started already. */
  readonly first: StartedThread | undefined;
  readonly onEnd: (workerId: PeerId, slot: number, end: ChannelEnd) => void;
  readonly onOnline: (workerId: PeerId) => void;
  readonly onExit: (workerId: PeerId, cause: ExitCause, wasOnline: boolean) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly slot: number;
  online: boolean;
  error: Error | undefined;
  terminatedFor: string | undefined;
}

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #threads = new Map<PeerId, Thread>();
  readonly #freeSlots: number[] = [];
  #nextSlot = FIRST_WORKER_SLOT;
  #first: StartedThread | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#first = options.first;
    if (this.#first !== undefined) this.#nextSlot++;
  }

  get size(): number {
    return this.#threads.size;
  }

  has(workerId: PeerId): boolean {
    return this.#threads.has(workerId);
  }

  start(): PeerId {
    const { workerId, slot, nodeEnd, worker } = this.#first ?? this.#startThread();
    this.#first = undefined;
    this.#options.onEnd(workerId, slot, nodeEnd);
    // Lines of user code travel as messages; what the thread itself prints (crash reports) is not lost.
    worker.stderr.on("data", (chunk: Uint8Array) => process.stderr.write(chunk));
    worker.stdout.on("data", (chunk: Uint8Array) => process.stdout.write(chunk));
    const thread: Thread = { worker, slot, online: false, error: undefined, terminatedFor: undefined };
    this.#threads.set(workerId, thread);
    worker.on("online", () => {
      thread.online = true;
      this.#options.onOnline(workerId);
    });
    worker.on("error", (error: unknown) => {
      thread.error = error instanceof Error ? error : new Error(String(error));
    });
    worker.on("exit", (exitCode) => {
      this.#threads.delete(workerId);
      this.#freeSlots.push(slot);
      const { error, terminatedFor } = thread;
      this.#options.onExit(workerId, exitCause({ exitCode, error, terminatedFor }), thread.online);
    });
    return workerId;
  }

  #startThread(): StartedThread {
    const slot = this.#freeSlots.pop() ?? this.#nextSlot++;
    const workerId = newPeerId("worker", slot);
    const [nodeEnd, theirs] = makeChannelEnds();
    const data = this.#options.workerData(workerId, slot, theirs);
    return startThread({ workerId, slot, nodeEnd, data }, this.#options.resourceLimits);
  }

  /** Ends a thread now, even in the middle of a loop. `reason` completes "was ended by ...". */
  terminate(workerId: PeerId, reason: string): void {
    const thread = this.#threads.get(workerId);
    if (thread === undefined || thread.terminatedFor !== undefined) return;
    thread.terminatedFor = reason;
    void thread.worker.terminate();
  }

  async terminateAll(reason: string): Promise<void> {
    await Promise.all(
      [...this.#threads.values()].map((thread) => {
        thread.terminatedFor ??= reason;
        return thread.worker.terminate();
      }),
    );
  }
}
