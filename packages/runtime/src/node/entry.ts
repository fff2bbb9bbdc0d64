/**
 * What the node thread starts with. The first worker is started before anything else is loaded: it takes as long to
 * come up as this thread does to load the node.
 */
import { workerData } from "node:worker_threads";

import { load } from "../core/load.ts";
import type { ChannelEnd } from "../transport/channel-ends.ts";
import type * as Program from "./node.ts";
import { startThread, type StartedThread, type ThreadPlan } from "./start-thread.ts";

/** What `init()` passes. */
export interface NodeSeat {
  readonly config: Program.NodeConfig;
  readonly driverEnd: ChannelEnd;
  readonly firstWorker: ThreadPlan;
}

const { config, driverEnd, firstWorker } = workerData as NodeSeat; // passed by init()

let first: StartedThread | undefined;
try {
  first = startThread(firstWorker, config.workerResourceLimits);
} catch {
  // The node tries again, and says so.
}
const { Node } = load<typeof Program>("../node/node.js")();
export const node: Program.Node = new Node(config, driverEnd, first);
