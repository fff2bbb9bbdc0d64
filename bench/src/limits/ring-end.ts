/** One end of a raw ring echo: polls its ring between turns of the event loop, then sleeps behind a doorbell message. */
import type { MessagePort, Worker } from "node:worker_threads";

import { drain, fallAsleep, mustWake, push, type RingMemory } from "./ring.ts";

/** How long an end goes on looking after the last frame. */
const POLL_MS = 0.05;

export interface RingEnd {
  /** Writes a frame; `ring()` must follow. */
  readonly send: (payload: Uint8Array) => void;
  /** Wakes the other end if it sleeps. */
  readonly ring: () => void;
}

/**
 * @param port - carries nothing but doorbells
 * @param onFrame - called for each frame
 * @param onDrained - called after the frames of one look
 */
export function openRingEnd(
  port: MessagePort | Worker,
  rings: { readonly incoming: RingMemory; readonly outgoing: RingMemory },
  onFrame: (payload: Uint8Array, end: RingEnd) => void,
  onDrained: (end: RingEnd) => void,
): RingEnd {
  const { incoming, outgoing } = rings;
  const end: RingEnd = {
    send(payload) {
      if (!push(outgoing, payload)) throw new Error("the raw ring is full: more in flight than its capacity");
    },
    ring() {
      if (mustWake(outgoing)) port.postMessage(0);
    },
  };
  const take = (payload: Uint8Array): void => onFrame(payload, end);
  let lastFrame = 0;
  let awake = false;
  const look = (): void => {
    if (drain(incoming, take) > 0) {
      onDrained(end);
      lastFrame = performance.now();
    } else if (performance.now() - lastFrame > POLL_MS && fallAsleep(incoming)) {
      awake = false;
      return;
    }
    setImmediate(look);
  };
  const wake = (): void => {
    if (awake) return;
    awake = true;
    lastFrame = performance.now();
    look();
  };
  port.on("message", wake);
  wake();
  return end;
}
