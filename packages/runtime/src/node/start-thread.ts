/** Starts worker threads. Apart from the pool because the driver starts the first one. */
import type { ResourceLimits, Worker } from "node:worker_threads";

import type { PeerId } from "../core/ids.ts";
import type { ChannelEnd } from "../transport/ring-channel.ts";
import type { WorkerSeat } from "../worker/main.ts";

/** What a worker is made of, and the node's end of its channel. */
export interface ThreadPlan {
  readonly workerId: PeerId;
  readonly slot: number;
  readonly nodeEnd: ChannelEnd;
  /** What the thread's entry finds as its `workerData`, with its own end of the channel. */
  readonly data: WorkerSeat;
}

/** Starts a thread that runs the entry of workers. What it prints goes where this thread prints. */
export function startThread(
  { workerId, data }: Pick<ThreadPlan, "workerId" | "data">,
  resourceLimits: ResourceLimits | undefined,
): Worker {
  // A program that only imports the package does not need it.
  const { Worker: Thread } = process.getBuiltinModule("node:worker_threads");
  return new Thread(new URL("../worker/entry.js", import.meta.url), {
    name: workerId,
    workerData: data,
    transferList: [data.nodeEnd.port],
    // Flags of the main thread (a loader, --input-type, ...) must not reach the entry.
    execArgv: [],
    ...(resourceLimits === undefined ? {} : { resourceLimits }),
  });
}
