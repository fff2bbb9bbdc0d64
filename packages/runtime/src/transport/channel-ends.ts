/** The two ends of a channel, made by one thread and handed to others. */
import type { MessagePort as Port } from "node:worker_threads";

import type { Attachment } from "./channel.ts";
import { makeRing } from "./ring.ts";

/** One end of a channel, to be handed to a thread. */
export interface ChannelEnd {
  readonly port: Port;
  /** Ring to write to, ring to read from. */
  readonly rings: readonly [out: SharedArrayBuffer, into: SharedArrayBuffer];
}

const RING_BYTES = 256 * 1024;

export function makeChannelEnds(ringBytes: number = RING_BYTES): readonly [ChannelEnd, ChannelEnd] {
  const { port1, port2 } = new MessageChannel();
  const [a, b] = [makeRing(ringBytes), makeRing(ringBytes)];
  return [
    { port: port1, rings: [a, b] },
    { port: port2, rings: [b, a] },
  ];
}

/** An end as attachments of a message. */
export const toAttachments = (end: ChannelEnd): Attachment[] => [end.port, ...end.rings];

export function toChannelEnd([port, out, into]: readonly Attachment[]): ChannelEnd {
  if (!(port instanceof MessagePort)) throw new TypeError("a channel's end has no port");
  if (!(out instanceof SharedArrayBuffer) || !(into instanceof SharedArrayBuffer)) {
    throw new TypeError("a channel's end has no rings");
  }
  return { port, rings: [out, into] };
}
