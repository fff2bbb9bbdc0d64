/** What the node thread starts with. */
import { workerData } from "node:worker_threads";

import type { ChannelEnd } from "../transport/ring-channel.ts";
import { Node, type NodeConfig } from "./node.ts";

const { config, driverEnd } = workerData as { config: NodeConfig; driverEnd: ChannelEnd }; // passed by init()
export const node: Node = new Node(config, driverEnd);
