/** The other end of the raw ring echo. */
import { parentPort, workerData } from "node:worker_threads";

import { openRingEnd } from "./ring-end.ts";
import type { RingMemory } from "./ring.ts";

const rings = workerData as { incoming: RingMemory; outgoing: RingMemory }; // passed by the row
if (parentPort === null) throw new Error("this file runs as a worker");
openRingEnd(
  parentPort,
  rings,
  (payload, end) => end.send(payload),
  (end) => end.ring(),
);
