/**
 * What the parts of a peer need from each other and from the outside. Each part gets this instead of the whole peer,
 * so that its dependencies are plain to see.
 */
import type { PeerId } from "../core/ids.ts";
import type { ObjectStore } from "../objects/object-store.ts";
import type { StoreUsage } from "../objects/store-usage.ts";
import type { Attachment } from "../transport/channel.ts";
import type { Place } from "../transport/place.ts";
import type { PeerToNode, PeerToPeer, RunToNode } from "../transport/protocol.ts";

export interface Link {
  readonly peerId: PeerId;
  readonly usage: StoreUsage;
  readonly store: ObjectStore;
  toNode(message: PeerToNode, attachments?: readonly Attachment[]): void;
  /** Shows the node what was sent so far, before another thread is shown what it depends on. */
  flushToNode(): void;
  /** About one actor; neighbours go together, in one message. */
  runToNode(run: RunToNode): void;
  /** Opens the direct channel when there is none yet. A thread that is known to be dead gets nothing. */
  toPeer(peer: PeerId, message: PeerToPeer, attachments?: readonly Attachment[]): void;
  /** Which of the tasks that this thread sends to a worker may begin. */
  placeAt(peer: PeerId): Place;
  isDead(peer: PeerId): boolean;
}
