/** A value whose large buffers are segments of the store, in memory or on disk; reading `encoded` brings them back. */
import { ObjectLostError } from "../core/errors.ts";
import type { Encoded } from "../serialization/types.ts";
import type { ObjectEntry } from "./object-entry.ts";
import type { ObjectStore } from "./object-store.ts";
import { Segment, type Part } from "./segment.ts";
import type { StoreUsage } from "./store-usage.ts";
import { freeRefs, type Holders, type StoredValue } from "./stored-value.ts";

/** The large parts of one stored value. Outlives the value, so that the store can free them when it is garbage. */
export interface Held {
  readonly envelope: Segment | undefined;
  readonly buffers: readonly Part[];
  /** On whose account the bytes are. */
  account: StoreUsage | undefined;
  released: boolean;
}

export class LargeValue implements StoredValue {
  readonly label: string;
  readonly tracked: readonly object[];
  readonly #bytes: Uint8Array;
  readonly #store: ObjectStore;
  readonly #held: Held;
  /** Bytes in shared memory. */
  readonly #sharedBytes: number;
  #entry: ObjectEntry | undefined;
  #opened: WeakRef<Encoded> | undefined;

  /** @param bytes the envelope, when it is small; empty otherwise */
  constructor(
    label: string,
    { bytes, tracked }: Pick<Encoded, "bytes" | "tracked">,
    store: ObjectStore,
    held: Held,
  ) {
    this.label = label;
    this.tracked = tracked;
    this.#bytes = bytes;
    this.#store = store;
    this.#held = held;
    this.#sharedBytes = sizeOf(held);
  }

  get ok(): true {
    return true;
  }

  get encoded(): Encoded {
    const opened = this.#opened?.deref();
    if (opened !== undefined) return opened;
    const held = this.#held;
    const name = this.#entry?.id ?? this.label;
    if (held.released) {
      throw new ObjectLostError(
        `object ${name} was given up (\`using\`, ref[Symbol.dispose]()) and is asked for afterwards`,
        { fields: { objectId: name } },
      );
    }
    const { bytes, buffers } = this.#store.open(held, name);
    const encoded = { bytes: bytes ?? this.#bytes, buffers, tracked: this.tracked };
    this.#opened = new WeakRef(encoded);
    return encoded;
  }

  get sizeBytes(): number {
    return this.#sharedBytes + this.#bytes.byteLength;
  }

  get where(): "memory" | "spilled" {
    for (const segment of segmentsOf(this.#held)) if (segment.base === undefined) return "spilled";
    return "memory";
  }

  get holders(): Holders {
    return this.#store.holdersOf(this.#held);
  }

  get parts(): { readonly envelope: Uint8Array | Segment; readonly buffers: readonly Part[] } {
    const { envelope, buffers } = this.#held;
    return { envelope: envelope ?? this.#bytes, buffers };
  }

  /** The object whose value this is. */
  get entry(): ObjectEntry | undefined {
    return this.#entry;
  }

  becomes(entry: ObjectEntry): void {
    this.#entry ??= entry;
  }

  own(usage: StoreUsage): this {
    const held = this.#held;
    if (held.account !== undefined || held.released) return this;
    held.account = usage;
    usage.add(own(held));
    return this;
  }

  free(): void {
    this.#store.release(this.#held, this);
    freeRefs(this.tracked);
  }
}

export function* segmentsOf(held: Held): Iterable<Segment> {
  if (held.envelope !== undefined) yield held.envelope;
  for (const part of held.buffers) if (part instanceof Segment) yield part;
}

function sizeOf(held: Held): number {
  return held.buffers.reduce((sum, part) => sum + part.byteLength, held.envelope?.byteLength ?? 0);
}

/** Returns the bytes that were not counted before: values may have segments in common. */
function own(held: Held): number {
  let counted = sizeOf(held);
  for (const segment of segmentsOf(held)) {
    segment.isPrimary = true;
    if (segment.owners++ > 0) counted -= segment.byteLength;
  }
  return counted;
}

/** The inverse: returns the bytes that no owned value has any more. */
export function disown(held: Held): number {
  let counted = sizeOf(held);
  for (const segment of segmentsOf(held)) {
    if (--segment.owners > 0) counted -= segment.byteLength;
  }
  return counted;
}
