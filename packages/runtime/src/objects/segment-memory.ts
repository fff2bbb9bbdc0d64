/**
 * Memory for segments within the session's budget: the thread's pool first, then fresh memory, then whatever can be
 * made free. In this order, because reusing memory is fast, touching fresh memory is slow, and disks are slower.
 */
import { now } from "../core/clock.ts";
import { collect } from "./collect.ts";
import { SegmentPool } from "./segment-pool.ts";
import type { Segment } from "./segment.ts";
import { capacityFor } from "./size-classes.ts";
import { SpillFiles, type SpillFile } from "./spill-files.ts";
import type { StoreUsage } from "./store-usage.ts";

/** A collection comes after as many bytes, or more when it takes long: a large heap, a busy machine. */
const COLLECT_EVERY_BYTES = 512 * 1024 * 1024;
const COLLECT_EVERY_MAX_BYTES = 4 * COLLECT_EVERY_BYTES;
/** It takes long when it takes longer than copying the bytes, at 12 GB/s. */
const BYTES_PER_COLLECTING_MS = 12_000_000;
const GROWTH = 1.25;

/** What the store knows and this room does not. */
export interface MemoryUser {
  /** Finds out which values and views are garbage, right after a collection, and frees what they had. */
  sweep(): void;
  /** Nobody but this thread's stored values has the segment, and they must not lose it. */
  mayMove(segment: Segment): boolean;
  /** The bytes are in the file as well now: gives up the memory. */
  moved(segment: Segment, file: SpillFile): void;
  /** There is not enough memory: asks other threads for what they do not need. */
  askOthers(): void;
}

export class SegmentMemory {
  readonly files: SpillFiles;
  readonly #usage: StoreUsage;
  readonly #user: MemoryUser;
  readonly #pool: SegmentPool;
  readonly #limit: number;
  readonly #collectEveryMax: number;
  #collectEvery: number;
  /** Segments in memory that could be moved out of it, the least recently used first. */
  readonly #recency = new Set<Segment>();
  /** Bytes handed out since the last collection and not taken back; what of them is garbage by now is unknown. */
  #handedOut = 0;
  #period = 0;
  #seenPressure: bigint;
  #sinceAlarm = Infinity;

  constructor(usage: StoreUsage, user: MemoryUser) {
    const { limitBytes } = usage.handle;
    this.#usage = usage;
    this.#user = user;
    this.#limit = limitBytes;
    this.#collectEvery = Math.min(COLLECT_EVERY_BYTES, limitBytes / 4);
    this.#collectEveryMax = Math.min(COLLECT_EVERY_MAX_BYTES, limitBytes / 4);
    this.#pool = new SegmentPool(2 * this.#collectEveryMax);
    this.files = new SpillFiles(usage);
    this.#seenPressure = usage.pressure;
  }

  /**
   * Memory of this capacity, with anything in it; undefined when all of the budget is in use.
   *
   * @throws ObjectStoreFullError when others could make room but the disk does not take them
   */
  allocate(capacity: number): SharedArrayBuffer | undefined {
    const pooled = this.#pool.take(capacity);
    this.handedOut(capacity);
    return pooled ?? this.#pool.take(capacity) ?? this.#fresh(capacity) ?? this.#makeRoom(capacity);
  }

  /** Counts collections. */
  get period(): number {
    return this.#period;
  }

  /** Takes memory back that nobody can reach. @param period when it was handed out */
  free(base: SharedArrayBuffer, period?: number): void {
    if (period === this.#period) this.#handedOut = Math.max(0, this.#handedOut - base.byteLength);
    this.#dropped(this.#pool.give(base));
  }

  /** Values with as many bytes came into this thread, and may become garbage unnoticed. */
  handedOut(bytes: number): void {
    this.#handedOut += bytes;
    if (this.#usage.pressure !== this.#seenPressure) this.relieve();
    else if (this.#handedOut > this.#collectEvery) this.#collectInTime();
  }

  collect(): void {
    this.#handedOut = 0;
    this.#period++;
    if (collect()) this.#user.sweep();
  }

  #collectInTime(): void {
    const bytes = this.#handedOut;
    const start = now();
    this.collect();
    if ((now() - start) * BYTES_PER_COLLECTING_MS <= bytes) return;
    this.#collectEvery = Math.min(this.#collectEvery * GROWTH, this.#collectEveryMax);
  }

  /** Another thread has no memory left: lets go of all that is not needed here. */
  relieve(): void {
    this.#seenPressure = this.#usage.pressure;
    if (this.#handedOut > 0) this.collect();
    this.#dropped(this.#pool.trim(Infinity));
    if (this.#usage.residentBytes <= this.#limit) return;
    try {
      this.#moveOut(() => this.#fitsAgain() || undefined);
    } catch {
      // The disk does not take more. Nothing is lost here, and the thread that needs memory says what is wrong.
    }
  }

  /** Used now: moved out of memory last. */
  touch(segment: Segment): void {
    this.#recency.delete(segment);
    this.#recency.add(segment);
  }

  forget(segment: Segment): void {
    this.#recency.delete(segment);
  }

  /**
   * Brings the bytes back from the segment's file. Returns false when there is no memory for them. With `eager`, others
   * make room first; and what other threads take beyond their share does not count, they are asked to give it up. It
   * may be in any case for what others sent, such as the arguments of a task that is to run: the thread cannot make
   * room by itself while others have its memory.
   *
   * @throws SpillFileDamaged; ObjectStoreFullError as `allocate`
   */
  restore(segment: Segment, file: SpillFile, eager: "own" | "from others" | false): boolean {
    const capacity = capacityFor(segment.byteLength);
    let base: SharedArrayBuffer | undefined;
    let isDiskFull = false;
    if (eager) {
      try {
        base = this.allocate(capacity) ?? this.#beyond(capacity, eager === "own" ? this.#limit : Infinity);
      } catch (refusal) {
        base = this.#beyond(capacity, eager === "own" ? 2 * this.#limit : Infinity);
        if (base === undefined) throw refusal;
        isDiskFull = true;
      }
    } else {
      base = this.#pool.take(capacity) ?? this.#fresh(capacity);
    }
    if (base === undefined) return false;
    try {
      this.files.read(file, new Uint8Array(base, 0, segment.byteLength));
    } catch (error) {
      this.free(base);
      throw error;
    }
    segment.base = base;
    if (isDiskFull) this.#giveUpFile(segment, file);
    this.touch(segment); // only now, or it might be moved to where it came from
    return true;
  }

  /**
   * The disk takes no more, so a segment is in memory that is beyond the budget. Its room on the disk goes to others.
   * What is beyond the budget cannot add up: each file that comes back makes room for as much.
   */
  #giveUpFile(segment: Segment, file: SpillFile): void {
    segment.file = undefined;
    this.files.remove(file);
    try {
      this.#moveOut(() => this.#fitsAgain() || undefined);
    } catch {
      // What could move is larger. It goes once more files have come back.
    }
  }

  #fresh(capacity: number): SharedArrayBuffer | undefined {
    return this.#usage.reserve(capacity) ? this.#counted(capacity) : undefined;
  }

  /** Fresh memory that is counted already. */
  #counted(capacity: number): SharedArrayBuffer | undefined {
    try {
      return new SharedArrayBuffer(capacity);
    } catch {
      this.#usage.addResident(-capacity); // the machine has less than the budget says
      return undefined;
    }
  }

  #makeRoom(capacity: number): SharedArrayBuffer | undefined {
    if (this.#handedOut >= Math.max(capacity, this.#limit / 16)) this.collect();
    let base = this.#squeeze(capacity);
    if (base !== undefined) return base;
    this.#alarm(capacity);
    return this.#moveOut(() => this.#squeeze(capacity));
  }

  /**
   * Moves segments to disk, the least recently used first, until there is what is wanted. What the disk does not take
   * stays; smaller ones, and those whose file is still there, may go.
   *
   * @throws ObjectStoreFullError when the disk refused some, and the others were not enough
   */
  #moveOut<T>(until: () => T | undefined): T | undefined {
    let refusal: unknown;
    let refusedBytes = Infinity;
    for (const segment of this.#recency) {
      const { base, byteLength } = segment;
      if (base === undefined || !this.#user.mayMove(segment)) continue;
      let { file } = segment;
      if (file === undefined) {
        if (byteLength >= refusedBytes) continue;
        try {
          file = this.files.write(new Uint8Array(base, 0, byteLength));
        } catch (error) {
          refusal ??= error;
          refusedBytes = byteLength;
          continue;
        }
      }
      this.#recency.delete(segment);
      this.#user.moved(segment, file);
      const enough = until();
      if (enough !== undefined) return enough;
    }
    if (refusal !== undefined) throw refusal;
    return undefined;
  }

  #fitsAgain(): boolean {
    this.#dropped(this.#pool.trim(Infinity));
    return this.#usage.residentBytes <= this.#limit;
  }

  /** Memory beyond the session's budget, as long as this thread alone has no more than `mostBytes`. */
  #beyond(capacity: number, mostBytes: number): SharedArrayBuffer | undefined {
    if (this.#usage.ownResidentBytes + capacity > mostBytes) return undefined;
    this.#usage.addResident(capacity);
    return this.#counted(capacity);
  }

  /** Reuses a free segment, or trades free segments of other sizes for a fresh one. */
  #squeeze(capacity: number): SharedArrayBuffer | undefined {
    const pooled = this.#pool.take(capacity);
    if (pooled !== undefined) return pooled;
    const shortage = this.#usage.residentBytes + capacity - this.#limit;
    if (shortage > this.#pool.bytes) return undefined;
    this.#dropped(this.#pool.trim(shortage));
    return this.#fresh(capacity);
  }

  /** Tells the other threads, but not for every small object. */
  #alarm(bytes: number): void {
    this.#sinceAlarm += bytes;
    if (this.#sinceAlarm < this.#limit / 16) return;
    this.#sinceAlarm = 0;
    this.#usage.raisePressure();
    this.#seenPressure = this.#usage.pressure;
    this.#user.askOthers();
  }

  /** Memory that left the pool goes at the next collection, so it hastens that. */
  #dropped(bytes: number): void {
    if (bytes === 0) return;
    this.#usage.addResident(-bytes);
    this.#handedOut += bytes;
  }
}
