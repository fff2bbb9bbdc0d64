/** The other end of the batched msgpackr echo: one frame of calls in, one frame of results out. */
import { parentPort } from "node:worker_threads";

import { pack, unpack } from "msgpackr";

parentPort?.on("message", (frame: Uint8Array) => {
  const calls = unpack(frame) as readonly [id: number, method: string, value: string][]; // packed by the row
  parentPort?.postMessage(pack(calls.map(([id, , value]) => [id, value])));
});
