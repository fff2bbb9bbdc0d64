/**
 * Who can reach the shared segments that one thread allocated or was handed. Pure: commands in, effects out; the
 * thread's object store does what the effects say. Ids are never used twice, so that news that comes late about an
 * earlier use of some memory cannot be taken for news about the present one.
 *
 * Each thread keeps its own holders and views to itself and tells the segment's home only how many times it was handed
 * the segment and that it gave all of them back. A thread that passes a segment on to a third one reports that to the
 * home before it gives its own count back (see `RefCounter`).
 */
import { homeOf, type PeerId, type SegmentId } from "./ids.ts";
import { RefCounter } from "./ref-counter.ts";

export type SegmentEffect =
  /** Nobody can reach it: its memory may be handed out again. */
  | { readonly type: "recycle"; readonly id: SegmentId }
  /** Nobody is known to reach it, but its memory must be left to the garbage collector. */
  | { readonly type: "retire"; readonly id: SegmentId }
  /** This thread has no use for it any more: tells the home. */
  | { readonly type: "giveBack"; readonly id: SegmentId; readonly times: number }
  /** Tells the home that this thread passes it on. */
  | { readonly type: "report"; readonly id: SegmentId; readonly to: PeerId }
  /** Its home has ended; the memory lives on in the hands of this thread. */
  | { readonly type: "orphan"; readonly id: SegmentId };

interface Segment {
  /** Stored values of this thread that hold it. */
  holders: number;
  /** Messages of this thread to itself that are under way. */
  sending: number;
  /** User code may see it. */
  viewed: boolean;
  /** At home: the threads that it was handed to. */
  peers: RefCounter | undefined;
  /** At home: threads that said they passed it on. */
  reporters: Set<PeerId> | undefined;
  /** Elsewhere: how many times it was handed to this thread. */
  times: number;
  /** A thread that had it has died, and may have passed it on with its last breath. */
  tainted: boolean;
}

export class SegmentLedger {
  readonly #self: PeerId;
  readonly #segments = new Map<SegmentId, Segment>();

  constructor(self: PeerId) {
    this.#self = self;
  }

  has(id: SegmentId): boolean {
    return this.#segments.has(id);
  }

  get size(): number {
    return this.#segments.size;
  }

  /** A new segment of this thread, with one holder. */
  create(id: SegmentId): void {
    this.#segments.set(id, { ...nothing, holders: 1 });
  }

  /** A new segment of this thread on memory that unknown threads may have. */
  createShared(id: SegmentId): void {
    this.#segments.set(id, { ...nothing, holders: 1, tainted: true });
  }

  /** A segment of another thread was handed to this one, once more. The caller holds or drops it next. */
  receive(id: SegmentId): void {
    const known = this.#segments.get(id);
    if (known === undefined) this.#segments.set(id, { ...nothing, times: 1 });
    else known.times++;
  }

  hold(id: SegmentId): void {
    this.#of(id).holders++;
  }

  drop(id: SegmentId): SegmentEffect | undefined {
    const segment = this.#of(id);
    segment.holders--;
    return this.#settle(id, segment);
  }

  openView(id: SegmentId): void {
    this.#of(id).viewed = true;
  }

  closeView(id: SegmentId): SegmentEffect | undefined {
    const segment = this.#of(id);
    segment.viewed = false;
    return this.#settle(id, segment);
  }

  /** It is about to be sent to a thread that is not known to be dead. */
  lend(id: SegmentId, to: PeerId): SegmentEffect | undefined {
    const segment = this.#of(id);
    if (to === this.#self) segment.sending++;
    else if (this.#isHome(id)) (segment.peers ??= new RefCounter()).add(to, 1);
    else if (to !== homeOf(id)) return { type: "report", id, to };
    return undefined;
  }

  /** A message of this thread to itself has arrived, and its receiver holds the segment. */
  arrived(id: SegmentId): SegmentEffect | undefined {
    const segment = this.#of(id);
    segment.sending--;
    return this.#settle(id, segment);
  }

  /** At home: `from` says that `peer`, not known to be dead, was handed it `times` more (negative: gave it back). */
  counted(id: SegmentId, from: PeerId, peer: PeerId, times: number): SegmentEffect | undefined {
    const segment = this.#segments.get(id);
    if (segment === undefined || !this.#isHome(id)) return undefined;
    (segment.peers ??= new RefCounter()).add(peer, times);
    if (from !== peer) (segment.reporters ??= new Set()).add(from);
    return this.#settle(id, segment);
  }

  /** At home: it was handed to a thread that has ended since, and may have passed it on meanwhile. */
  countedForDead(id: SegmentId): SegmentEffect | undefined {
    const segment = this.#segments.get(id);
    if (segment === undefined || !this.#isHome(id)) return undefined;
    segment.tainted = true;
    return this.#settle(id, segment);
  }

  /** What the thread sent before its end has been handled. */
  peerDied(peer: PeerId): SegmentEffect[] {
    const effects: SegmentEffect[] = [];
    for (const [id, segment] of this.#segments) {
      if (homeOf(id) === peer) effects.push({ type: "orphan", id });
      if (segment.peers?.has(peer) !== true && segment.reporters?.has(peer) !== true) continue;
      segment.peers?.drop(peer);
      segment.tainted = true;
      const effect = this.#settle(id, segment);
      if (effect !== undefined) effects.push(effect);
    }
    return effects;
  }

  /** No thread but this one has it, and user code does not see it: its bytes may be moved. */
  isQuiet(id: SegmentId): boolean {
    const { viewed, sending, peers, tainted } = this.#of(id);
    return !viewed && sending === 0 && !tainted && peers?.inUse !== true;
  }

  /** What holds the quiet segment `from` holds `to` from now on, a new segment of this thread. */
  move(from: SegmentId, to: SegmentId): SegmentEffect | undefined {
    const segment = this.#of(from);
    this.#segments.set(to, { ...nothing, holders: segment.holders });
    segment.holders = 0;
    return this.#settle(from, segment);
  }

  /** Threads that have it, as far as its home knows; for reports. */
  borrowers(id: SegmentId): readonly (readonly [peer: PeerId, times: number])[] {
    return this.#segments.get(id)?.peers?.counts() ?? [];
  }

  #settle(id: SegmentId, segment: Segment): SegmentEffect | undefined {
    const { holders, sending, viewed, peers, tainted, times } = segment;
    if (holders > 0 || sending > 0 || viewed) return undefined;
    // The counts of a tainted segment may never add up: the dead thread passed on what it had no time to report, or
    // reported what it had no time to pass on. It is not used again, so whoever has it keeps the memory by that.
    if (!tainted && peers?.inUse === true) return undefined;
    this.#segments.delete(id);
    if (!this.#isHome(id)) return { type: "giveBack", id, times };
    return { type: tainted ? "retire" : "recycle", id };
  }

  #isHome(id: SegmentId): boolean {
    return homeOf(id) === this.#self;
  }

  #of(id: SegmentId): Segment {
    const segment = this.#segments.get(id);
    if (segment === undefined) throw new Error(`segment ${id} is not known to ${this.#self}`);
    return segment;
  }
}

const nothing: Segment = {
  holders: 0,
  sending: 0,
  viewed: false,
  peers: undefined,
  reporters: undefined,
  times: 0,
  tainted: false,
};
