/**
 * A value as the store keeps it: encoded, immutable, with the refs that it mentions held alive as long as it lives.
 * Its large buffers are segments of the store, which may be in memory or on disk; reading `encoded` brings them back.
 */
import { ObjectLostError } from "../core/errors.ts";
import type { Encoded } from "../serialization/types.ts";
import type { ObjectEntry } from "./object-entry.ts";
import type { ObjectStore } from "./object-store.ts";
import { Segment, type Part } from "./segment.ts";
import type { StoreUsage } from "./store-usage.ts";

/** The large parts of one stored value. Outlives the value, so that the store can free them when it is garbage. */
export interface Held {
  readonly envelope: Segment | undefined;
  readonly buffers: readonly Part[];
  /** On whose account the bytes are. */
  account: StoreUsage | undefined;
  released: boolean;
}

/** Label of values that came in a message. */
export const RECEIVED = "a value from another thread";

export class StoredValue {
  /** Where it came from, for messages: `put`, `args`, `return value of square`, ... */
  readonly label: string;
  /** Bytes in shared memory. */
  readonly sharedBytes: number;
  /** The object whose value this is, when it is one. */
  entry: ObjectEntry | undefined;
  readonly #small: Encoded;
  readonly #large: { readonly store: ObjectStore; readonly held: Held } | undefined;
  #opened: WeakRef<Encoded> | undefined;

  /** @internal Made by `ObjectStore.keep`. Large parts of `small` are empty. */
  constructor(label: string, small: Encoded, large?: { readonly store: ObjectStore; readonly held: Held }) {
    this.label = label;
    this.#small = small;
    this.#large = large;
    this.sharedBytes = large === undefined ? 0 : sizeOf(large.held);
  }

  /**
   * The whole value, in memory. Whoever reads it must keep this StoredValue alive meanwhile; what is decoded from it
   * keeps the memory by itself.
   *
   * @throws ObjectStoreFullError when there is no memory to bring it back from disk
   * @throws ObjectLostError when its spill file is missing or damaged, or it was given up
   */
  get encoded(): Encoded {
    if (this.#large === undefined) return this.#small;
    const opened = this.#opened?.deref();
    if (opened !== undefined) return opened;
    const { store, held } = this.#large;
    const name = this.entry?.id ?? this.label;
    if (held.released) {
      throw new ObjectLostError(
        `object ${name} was given up (\`using\`, ref[Symbol.dispose]()) and is asked for afterwards`,
        { fields: { objectId: name } },
      );
    }
    const { bytes, buffers } = store.open(held, name);
    const encoded = { bytes: bytes ?? this.#small.bytes, buffers, tracked: this.#small.tracked };
    this.#opened = new WeakRef(encoded);
    return encoded;
  }

  /** The refs and handles that it mentions. */
  get tracked(): readonly object[] {
    return this.#small.tracked;
  }

  /** Bytes of the whole value, encoded. */
  get sizeBytes(): number {
    return this.sharedBytes + this.#small.bytes.byteLength;
  }

  /** Where its bytes are now. */
  get where(): "inline" | "memory" | "spilled" {
    if (this.#large === undefined) return "inline";
    for (const segment of segmentsOf(this.#large.held)) if (segment.base === undefined) return "spilled";
    return "memory";
  }

  /** What besides it keeps its memory. */
  get holders(): ReturnType<ObjectStore["holdersOf"]> | undefined {
    return this.#large?.store.holdersOf(this.#large.held);
  }

  /** The envelope when it is small, and the large parts; for the wire. */
  get parts(): { readonly envelope: Uint8Array | Segment; readonly buffers: readonly Part[] } {
    const held = this.#large?.held;
    return { envelope: held?.envelope ?? this.#small.bytes, buffers: held?.buffers ?? [] };
  }

  /** This thread owns the value from now on: its bytes count until it is freed or collected. */
  own(usage: StoreUsage): this {
    const held = this.#large?.held;
    if (held === undefined || held.account !== undefined || held.released) return this;
    held.account = usage;
    usage.add(this.sharedBytes);
    for (const part of segmentsOf(held)) part.isPrimary = true;
    return this;
  }

  /** Gives the value up at once; memory that user code still looks at goes when it no longer does. */
  free(): void {
    if (this.#large !== undefined) this.#large.store.release(this.#large.held, this);
  }
}

export function* segmentsOf(held: Held): Iterable<Segment> {
  if (held.envelope !== undefined) yield held.envelope;
  for (const part of held.buffers) if (part instanceof Segment) yield part;
}

export function sizeOf(held: Held): number {
  return held.buffers.reduce((sum, part) => sum + part.byteLength, held.envelope?.byteLength ?? 0);
}

/** What became of a task or a put: the value, or the error (still encoded, or raised here). */
export type Outcome =
  | { readonly ok: true; readonly value: StoredValue }
  | { readonly ok: false; readonly error: StoredValue | Error };
