/** Out-of-band bytes of a stored value as one thread has them: in shared memory, in a spill file, or lost. */
import type { SegmentId } from "../core/ids.ts";
import type { SpillFile } from "./spill-files.ts";

export class Segment {
  /** Changes when this thread moves the bytes into a segment of its own. */
  id: SegmentId;
  /** What was put; the memory may be longer. */
  readonly byteLength: number;
  /** The memory; never seen by user code, which gets {@link view}. */
  base: SharedArrayBuffer | undefined;
  /** Kept while the segment lives, so that moving it out of memory again costs nothing. */
  file: SpillFile | undefined;
  /** Why the bytes cannot be had any more. */
  lost: string | undefined;
  /** The second face of the same memory, on which values are decoded. Dead: no user code can see it. */
  view: WeakRef<SharedArrayBuffer> | undefined;
  /** Between which collections its memory was handed out, see `SegmentMemory.period`. */
  period: number | undefined;
  /** The thread is responsible for the bytes: it allocated them, or owns the object. */
  isPrimary = false;
  /** Values that this thread owns and that have it: its bytes count once. */
  owners = 0;
  /** Its home has ended, so this thread counts the memory. */
  isOrphan = false;

  constructor(id: SegmentId, byteLength: number, base: SharedArrayBuffer | undefined) {
    this.id = id;
    this.byteLength = byteLength;
    this.base = base;
  }
}

/** A large buffer of a value: a segment of the store, or memory of the user's own that is shared as it is. */
export type Part = Segment | SharedArrayBuffer;
