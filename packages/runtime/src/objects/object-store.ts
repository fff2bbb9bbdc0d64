/**
 * The object store of one thread: which values it keeps, in which segments, and who can still see those. One
 * out-of-band buffer is one segment, a SharedArrayBuffer that belongs to the thread that allocated it and is used
 * again once nobody can reach it.
 *
 * A segment has two faces in each thread: the base, which only the store sees, and the view, on which values are
 * decoded. User code can derive what it wants from a view (`subarray`, `.buffer`); all of it keeps the view's
 * SharedArrayBuffer alive, so its collection says that no user code sees the memory any more.
 */
import { ObjectLostError, ObjectStoreFullError } from "../core/errors.ts";
import { homeOf, segmentIdOf, slotOf, type PeerId, type SegmentId } from "../core/ids.ts";
import { SegmentLedger, type SegmentEffect } from "../core/segment-ledger.ts";
import type { Encoded } from "../serialization/types.ts";
import type { Attachment } from "../transport/channel.ts";
import type { WireSegment } from "../transport/protocol.ts";
import { forgetDereferenced } from "./collect.ts";
import { Draft, type DraftHost } from "./draft.ts";
import { noRoomFor } from "./no-room.ts";
import { SegmentMemory } from "./segment-memory.ts";
import { Segment, type Part } from "./segment.ts";
import { SpillFileDamaged, type SpillFile } from "./spill-files.ts";
import type { StoreLink } from "./store-link.ts";
import type { StoreUsage } from "./store-usage.ts";
import { disown, LargeValue, segmentsOf, type Held } from "./large-value.ts";
import { InlineValue, RECEIVED, type Holders, type StoredValue } from "./stored-value.ts";

interface Watched {
  readonly segment: Segment;
  readonly view: WeakRef<SharedArrayBuffer>;
}

export class ObjectStore implements DraftHost {
  readonly memory: SegmentMemory;
  readonly usage: StoreUsage;
  readonly #link: StoreLink;
  readonly #ledger: SegmentLedger;
  readonly #segments = new Map<SegmentId, Segment>();
  readonly #byView = new WeakMap<SharedArrayBuffer, Segment>();
  readonly #values = new Map<Held, WeakRef<LargeValue>>();
  /** Collections that nobody forced are noticed through these, some turns later. */
  readonly #deadValues = new FinalizationRegistry<Held>((held) => this.release(held));
  readonly #deadViews = new FinalizationRegistry<Watched>((watched) => this.#closeView(watched));
  /** Whether it is the memory of a view, which user code may pass on. */
  readonly isOfStore = (memory: SharedArrayBuffer): boolean => this.#byView.has(memory);
  #count = 0;
  #closed = false;

  constructor(link: StoreLink) {
    this.#link = link;
    this.usage = link.usage;
    this.#ledger = new SegmentLedger(link.peerId);
    this.memory = new SegmentMemory(link.usage, {
      sweep: () => this.#sweep(),
      mayMove: (segment) => segment.isPrimary && this.#ledger.isQuiet(segment.id),
      moved: (segment, file) => this.#moved(segment, file),
      askOthers: () => this.#askOthers(),
    });
  }

  /** Memory for one value that is about to be encoded. */
  draft(label: string): Draft {
    return new Draft(this, label);
  }

  /** Keeps what was encoded into the draft's memory. */
  keep(label: string, encoded: Encoded, draft: Draft | undefined): StoredValue {
    const { bytes, buffers, tracked } = encoded;
    if (draft === undefined && buffers.length === 0) return new InlineValue(label, bytes, tracked);
    const envelope = draft?.segmentOn(bytes.buffer);
    const parts = buffers.map((buffer) => {
      const made = draft?.segmentOn(buffer);
      if (made !== undefined) return made;
      const seen = this.#byView.get(buffer); // user code passes on a view that it was given
      if (seen !== undefined) this.#ledger.hold(seen.id);
      return seen ?? buffer;
    });
    return this.#keep(label, { bytes: envelope === undefined ? bytes : NOTHING, tracked }, envelope, parts);
  }

  /** What to send so that the receiver has the part as well. Never fails: what is lost is lost there too. */
  send(part: Part, to: PeerId, attachments: Attachment[]): number | WireSegment {
    return part instanceof Segment ? this.sendSegment(part, to, attachments) : attachments.push(part) - 1;
  }

  sendSegment(part: Segment, to: PeerId, attachments: Attachment[]): WireSegment {
    const { byteLength } = part;
    if (part.base === undefined) this.#tryRestore(part, false);
    if (part.base !== undefined) return this.#lend(part, part.base, to, attachments);
    if (part.file === undefined || part.lost !== undefined)
      return ["x", part.lost ?? "its memory was given up", byteLength];
    const { path } = part.file;
    try {
      return ["f", this.memory.files.handOver(part.file, slotOf(to)), byteLength];
    } catch (error) {
      this.#tryRestore(part, "own"); // a full disk may not even take another name
      if (part.base !== undefined) return this.#lend(part, part.base, to, attachments);
      return [
        "x",
        part.lost ?? `its spill file ${path} could not be handed over: ${String(error)}`,
        byteLength,
      ];
    }
  }

  /** The inverse of `send`, for all parts of one value. */
  receive(
    encoded: { readonly bytes: Uint8Array | WireSegment; readonly tracked: readonly object[] },
    parts: readonly (number | WireSegment)[],
    attachments: readonly Attachment[],
  ): StoredValue {
    const { bytes, tracked } = encoded;
    if (bytes instanceof Uint8Array && parts.length === 0) {
      return new InlineValue(RECEIVED, bytes, tracked);
    }
    const received = parts.map((part) =>
      typeof part === "number" ? sharedAt(attachments, part) : this.#receive(part, attachments),
    );
    if (bytes instanceof Uint8Array) return this.#keep(RECEIVED, { bytes, tracked }, undefined, received);
    const envelope = this.#receive(bytes, attachments);
    return this.#keep(RECEIVED, { bytes: NOTHING, tracked }, envelope, received);
  }

  /**
   * All parts in memory, on views that keep it there.
   *
   * @throws ObjectStoreFullError; ObjectLostError
   */
  open(
    held: Held,
    name: string,
  ): { readonly bytes: Uint8Array | undefined; readonly buffers: readonly SharedArrayBuffer[] } {
    // Each view is open before the next part needs memory, which therefore cannot take that of the first.
    const { envelope } = held;
    const whose = held.account === undefined ? "from others" : "own";
    const viewOf = (segment: Segment): SharedArrayBuffer => this.#view(segment, name, whose);
    const bytes =
      envelope === undefined ? undefined : new Uint8Array(viewOf(envelope), 0, envelope.byteLength);
    const buffers = held.buffers.map((part) => (part instanceof Segment ? viewOf(part) : part));
    return { bytes, buffers };
  }

  /** The value is garbage, or was given up. */
  release(held: Held, value?: LargeValue): void {
    if (held.released) return;
    held.released = true;
    if (value !== undefined) this.#deadValues.unregister(value);
    this.#values.delete(held);
    held.account?.add(-disown(held));
    for (const segment of segmentsOf(held)) this.drop(segment);
  }

  create(byteLength: number, base: SharedArrayBuffer | undefined): Segment {
    const segment = new Segment(this.#newId(), byteLength, base);
    segment.isPrimary = true;
    segment.period = this.memory.period;
    this.#segments.set(segment.id, segment);
    this.#ledger.create(segment.id);
    return segment;
  }

  drop(segment: Segment): void {
    if (!this.#closed) this.#apply(this.#ledger.drop(segment.id));
  }

  /** News from a borrower. */
  counted(id: SegmentId, from: PeerId, peer: PeerId, times: number): void {
    if (!this.#link.isDead(peer)) this.#apply(this.#ledger.counted(id, from, peer, times));
    else if (times > 0) this.#apply(this.#ledger.countedForDead(id));
  }

  peerDied(peer: PeerId): void {
    for (const effect of this.#ledger.peerDied(peer)) this.#apply(effect);
  }

  /** The large values that this thread keeps now. */
  values(): LargeValue[] {
    const alive: LargeValue[] = [];
    for (const value of this.#values.values()) {
      const known = value.deref();
      if (known !== undefined) alive.push(known);
    }
    return alive;
  }

  /** What keeps a value's memory besides the value itself. */
  holdersOf(held: Held): Holders {
    const borrowers = new Map<PeerId, number>();
    let views = 0;
    for (const { id, view } of segmentsOf(held)) {
      if (view !== undefined) views++;
      for (const [peer, times] of this.#ledger.borrowers(id)) {
        borrowers.set(peer, Math.max(times, borrowers.get(peer) ?? 0));
      }
    }
    return { views, borrowers };
  }

  /** The session is over. Memory that is still seen stays as it is until it is garbage. */
  close(): void {
    this.#closed = true;
    this.#segments.clear();
    this.#values.clear();
  }

  #newId(): SegmentId {
    return segmentIdOf(this.#count++, this.#link.peerId);
  }

  #keep(
    label: string,
    small: { readonly bytes: Uint8Array; readonly tracked: readonly object[] },
    envelope: Segment | undefined,
    buffers: readonly Part[],
  ): LargeValue {
    const held: Held = { envelope, buffers, account: undefined, released: false };
    const value = new LargeValue(label, small, this, held);
    this.#values.set(held, new WeakRef(value));
    this.#deadValues.register(value, held, value);
    return value;
  }

  #receive(wire: WireSegment, attachments: readonly Attachment[]): Segment {
    if (wire[0] === "x") {
      const segment = this.create(wire[2], undefined);
      segment.lost = wire[1];
      return segment;
    }
    if (wire[0] === "f") {
      const segment = this.create(wire[2], undefined);
      segment.file = this.memory.files.takeOver(wire[1], wire[2]);
      this.memory.handedOut(wire[2]);
      return segment;
    }
    const [, id, byteLength, attachment, from] = wire;
    const base = sharedAt(attachments, attachment);
    const self = this.#link.peerId;
    const isOurs = homeOf(id) === self;
    if (!isOurs && from !== self) this.#ledger.receive(id);
    else if (!this.#ledger.has(id)) return this.#createShared(byteLength, base);
    this.#ledger.hold(id);
    if (from === self) this.#apply(this.#ledger.arrived(id));
    let segment = this.#segments.get(id);
    if (segment === undefined) {
      segment = new Segment(id, byteLength, base);
      this.#segments.set(id, segment);
      if (this.#link.isDead(homeOf(id))) this.#apply({ type: "orphan", id });
    }
    this.memory.touch(segment);
    if (!isOurs) this.memory.handedOut(base.byteLength);
    return segment;
  }

  /** A segment of ours comes home that a dead thread had passed on: others may have it, nobody knows who. */
  #createShared(byteLength: number, base: SharedArrayBuffer): Segment {
    const segment = new Segment(this.#newId(), byteLength, base);
    this.#segments.set(segment.id, segment);
    this.#ledger.createShared(segment.id);
    this.usage.addResident(base.byteLength);
    return segment;
  }

  #view(segment: Segment, name: string, whose: "own" | "from others"): SharedArrayBuffer {
    const known = segment.view?.deref();
    if (known !== undefined) return known;
    const base = segment.base ?? this.#restore(segment, name, whose);
    this.memory.touch(segment);
    const view = structuredClone(base); // another object, the same memory
    const watched = { segment, view: new WeakRef(view) };
    segment.view = watched.view;
    this.#byView.set(view, segment);
    this.#deadViews.register(view, watched);
    this.#ledger.openView(segment.id);
    return view;
  }

  #closeView({ segment, view }: Watched): void {
    if (segment.view !== view || this.#closed) return; // another was opened since
    segment.view = undefined;
    this.#apply(this.#ledger.closeView(segment.id));
  }

  #restore(segment: Segment, name: string, whose: "own" | "from others"): SharedArrayBuffer {
    const { file } = segment;
    if (file !== undefined && segment.lost === undefined) this.#bringBack(segment, file, name, whose);
    if (segment.base !== undefined) return segment.base;
    throw new ObjectLostError(
      `object ${name} is lost: ${segment.lost ?? "its memory was given up"}; make it again (run its task, or put it)`,
      { fields: { objectId: name, path: file?.path } },
    );
  }

  #bringBack(segment: Segment, file: SpillFile, name: string, whose: "own" | "from others"): void {
    let refusal: ObjectStoreFullError | undefined;
    try {
      if (this.memory.restore(segment, file, whose)) return;
    } catch (error) {
      if (error instanceof SpillFileDamaged) {
        segment.lost = error.message;
        return;
      }
      if (!(error instanceof ObjectStoreFullError)) throw error;
      refusal = error;
    }
    throw noRoomFor(name, segment.byteLength, this.usage, refusal);
  }

  /** Sending from memory lets the receiver share it. But nobody else has to make room for that, unless it is `eager`. */
  #tryRestore(segment: Segment, eager: "own" | false): void {
    if (segment.file === undefined || segment.lost !== undefined) return;
    try {
      this.memory.restore(segment, segment.file, eager);
    } catch (error) {
      if (error instanceof SpillFileDamaged) segment.lost = error.message;
    }
  }

  #lend(segment: Segment, base: SharedArrayBuffer, to: PeerId, attachments: Attachment[]): WireSegment {
    if (!this.#link.isDead(to)) this.#apply(this.#ledger.lend(segment.id, to));
    this.memory.touch(segment);
    return ["m", segment.id, segment.byteLength, attachments.push(base) - 1, this.#link.peerId];
  }

  #moved(segment: Segment, file: SpillFile): void {
    const { id, base } = segment;
    segment.base = undefined;
    segment.file = file;
    if (homeOf(id) === this.#link.peerId) {
      if (base !== undefined) this.memory.free(base);
      return;
    }
    segment.id = this.#newId();
    this.#segments.set(segment.id, segment);
    const effect = this.#ledger.move(id, segment.id);
    const left = new Segment(id, segment.byteLength, base); // stands for what is given back
    left.isOrphan = segment.isOrphan;
    segment.isOrphan = false;
    this.#segments.set(id, left);
    this.#apply(effect);
  }

  #apply(effect: SegmentEffect | undefined): void {
    if (effect === undefined) return;
    const { id, type } = effect;
    if (type === "report") return this.#link.count(id, effect.to, 1);
    const segment = this.#segments.get(id);
    if (segment === undefined) return;
    const { base, file } = segment;
    if (type === "orphan") {
      segment.isOrphan = true;
      this.usage.addResident(base?.byteLength ?? 0);
      return;
    }
    this.#segments.delete(id);
    this.memory.forget(segment);
    if (file !== undefined) this.memory.files.remove(file);
    if (type === "recycle" && base !== undefined) this.memory.free(base, segment.period);
    else if (base !== undefined && (type === "retire" || segment.isOrphan))
      this.usage.addResident(-base.byteLength);
    if (type === "giveBack") this.#link.count(id, this.#link.peerId, -effect.times);
  }

  #sweep(): void {
    for (const [held, value] of this.#values) if (value.deref() === undefined) this.release(held);
    for (const segment of this.#segments.values()) {
      const { view } = segment;
      if (view !== undefined && view.deref() === undefined) this.#closeView({ segment, view });
    }
    this.#link.sweepRefs();
    forgetDereferenced(); // or the next sweep of this turn would find them alive
  }

  /** Threads whose memory this one has, and those that have memory of this one or refs to its objects. */
  #askOthers(): void {
    const peers = new Set<PeerId>(this.#link.refHolders());
    for (const id of this.#segments.keys()) {
      peers.add(homeOf(id));
      for (const [peer] of this.#ledger.borrowers(id)) peers.add(peer);
    }
    peers.delete(this.#link.peerId);
    for (const peer of peers) this.#link.press(peer);
  }
}

const NOTHING = new Uint8Array(0);

function sharedAt(attachments: readonly Attachment[], index: number): SharedArrayBuffer {
  const buffer = attachments[index];
  if (!(buffer instanceof SharedArrayBuffer)) throw new Error(`message lacks attachment ${index}`);
  return buffer;
}
