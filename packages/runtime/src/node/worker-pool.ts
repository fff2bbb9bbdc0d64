/** Starts, watches and ends worker threads. Knows nothing of tasks; tells the node when a thread is up and how it ended. */
import type { ResourceLimits } from "node:worker_threads";

import { FIRST_WORKER_SLOT, newPeerId, type PeerId } from "../core/ids.ts";
import type { ExitCause } from "../transport/protocol.ts";
import { makeChannelEnds, type ChannelEnd } from "../transport/ring-channel.ts";
import { exitCause, unexplainedExit } from "./exit-cause.ts";
import { startThread, type ThreadPlan } from "./start-thread.ts";

export interface WorkerPoolOptions {
  readonly resourceLimits: ResourceLimits | undefined;
  /** The data of the new thread's seat. */
  readonly workerData: (workerId: PeerId, slot: number, nodeEnd: ChannelEnd) => ThreadPlan["data"];
  readonly onEnd: (workerId: PeerId, slot: number, end: ChannelEnd) => void;
  /** Asks the driver to end the guest. */
  readonly terminateGuest: () => void;
  /** Handles what a thread sent last. */
  readonly hear: (workerId: PeerId) => void;
  readonly onOnline: (workerId: PeerId) => void;
  readonly onExit: (workerId: PeerId, cause: ExitCause, wasOnline: boolean) => void;
}

/** A worker that another thread, the driver, has started and alone can end; the node hears and supervises it. */
export type Guest = Omit<ThreadPlan, "data">;

interface Thread {
  readonly slot: number;
  /** Begins to end it. */
  readonly terminate: () => void;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  readonly onEnded: (cause: ExitCause) => void;
  online: boolean;
  terminatedFor: string | undefined;
}

/** How long the end of a guest waits for a reason. The driver, which knows it, may be busy for as long as it likes. */
const REASON_MS = 50;

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #threads = new Map<PeerId, Thread>();
  readonly #freeSlots: number[] = [];
  #nextSlot = FIRST_WORKER_SLOT;
  #guest: PeerId | undefined;
  /** Why the guest ends, as it has said itself or the driver has. */
  #guestCause: ExitCause | undefined;
  #isGuestGone = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#threads.size;
  }

  has(workerId: PeerId): boolean {
    return this.#threads.has(workerId);
  }

  start(): PeerId {
    const slot = this.#freeSlots.pop() ?? this.#nextSlot++;
    const workerId = newPeerId("worker", slot);
    const [nodeEnd, theirs] = makeChannelEnds();
    const data = this.#options.workerData(workerId, slot, theirs);
    const worker = startThread({ workerId, data }, this.#options.resourceLimits);
    const thread = this.#add(workerId, slot, () => void worker.terminate());
    this.#options.onEnd(workerId, slot, nodeEnd);
    let error: Error | undefined;
    worker.on("online", () => this.online(workerId));
    worker.on("error", (thrown: unknown) => {
      error = thrown instanceof Error ? thrown : new Error(String(thrown));
    });
    worker.on("exit", (exitCode) =>
      thread.onEnded(exitCause({ exitCode, error, terminatedFor: thread.terminatedFor })),
    );
    return workerId;
  }

  /**
   * Takes over a worker that the driver has started. The driver may be busy, so that it ends is seen by its port, and
   * why is said by itself, as far as it can. It says also that it is online.
   */
  adopt({ workerId, slot, nodeEnd }: Guest): void {
    this.#nextSlot = Math.max(this.#nextSlot, slot + 1);
    this.#guest = workerId;
    this.#add(workerId, slot, this.#options.terminateGuest);
    this.#options.onEnd(workerId, slot, nodeEnd);
    nodeEnd.port.on("close", () => {
      this.#options.hear(workerId);
      this.#isGuestGone = true;
      this.#endGuest();
      setTimeout(() => this.#endGuest(unexplainedExit), REASON_MS);
    });
  }

  /** Why a guest ends, before or after it has. */
  explain(cause: ExitCause): void {
    this.#guestCause ??= cause;
    if (this.#isGuestGone) this.#endGuest();
  }

  online(workerId: PeerId): void {
    const thread = this.#threads.get(workerId);
    if (thread === undefined) return;
    thread.online = true;
    this.#options.onOnline(workerId);
  }

  #add(workerId: PeerId, slot: number, terminate: () => void): Thread {
    let settle: () => void = () => undefined;
    const thread: Thread = {
      slot,
      terminate,
      ended: new Promise((resolve) => (settle = resolve)),
      onEnded: (cause) => {
        if (!this.#threads.delete(workerId)) return;
        this.#freeSlots.push(slot);
        this.#options.onExit(workerId, cause, thread.online);
        settle();
      },
      online: false,
      terminatedFor: undefined,
    };
    this.#threads.set(workerId, thread);
    return thread;
  }

  #endGuest(otherwise?: ExitCause): void {
    const thread = this.#guest === undefined ? undefined : this.#threads.get(this.#guest);
    if (thread === undefined) return;
    const { terminatedFor } = thread;
    const terminated =
      terminatedFor === undefined ? undefined : exitCause({ exitCode: 1, error: undefined, terminatedFor });
    const cause = terminated ?? this.#guestCause ?? otherwise;
    if (cause !== undefined) thread.onEnded(cause);
  }

  /** Ends a thread now, even in the middle of a loop. `reason` completes "was ended by ...". */
  terminate(workerId: PeerId, reason: string): void {
    const thread = this.#threads.get(workerId);
    if (thread === undefined || thread.terminatedFor !== undefined) return;
    thread.terminatedFor = reason;
    thread.terminate();
  }

  async terminateAll(reason: string): Promise<void> {
    const threads = [...this.#threads];
    for (const [workerId] of threads) this.terminate(workerId, reason);
    await Promise.all(threads.map(([, { ended }]) => ended));
  }
}
