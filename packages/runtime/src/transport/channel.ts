/**
 * The one interface through which threads talk. A channel joins exactly two threads; messages arrive in the order in
 * which they were sent. What is behind it (message ports now, shared-memory rings for speed) is nobody's concern.
 */
import type { MessagePort } from "node:worker_threads";

/** A message is msgpack-able plain data; byte strings inside travel as they are. */
export interface Message {
  /** Discriminates the union of each protocol. */
  readonly t: string;
}

/** What cannot travel as bytes: memory to be shared, and ports to be handed over. Messages name them by index. */
export type Attachment = SharedArrayBuffer | MessagePort;

/** Called for each message, in order, on the receiving thread; must not throw. */
export type MessageHandler = (message: Message, attachments: readonly Attachment[]) => void;

export interface Channel {
  /** Queues a message. Messages sent in one turn leave together; a closed channel drops them. */
  send(message: Message, attachments?: readonly Attachment[]): void;
  /** Hands over everything that is queued now, without waiting for the turn to end. */
  flush(): void;
  /** Handles what has arrived already, on this stack. Returns whether there was anything. */
  drain(): boolean;
  /** While referenced, the channel keeps the thread's event loop alive. */
  ref(): void;
  unref(): void;
  close(): void;
}
