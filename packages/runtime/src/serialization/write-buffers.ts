/**
 * ArrayBuffers and the views over them. A backing store is carried once however many views share it, and only as far
 * as something needs it:
 *
 * - when the ArrayBuffer itself is part of the value, the whole of it, and it comes out as an ArrayBuffer;
 * - when only views are, the span from the first byte that one of them covers to the last. A Buffer out of Node's
 *   pool thus never takes its neighbours along. Offsets of the views are relative to the span, which begins at a
 *   multiple of 8 so that elements stay aligned; bytes that no view covers in front are sent as zeros;
 * - of a resizable ArrayBuffer the whole, because a view may follow its length.
 *
 * A store of `OUT_OF_BAND_BYTES` or more is copied into shared memory. Views come out on that very memory; an
 * ArrayBuffer that is itself part of the value is copied out of it, because shared memory is another type.
 *
 * Views that came out of the object store are passed on with their memory, which nobody writes to. But a small part
 * must not keep the whole: a span of less than half of the memory is copied like that of an ArrayBuffer.
 */
import { types } from "node:util";
import { builtinGetter } from "./builtins.ts";
import { OUT_OF_BAND_BYTES } from "./limits.ts";
import { HIDDEN } from "./paths.ts";
import { Refused } from "./refused.ts";
import { isResizable, maxByteLengthOf } from "./resizable.ts";
import type { AllocateShared, IsOfStore } from "./types.ts";
import { Kind, type Node, StoreUse } from "./wire.ts";
import type { GraphWriter } from "./write-graph.ts";
import { header, pushProperties } from "./write-properties.ts";

const ALIGNMENT = 8;

/** The backing store of an ArrayBuffer in the graph, or memory of the object store. A value of its own in the graph. */
export class Store {
  readonly memory: ArrayBufferLike;
  // oxlint-disable-next-line no-unused-private-class-members -- the brand that is() looks for
  readonly #isStore = true;
  node: Node | undefined;
  use: number = StoreUse.underViews;
  start: number = Number.POSITIVE_INFINITY;
  end = 0;
  readonly views: { readonly node: Node; readonly at: number; readonly offset: number }[] = [];

  constructor(memory: ArrayBufferLike) {
    this.memory = memory;
  }

  /** As `instanceof`; see {@link ImportReference.is}. */
  static is(value: object): value is Store {
    return #isStore in value;
  }

  cover(offset: number, byteLength: number): void {
    this.start = Math.min(this.start, offset);
    this.end = Math.max(this.end, offset + byteLength);
  }
}

/** All stores and shared buffers of one graph. */
export class StoreTable {
  readonly isOfStore: IsOfStore;
  private readonly stores = new Map<ArrayBufferLike, Store>();
  private readonly shared: SharedArrayBuffer[] = [];
  /** Indices of memory that is shared as it is. */
  private readonly indices = new Map<SharedArrayBuffer, number>();

  constructor(isOfStore: IsOfStore = () => false) {
    this.isOfStore = isOfStore;
  }

  storeOf(memory: ArrayBufferLike): Store {
    let store = this.stores.get(memory);
    if (store === undefined) this.stores.set(memory, (store = new Store(memory)));
    return store;
  }

  /** Takes memory of the sender as it is. */
  addShared(memory: SharedArrayBuffer): number {
    const known = this.indices.get(memory);
    if (known !== undefined) return known;
    const index = this.shared.push(memory) - 1;
    this.indices.set(memory, index);
    return index;
  }

  /** Copies every store, now that all of its views are known. Returns the buffers out of band. */
  seal(allocate: AllocateShared): SharedArrayBuffer[] {
    for (const store of this.stores.values())
      if (store.node !== undefined) this.sealStore(store, store.node, allocate);
    return this.shared;
  }

  private sealStore(store: Store, node: Node, allocate: AllocateShared): void {
    const { memory: source } = store;
    if (types.isSharedArrayBuffer(source) && this.isPassedOn(store, source)) {
      node.push(source.byteLength, 0, this.addShared(source));
      return;
    }
    const first = Math.min(store.start, store.end);
    const base = first - (first % ALIGNMENT);
    const byteLength = store.end - base;
    const isLarge = byteLength >= OUT_OF_BAND_BYTES;
    const memory = isLarge ? allocate(byteLength) : new ArrayBuffer(byteLength);
    const bytes = new Uint8Array(memory, 0, byteLength);
    bytes.fill(0, 0, first - base);
    bytes.set(new Uint8Array(source, first, store.end - first), first - base);
    for (const { node: view, at, offset } of store.views) view[at] = offset - base;
    // TypeScript cannot tell the two kinds of memory apart after the choice above.
    node.push(
      byteLength,
      store.use === StoreUse.resizable ? maxByteLengthOf(source) : 0,
      isLarge ? this.shared.push(memory as SharedArrayBuffer) - 1 : bytes,
    );
  }

  /** Most of it is wanted, or it is part of the value itself. */
  private isPassedOn(store: Store, memory: SharedArrayBuffer): boolean {
    return 2 * (store.end - store.start) >= memory.byteLength || this.indices.has(memory);
  }
}

export function writeStore(store: Store): Node {
  return (store.node = [Kind.store, store.use]);
}

export function writeArrayBuffer(writer: GraphWriter, buffer: ArrayBuffer): Node {
  refuseDetached(buffer);
  const store = writer.stores.storeOf(buffer);
  useAs(store, isResizable(buffer) ? StoreUse.resizable : StoreUse.arrayBuffer);
  const node = header(writer, Kind.arrayBuffer, buffer, "ArrayBuffer");
  node.push(writer.reference(store, HIDDEN));
  return pushProperties(writer, node, buffer);
}

/** The whole of the memory is wanted, and as an ArrayBuffer. */
function useAs(store: Store, use: number): void {
  store.use = use;
  store.cover(0, store.memory.byteLength);
  if (store.node !== undefined) store.node[1] = use;
}

export function writeSharedBuffer(writer: GraphWriter, buffer: SharedArrayBuffer): Node {
  const node = header(writer, Kind.sharedBuffer, buffer, "SharedArrayBuffer");
  node.push(writer.stores.addShared(buffer));
  return pushProperties(writer, node, buffer);
}

export function writeView(writer: GraphWriter, view: ArrayBufferView): Node {
  refuseUnreadable(view);
  const name = Buffer.isBuffer(view) ? "Buffer" : viewName(view);
  const { buffer, byteOffset, byteLength } = view;
  const length = types.isTypedArray(view) ? view.length : byteLength;
  const node = header(writer, Kind.view, view, name);
  if (types.isSharedArrayBuffer(buffer) && !writer.stores.isOfStore(buffer)) {
    node.push(name, writer.reference(buffer, { text: ".buffer" }), byteOffset, length);
  } else {
    const store = writer.stores.storeOf(buffer);
    store.cover(byteOffset, byteLength);
    if (isResizable(buffer)) useAs(store, StoreUse.resizable);
    node.push(name, writer.reference(store, HIDDEN), byteOffset, length);
    store.views.push({ node, at: node.length - 2, offset: byteOffset });
  }
  return pushProperties(writer, node, view, (key) => isIndex(key, length));
}

const tagOf = builtinGetter(Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag);

/** The builtin class of a view, whatever its prototype. */
function viewName(view: ArrayBufferView): string {
  const tag = tagOf(view);
  return typeof tag === "string" ? tag : "DataView";
}

function isIndex(key: PropertyKey, length: number): boolean {
  return typeof key === "string" && Number(key) < length && String(Number(key)) === key;
}

const bufferOf = builtinGetter(DataView.prototype, "buffer");
const lengthOf = builtinGetter(DataView.prototype, "byteLength");

/** A view of nothing; a DataView throws when it is asked how long it is. */
function refuseUnreadable(view: ArrayBufferView): void {
  if (types.isTypedArray(view)) {
    if (!types.isSharedArrayBuffer(view.buffer)) refuseDetached(view.buffer);
    return;
  }
  const buffer = bufferOf(view) as ArrayBufferLike; // What the getter of all DataViews gives.
  if (!types.isSharedArrayBuffer(buffer)) refuseDetached(buffer);
  try {
    lengthOf(view);
  } catch {
    throw new Refused({
      what: "a DataView that begins or ends outside of its buffer, which has been made smaller",
      hint: "Make the buffer large enough again, or make a view of what is left of it.",
    });
  }
}

/** A detached buffer looks like an empty one. */
function refuseDetached(buffer: ArrayBuffer): void {
  if (buffer.byteLength > 0) return;
  if (isDetached(buffer))
    throw new Refused({
      what: "an ArrayBuffer that was transferred away",
      hint: "Send it before it is transferred, or send a copy.",
    });
}

function isDetached(buffer: ArrayBuffer): boolean {
  try {
    return new Uint8Array(buffer).byteLength > 0;
  } catch {
    return true;
  }
}
