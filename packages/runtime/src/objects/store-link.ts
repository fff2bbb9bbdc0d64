/** How the store of one thread reaches those of the others. */
import type { PeerId, SegmentId } from "../core/ids.ts";
import type { StoreUsage } from "./store-usage.ts";

export interface StoreLink {
  readonly peerId: PeerId;
  readonly usage: StoreUsage;
  isDead(peer: PeerId): boolean;
  /** Tells the home that `peer` was handed the segment so many times more (negative: gave it back). */
  count(id: SegmentId, peer: PeerId, times: number): void;
  /** Asks a thread to let go of what it does not need. */
  press(peer: PeerId): void;
  /** Threads that have refs to objects of this one. */
  refHolders(): Iterable<PeerId>;
  /** Right after a collection: gives back refs to objects of other threads that are garbage. */
  sweepRefs(): void;
}
