/** The worker of comlink: an object with the same method as Manta's actor. */
import { parentPort } from "node:worker_threads";

import { expose } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";

if (parentPort === null) throw new Error("this file runs as a worker");
expose({ smallValue: () => "ok" }, nodeEndpoint(parentPort));
