/**
 * A channel over two byte rings, one in each direction, and a message port. Messages go through the rings; the port
 * carries what bytes cannot (shared memory, other ports) and the calls that wake a sleeping thread.
 *
 * A message that finds the ring full waits in a backlog, in order, until the reader has made room; one that is longer
 * than the ring goes through it in pieces.
 */
import type { MessagePort as Port } from "node:worker_threads";

import { RemoteBell } from "./bells.ts";
import type { Attachment, Channel, Message, MessageHandler } from "./channel.ts";
import type { ChannelEnd } from "./channel-ends.ts";
import { Fifo } from "../core/fifo.ts";
import { NOTHING } from "../core/nothing.ts";
import type { Inbox, InboxChannel } from "./inbox.ts";
import type { Place } from "./place.ts";
import { isAttached, isMore, longestFrame, RingReader, RingWriter } from "./ring.ts";
import { copyOf, scratch } from "./scratch.ts";
import { decodeMessage, encodeMessage } from "./wire-format.ts";

/** What is written shows after this many bytes at the latest, so that the other thread begins while this one goes on. */
const SHOW_BYTES = 2048;

export interface RingChannelOptions {
  readonly end: ChannelEnd;
  readonly inbox: Inbox;
  /** Slot of the thread at the other end. */
  readonly remoteSlot: number;
  /** Whether the other thread has its end already; otherwise its first message tells. */
  readonly isJoined: boolean;
  readonly onMessage: MessageHandler;
}

/** A message that found no room: its bytes from `at` on are still to be written. */
interface Waiting {
  readonly bytes: Buffer;
  at: number;
  readonly attached: boolean;
}

/** What goes over the port; anything else is a call. */
interface Parcel {
  readonly attachments: readonly Attachment[];
}

export class RingChannel implements Channel, InboxChannel {
  readonly place: Place;
  readonly #placeHere: Place;
  readonly #port: Port;
  readonly #out: RingWriter;
  readonly #in: RingReader;
  readonly #longest: number;
  readonly #inbox: Inbox;
  readonly #bell: RemoteBell;
  readonly #onMessage: MessageHandler;
  readonly #backlog = new Fifo<Waiting>();
  readonly #parcels = new Fifo<Parcel>();
  readonly #flushLater = (): void => this.flush();
  readonly #visit = (bytes: Buffer, start: number, end: number, flags: number): void =>
    this.#take(bytes, start, end, flags);
  #pieces: Buffer[] = [];
  #scheduled = false;
  #joined: boolean;
  #closed = false;

  constructor(options: RingChannelOptions) {
    const { port, rings } = options.end;
    this.#port = port;
    this.#out = new RingWriter(rings[0]);
    this.#in = new RingReader(rings[1]);
    this.place = this.#out.place;
    this.#placeHere = this.#in.place;
    this.#longest = longestFrame(rings[0]);
    this.#inbox = options.inbox;
    this.#bell = new RemoteBell(options.inbox.bells, options.remoteSlot, () => port.postMessage(0));
    this.#onMessage = options.onMessage;
    this.#joined = options.isJoined;
    port.on("message", (parcel: unknown) => this.#called(parcel));
    this.#inbox.add(this);
  }

  send(message: Message, attachments: readonly Attachment[] = NOTHING): void {
    if (this.#closed) return;
    const length = encodeMessage(message);
    const attached = attachments.length > 0;
    if (attached) {
      const transfer = attachments.filter((item) => item instanceof MessagePort);
      this.#port.postMessage({ attachments } satisfies Parcel, transfer);
    }
    const fits = this.#backlog.length === 0 && length <= this.#longest;
    if (!fits || !this.#out.write(scratch.bytes, 0, length, attached ? ATTACHED : PLAIN)) {
      this.#backlog.push({ bytes: copyOf(scratch.bytes, 0, length), at: 0, attached });
      this.#writeBacklog();
    }
    if (this.#out.unpublished > SHOW_BYTES) this.#show();
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#flushLater);
  }

  flush(): void {
    this.#scheduled = false;
    if (this.#closed) return;
    if (this.#backlog.length > 0) this.#writeBacklog();
    this.#show();
  }

  drain(most: number = Infinity): boolean {
    let count = 0;
    while (count < most && !this.#closed && this.#in.read(this.#visit)) count++;
    if (count === 0) return false;
    this.#joined = true;
    if (this.#in.release()) this.#bell.ring(true);
    return count === most;
  }

  wake(): void {
    if (this.#closed) return;
    this.flush();
    this.#bell.insist();
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

  #show(): void {
    if (!this.#out.publish()) return;
    this.#bell.ring(this.#joined);
    this.#inbox.wake(); // an answer is likely
  }

  #writeBacklog(): void {
    for (let next = this.#backlog.peek(); next !== undefined; next = this.#backlog.peek()) {
      const { bytes, attached } = next;
      while (next.at < bytes.length) {
        const end = Math.min(bytes.length, next.at + this.#longest);
        const flags = { more: end < bytes.length, attached };
        if (!this.#out.write(bytes, next.at, end, flags)) {
          this.#show();
          if (this.#out.waitForRoom()) continue;
          return;
        }
        next.at = end;
      }
      this.#backlog.shift();
    }
  }

  #take(bytes: Buffer, start: number, end: number, flags: number): void {
    if (isMore(flags)) {
      this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
      return;
    }
    const attachments = isAttached(flags) ? this.#nextParcel() : NOTHING;
    if (this.#pieces.length === 0) {
      this.#onMessage(decodeMessage(bytes, start, end), attachments, this.#placeHere);
      return;
    }
    const whole = Buffer.concat([...this.#pieces, bytes.subarray(start, end)]);
    this.#pieces = [];
    this.#onMessage(decodeMessage(whole, 0, whole.length), attachments, this.#placeHere);
  }

  /** The port hands a parcel over before the ring shows its message, so it is there. */
  #nextParcel(): readonly Attachment[] {
    for (;;) {
      const parcel = this.#parcels.shift();
      if (parcel !== undefined) return parcel.attachments;
      const next = process.getBuiltinModule("node:worker_threads").receiveMessageOnPort(this.#port);
      if (next === undefined) throw new Error("a message came without its attachments");
      this.#keep(next.message);
    }
  }

  #called(parcel: unknown): void {
    this.#joined = true;
    this.#keep(parcel);
    this.#inbox.called();
  }

  #keep(parcel: unknown): void {
    if (typeof parcel === "object" && parcel !== null) this.#parcels.push(parcel as Parcel); // written by `send`
  }
}

const PLAIN = { more: false, attached: false };
const ATTACHED = { more: false, attached: true };
