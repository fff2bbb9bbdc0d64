/**
 * A value as the store keeps it: encoded, immutable, with the refs that it mentions held alive as long as it lives.
 * Most are small and stay in the heap of their thread; large ones are in `large-value.ts`.
 *
 * Each call makes some, so neither kind is derived from a common class: constructors of derived classes are slow.
 */
import { ObjectRef } from "../api/object-ref.ts";
import type { PeerId } from "../core/ids.ts";
import { NOTHING } from "../core/nothing.ts";
import type { Encoded } from "../serialization/types.ts";
import type { ObjectEntry } from "./object-entry.ts";
import type { Part, Segment } from "./segment.ts";
import type { StoreUsage } from "./store-usage.ts";

/** Label of values that came in a message. */
export const RECEIVED = "a value from another thread";

/** What besides a value keeps its memory. */
export interface Holders {
  readonly views: number;
  readonly borrowers: ReadonlyMap<PeerId, number>;
}

export interface StoredValue {
  /** A value is what becomes of a task or a put that went well. */
  readonly ok: true;
  /** Where it came from, for messages: `put`, `args`, `return value of square`, ... */
  readonly label: string;
  /** The refs and handles that it mentions. */
  readonly tracked: readonly object[];
  /**
   * The whole value, in memory. Whoever reads it must keep this StoredValue alive meanwhile; what is decoded from it
   * keeps the memory by itself.
   *
   * @throws ObjectStoreFullError when there is no memory to bring it back from disk
   * @throws ObjectLostError when its spill file is missing or damaged, or it was given up
   */
  readonly encoded: Encoded;
  /** Bytes of the whole value, encoded. */
  readonly sizeBytes: number;
  /** Where its bytes are now. */
  readonly where: "inline" | "memory" | "spilled";
  /** The envelope, and the large parts; for the wire. */
  readonly parts: { readonly envelope: Uint8Array | Segment; readonly buffers: readonly Part[] };
  /** What besides it keeps its shared memory, when it has any. */
  readonly holders: Holders | undefined;
  /** It became the value of an object. */
  becomes(entry: ObjectEntry): void;
  /** This thread owns the value from now on: its bytes count until it is freed or collected. */
  own(usage: StoreUsage): this;
  /**
   * Gives the value up at once, and the refs that it holds; memory that user code still looks at goes when it no longer
   * does.
   */
  free(): void;
}

/** Gives up the refs of a value that is given up: they are its own, user code has others. */
export function freeRefs(tracked: readonly object[]): void {
  for (const item of tracked) if (ObjectRef.isRef(item)) item[Symbol.dispose]();
}

/** A value without shared memory: it is its own encoded form, and may be the value of many objects. */
export class InlineValue implements StoredValue, Encoded {
  readonly label: string;
  readonly bytes: Uint8Array;
  readonly tracked: readonly object[];

  constructor(label: string, bytes: Uint8Array, tracked: readonly object[]) {
    this.label = label;
    this.bytes = bytes;
    this.tracked = tracked;
  }

  get ok(): true {
    return true;
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

  get holders(): undefined {
    return undefined;
  }

  becomes(): void {
    // It does not ask which.
  }

  own(): this {
    return this; // the heap has no account
  }

  free(): void {
    if (this.tracked.length > 0) freeRefs(this.tracked); // the rest goes with the last reference
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
