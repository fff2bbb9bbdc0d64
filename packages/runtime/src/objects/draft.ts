/**
 * Memory for one value while it is encoded. Either all of it becomes a stored value (`finish`), or none (`abandon`).
 * What finds no memory within the budget is encoded into memory beside it and goes to disk at once.
 */
import { ObjectStoreFullError } from "../core/errors.ts";
import type { SegmentMemory } from "./segment-memory.ts";
import type { Segment } from "./segment.ts";
import { capacityFor } from "./size-classes.ts";
import type { StoreUsage } from "./store-usage.ts";

export interface DraftHost {
  readonly memory: SegmentMemory;
  readonly usage: StoreUsage;
  /** A new segment with one holder. */
  create(byteLength: number, base: SharedArrayBuffer | undefined): Segment;
  drop(segment: Segment): void;
}

export class Draft {
  readonly #host: DraftHost;
  readonly #label: string;
  readonly #made = new Map<ArrayBufferLike, Segment>();
  #bytes = 0;

  constructor(host: DraftHost, label: string) {
    this.#host = host;
    this.#label = label;
  }

  /** @throws ObjectStoreFullError when the value can never be in memory as a whole, or the machine has no memory */
  allocate(byteLength: number): SharedArrayBuffer {
    const { memory, usage } = this.#host;
    const { limitBytes } = usage.handle;
    const capacity = capacityFor(byteLength);
    this.#bytes += capacity;
    if (this.#bytes > limitBytes) {
      throw new ObjectStoreFullError(
        `${this.#label}: takes at least ${this.#bytes} bytes, more than the whole object store (${limitBytes} bytes); ` +
          "split it, or raise init({ objectStoreMemory })",
        { fields: { requestedBytes: this.#bytes, usedBytes: usage.residentBytes, limitBytes } },
      );
    }
    const base = memory.allocate(capacity);
    const memoryToFill = base ?? scratch(this.#label, byteLength);
    this.#made.set(memoryToFill, this.#host.create(byteLength, base));
    return memoryToFill;
  }

  /** The segment that `allocate` made with this memory. */
  segmentOn(memory: ArrayBufferLike): Segment | undefined {
    return this.#made.get(memory);
  }

  /** Everything is written. @throws ObjectStoreFullError when the disk does not take what has to go there */
  finish(): void {
    const { memory } = this.#host;
    for (const [filled, segment] of this.#made) {
      if (segment.base === undefined)
        segment.file = memory.files.write(new Uint8Array(filled, 0, segment.byteLength));
      else memory.touch(segment);
    }
  }

  abandon(): void {
    for (const segment of this.#made.values()) this.#host.drop(segment);
    this.#made.clear();
  }
}

function scratch(label: string, byteLength: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(byteLength);
  } catch (cause) {
    const message = `${label}: the machine has no memory for ${byteLength} bytes; drop refs that are no longer needed`;
    throw new ObjectStoreFullError(message, { cause, fields: { requestedBytes: byteLength } });
  }
}
