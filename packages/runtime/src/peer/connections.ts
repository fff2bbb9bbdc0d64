/**
 * Direct channels to other threads, made on first use: this thread makes both ends, sends one over through the node,
 * and may send at once.
 */
import { slotOf, type PeerId } from "../core/ids.ts";
import type { Attachment, Channel } from "../transport/channel.ts";
import type { Inbox } from "../transport/inbox.ts";
import type { Place } from "../transport/place.ts";
import { makeChannelEnds, type ChannelEnd } from "../transport/channel-ends.ts";
import { RingChannel } from "../transport/ring-channel.ts";
import type { PeerToPeer } from "../transport/protocol.ts";

export type PeerMessageHandler = (
  from: PeerId,
  message: PeerToPeer,
  attachments: readonly Attachment[],
  place: Place,
) => void;

export interface ConnectionsOptions {
  readonly inbox: Inbox;
  /** Hands one end to another thread. */
  readonly introduce: (to: PeerId, end: ChannelEnd) => void;
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
    (this.#sending.get(to) ?? this.#introduce(to)).send(message, attachments);
  }

  /** Which of the tasks that are sent to a thread may begin. */
  placeAt(to: PeerId): Place {
    return (this.#sending.get(to) ?? this.#introduce(to)).place;
  }

  /** Makes the channel to a thread ahead of its first message. */
  open(to: PeerId): void {
    if (!this.#sending.has(to)) this.#introduce(to);
  }

  /** Another thread opened a channel to this one. */
  accept(from: PeerId, end: ChannelEnd): void {
    this.#open(from, end, true);
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

  #introduce(to: PeerId): Channel {
    const [mine, theirs] = makeChannelEnds();
    const channel = this.#open(to, mine, false);
    this.#options.introduce(to, theirs);
    return channel;
  }

  #open(peer: PeerId, end: ChannelEnd, isJoined: boolean): Channel {
    const channel = new RingChannel({
      end,
      inbox: this.#options.inbox,
      remoteSlot: slotOf(peer),
      isJoined,
      // Both ends are peers, which speak this protocol.
      onMessage: (message, attachments, place) =>
        this.#options.onMessage(peer, message as PeerToPeer, attachments, place),
    });
    channel.unref();
    if (!this.#sending.has(peer)) this.#sending.set(peer, channel);
    const all = this.#all.get(peer);
    if (all === undefined) this.#all.set(peer, new Set([channel]));
    else all.add(channel);
    return channel;
  }
}
