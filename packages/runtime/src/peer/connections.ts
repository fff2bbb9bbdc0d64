/**
 * Direct channels to other threads, made on first use: this thread makes both ends, sends one over through the node,
 * and may send at once.
 */
import { MessageChannel, type MessagePort } from "node:worker_threads";

import { slotOf, type PeerId } from "../core/ids.ts";
import type { Attachment, Channel } from "../transport/channel.ts";
import type { Inbox } from "../transport/inbox.ts";
import { MessagePortChannel } from "../transport/message-port-channel.ts";
import type { PeerToPeer } from "../transport/protocol.ts";

export type PeerMessageHandler = (
  from: PeerId,
  message: PeerToPeer,
  attachments: readonly Attachment[],
) => void;

export interface ConnectionsOptions {
  readonly inbox: Inbox;
  /** Hands one end to another thread. */
  readonly introduce: (to: PeerId, port: MessagePort) => void;
  readonly onMessage: PeerMessageHandler;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  /** A pair of threads may open a channel from both sides at once: each sends on the one it opened or got first. */
  readonly #sending = new Map<PeerId, Channel>();
  readonly #all = new Map<PeerId, Set<Channel>>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  send(to: PeerId, message: PeerToPeer, attachments?: readonly Attachment[]): void {
    let channel = this.#sending.get(to);
    if (channel === undefined) {
      const { port1, port2 } = new MessageChannel();
      channel = this.#open(to, port1);
      this.#options.introduce(to, port2);
    }
    channel.send(message, attachments);
  }

  /** Another thread opened a channel to this one. */
  accept(from: PeerId, port: MessagePort): void {
    this.#open(from, port);
  }

  /** Handles what has arrived from a thread already. */
  drain(peer: PeerId): void {
    for (const channel of this.#all.get(peer) ?? []) channel.drain();
  }

  close(peer: PeerId): void {
    for (const channel of this.#all.get(peer) ?? []) channel.close();
    this.#all.delete(peer);
    this.#sending.delete(peer);
  }

  closeAll(): void {
    for (const peer of this.#all.keys()) this.close(peer);
  }

  #open(peer: PeerId, port: MessagePort): Channel {
    const channel = new MessagePortChannel({
      port,
      inbox: this.#options.inbox,
      remoteSlot: slotOf(peer),
      // Both ends are peers, which speak this protocol.
      onMessage: (message, attachments) => this.#options.onMessage(peer, message as PeerToPeer, attachments),
    });
    channel.unref();
    if (!this.#sending.has(peer)) this.#sending.set(peer, channel);
    const all = this.#all.get(peer);
    if (all === undefined) this.#all.set(peer, new Set([channel]));
    else all.add(channel);
    return channel;
  }
}
