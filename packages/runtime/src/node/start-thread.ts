/** Starts worker threads. Apart from the pool because the node thread starts the first one before it loads anything else. */
import { Worker, type ResourceLimits } from "node:worker_threads";

import type { PeerId } from "../core/ids.ts";
import type { ChannelEnd } from "../transport/channel-ends.ts";
import type { WorkerSeat } from "../worker/main.ts";

/** What a worker is made of, and the node's end of its channel. */
export interface ThreadPlan {
  readonly workerId: PeerId;
  readonly slot: number;
  readonly nodeEnd: ChannelEnd;
  /** What the thread's entry finds as its `workerData`, with its own end of the channel. */
  readonly data: WorkerSeat;
}

/** A worker that has been started and that nobody listens to yet. */
export interface StartedThread extends Omit<ThreadPlan, "data"> {
  readonly worker: Worker;
}

export function startThread(
  { workerId, slot, nodeEnd, data }: ThreadPlan,
  resourceLimits: ResourceLimits | undefined,
): StartedThread {
  const worker = new Worker(new URL("../worker/entry.js", import.meta.url), {
    name: workerId,
    workerData: data,
    transferList: [data.nodeEnd.port],
    // Flags of the main thread (a loader, --input-type, ...) must not reach the entry.
    execArgv: [],
    stdout: true,
    stderr: true,
    ...(resourceLimits === undefined ? {} : { resourceLimits }),
  });
  return { workerId, slot, nodeEnd, worker };
}
