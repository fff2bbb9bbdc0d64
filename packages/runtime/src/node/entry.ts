/** What the node thread starts with. */
import { workerData, type MessagePort } from "node:worker_threads";

import { Node, type NodeConfig } from "./node.ts";

const { config, driverPort } = workerData as { config: NodeConfig; driverPort: MessagePort }; // passed by init()
export const node: Node = new Node(config, driverPort);
