/** A channel over a `MessagePort`. Messages of one turn are packed into one batch, so that a burst costs one wake-up. */
import { receiveMessageOnPort, type MessagePort, type TransferListItem } from "node:worker_threads";

import { Packr } from "msgpackr/pack";

import type { Attachment, Channel, Message, MessageHandler } from "./channel.ts";
import { ring, type Inbox } from "./inbox.ts";

interface Batch {
  /** msgpack of `[message, number of attachments][]`. */
  readonly bytes: Uint8Array;
  readonly attachments: readonly Attachment[];
}

/** Plain maps instead of records: messages are small and of many shapes. */
const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: false });

export interface MessagePortChannelOptions {
  readonly port: MessagePort;
  readonly inbox: Inbox;
  /** Slot of the bell of the thread at the other end. */
  readonly remoteSlot: number;
  readonly onMessage: MessageHandler;
}

export class MessagePortChannel implements Channel {
  readonly #port: MessagePort;
  readonly #inbox: Inbox;
  readonly #remoteSlot: number;
  readonly #onMessage: MessageHandler;
  #queue: [Message, number][] = [];
  #attachments: Attachment[] = [];
  #scheduled = false;
  #closed = false;

  constructor(options: MessagePortChannelOptions) {
    this.#port = options.port;
    this.#inbox = options.inbox;
    this.#remoteSlot = options.remoteSlot;
    this.#onMessage = options.onMessage;
    this.#port.on("message", (batch: Batch) => this.#deliver(batch));
    this.#inbox.add(this);
  }

  send(message: Message, attachments: readonly Attachment[] = []): void {
    if (this.#closed) return;
    this.#queue.push([message, attachments.length]);
    if (attachments.length > 0) this.#attachments.push(...attachments);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.flush());
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#queue.length === 0 || this.#closed) return;
    const packed = packr.pack(this.#queue);
    // The packer's buffer is a view on a pool; an exact copy of its own can be handed over without another copy.
    const bytes = new Uint8Array(packed);
    const attachments = this.#attachments;
    this.#queue = [];
    this.#attachments = [];
    const transfer: TransferListItem[] = [bytes.buffer];
    for (const item of attachments) if (!(item instanceof SharedArrayBuffer)) transfer.push(item);
    this.#port.postMessage({ bytes, attachments } satisfies Batch, transfer);
    ring(this.#inbox.bells, this.#remoteSlot);
  }

  drain(): boolean {
    let any = false;
    for (let next; !this.#closed && (next = receiveMessageOnPort(this.#port)) !== undefined;) {
      any = true;
      this.#deliver(next.message as Batch); // the other end is a MessagePortChannel too
    }
    return any;
  }

  ref(): void {
    this.#port.ref();
  }

  unref(): void {
    this.#port.unref();
  }

  close(): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.#inbox.remove(this);
    this.#port.close();
  }

  #deliver(batch: Batch): void {
    const messages = packr.unpack(batch.bytes) as [Message, number][]; // written by `flush`
    let at = 0;
    for (const [message, count] of messages) {
      this.#onMessage(message, count === 0 ? [] : batch.attachments.slice(at, at + count));
      at += count;
    }
  }
}
