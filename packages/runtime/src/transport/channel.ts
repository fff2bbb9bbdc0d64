/**
 * The one interface through which threads talk. A channel joins exactly two threads; messages arrive in the order in
 * which they were sent. What is behind it (shared-memory rings between threads) is nobody's concern.
 */
import type { MessagePort } from "node:worker_threads";

import type { Place } from "./place.ts";

/** A message is msgpack-able plain data; byte strings inside travel as they are. */
export interface Message {
  /** Discriminates the union of each protocol. */
  readonly t: string;
}

/** What cannot travel as bytes: memory to be shared, and ports to be handed over. Messages name them by index. */
export type Attachment = SharedArrayBuffer | MessagePort;

/** Called for each message, in order, on the receiving thread; must not throw. */
export type MessageHandler = (
  message: Message,
  attachments: readonly Attachment[],
  /** For the tasks that arrive over this channel. */
  place: Place,
) => void;

export interface Channel {
  /** For the tasks that are sent over this channel. */
  readonly place: Place;
  /** Queues a message. Messages sent in one turn leave together; a closed channel drops them. */
  send(message: Message, attachments?: readonly Attachment[]): void;
  /** Hands over everything that is queued now, without waiting for the turn to end. */
  flush(): void;
  /** Handles what has arrived already, on this stack. Returns whether there was anything. */
  drain(): boolean;
  /** Wakes the thread at the other end, even when a thread that died left it in a wrong state. */
  wake(): void;
  /** While referenced, the channel keeps the thread's event loop alive. */
  ref(): void;
  unref(): void;
  close(): void;
}
