/**
 * A value as the store keeps it: encoded, immutable, with the refs that it mentions held alive as long as it lives.
 * Most are small and stay in the heap of their thread; large ones are in `large-value.ts`.
 */
import type { PeerId } from "../core/ids.ts";
import type { Encoded } from "../serialization/types.ts";
import type { ObjectEntry } from "./object-entry.ts";
import type { Part, Segment } from "./segment.ts";
import type { StoreUsage } from "./store-usage.ts";

/** Label of values that came in a message. */
export const RECEIVED = "a value from another thread";

const NOTHING: readonly never[] = Object.freeze([]);

/** What besides a value keeps its memory. */
export interface Holders {
  readonly views: number;
  readonly borrowers: ReadonlyMap<PeerId, number>;
}

export abstract class StoredValue {
  /** Where it came from, for messages: `put`, `args`, `return value of square`, ... */
  readonly label: string;
  /** The refs and handles that it mentions. */
  readonly tracked: readonly object[];

  constructor(label: string, tracked: readonly object[]) {
    this.label = label;
    this.tracked = tracked;
  }

  /** A value is what becomes of a task or a put that went well. */
  get ok(): true {
    return true;
  }

  /**
   * The whole value, in memory. Whoever reads it must keep this StoredValue alive meanwhile; what is decoded from it
   * keeps the memory by itself.
   *
   * @throws ObjectStoreFullError when there is no memory to bring it back from disk
   * @throws ObjectLostError when its spill file is missing or damaged, or it was given up
   */
  abstract get encoded(): Encoded;

  /** Bytes of the whole value, encoded. */
  abstract get sizeBytes(): number;

  /** Where its bytes are now. */
  abstract get where(): "inline" | "memory" | "spilled";

  /** The envelope, and the large parts; for the wire. */
  abstract get parts(): { readonly envelope: Uint8Array | Segment; readonly buffers: readonly Part[] };

  /** What besides it keeps its shared memory, when it has any. */
  get holders(): Holders | undefined {
    return undefined;
  }

  /** The object whose value this is, when it is a large one: small ones may be shared. */
  get entry(): ObjectEntry | undefined {
    return undefined;
  }

  /** It became the value of an object. */
  becomes(_entry: ObjectEntry): void {
    // Nothing depends on which.
  }

  /** This thread owns the value from now on: its bytes count until it is freed or collected. */
  own(_usage: StoreUsage): this {
    return this;
  }

  /** Gives the value up at once; memory that user code still looks at goes when it no longer does. */
  free(): void {
    // What is inline goes with the last reference.
  }
}

/** A value without shared memory: it is its own encoded form. */
export class InlineValue extends StoredValue implements Encoded {
  readonly bytes: Uint8Array;

  constructor(label: string, bytes: Uint8Array, tracked: readonly object[]) {
    super(label, tracked);
    this.bytes = bytes;
  }

  get buffers(): Encoded["buffers"] {
    return NOTHING;
  }

  get encoded(): Encoded {
    return this;
  }

  get sizeBytes(): number {
    return this.bytes.byteLength;
  }

  get where(): "inline" {
    return "inline";
  }

  get parts(): { readonly envelope: Uint8Array; readonly buffers: readonly Part[] } {
    return { envelope: this.bytes, buffers: NOTHING };
  }
}

/** The error of a task or a put: still encoded, or raised here. */
export class Failure {
  readonly error: StoredValue | Error;

  constructor(error: StoredValue | Error) {
    this.error = error;
  }

  get ok(): false {
    return false;
  }
}

/** What became of a task or a put. Thousands are kept at a time, so a value stands for itself. */
export type Outcome = StoredValue | Failure;
