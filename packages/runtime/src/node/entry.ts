/** What the node thread starts with. */
import { workerData } from "node:worker_threads";

import type { ChannelEnd } from "../transport/ring-channel.ts";
import { Node, type NodeConfig } from "./node.ts";
import type { Guest } from "./worker-pool.ts";

/** What `init()` passes. */
export interface NodeSeat {
  readonly config: NodeConfig;
  readonly driverEnd: ChannelEnd;
  /** The worker that the driver has started; undefined when it could not. */
  readonly guest: Guest | undefined;
}

const { config, driverEnd, guest } = workerData as NodeSeat; // passed by init()
export const node: Node = new Node(config, driverEnd, guest);
