/** `put`, `get`, `getSync`, `wait`, `cancel`. */
import { InvalidArgumentError } from "../core/errors.ts";
import { checkOptions, count, flag, milliseconds, signal } from "./check.ts";
import { ObjectRef } from "./object-ref.ts";
import { currentRuntime } from "./current-runtime.ts";

/** Options of everything that waits. */
export interface WaitingOptions {
  /** Aborting rejects with the signal's reason. @defaultValue none */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds; 0 asks without waiting. @defaultValue no limit */
  readonly timeoutMs?: number | undefined;
}

/** The values of a list of refs, in order. */
export type Values<R extends readonly ObjectRef[]> = {
  -readonly [K in keyof R]: R[K] extends ObjectRef<infer T> ? T : never;
};

const NO_OPTIONS: WaitingOptions = Object.freeze({});
const waitingTable = { signal, timeoutMs: milliseconds };

/**
 * Puts a value into the object store and returns its ref, at once. The value is copied now: changing it later does
 * not change the object. Two kinds of memory are shared instead of copied: your own `SharedArrayBuffer`, and that of
 * typed arrays that came out of `get` (unless less than half of it is put). Large typed arrays come out of `get` as
 * views on shared memory, without a copy; treat them as read-only, since every object and reader with the memory
 * would see a write. When memory is full, objects that were not used lately move to disk, or this one does.
 *
 * @throws SerializationError when the value cannot be carried
 * @throws ObjectStoreFullError when it is larger than the whole store, or the disk takes no more
 * @example
 * const ref = ray.put(new Float32Array(1_000_000));
 */
export function put<T>(value: T): ObjectRef<T> {
  if (ObjectRef.isRef(value)) {
    throw InvalidArgumentError.forValue(
      "put(value)",
      "a value, not an ObjectRef (pass the ref itself on)",
      value,
    );
  }
  const { peer } = currentRuntime("put()");
  return peer.objects.put(peer.values.store(value, "put")) as ObjectRef<T>;
}

/**
 * Waits for the value of a ref, or of many, in order. With many it rejects as soon as one has failed.
 *
 * @throws TaskError whose `cause` is what the task raised; GetTimeoutError; the other errors of docs/errors.md
 * @example
 * const [a, b] = await ray.get([refA, refB], { timeoutMs: 1000 });
 */
export function get<T>(ref: ObjectRef<T>, options?: WaitingOptions): Promise<T>;
export function get<const R extends readonly ObjectRef[]>(
  refs: R,
  options?: WaitingOptions,
): Promise<Values<R>>;
export async function get(
  refs: ObjectRef | readonly ObjectRef[],
  options: WaitingOptions = NO_OPTIONS,
): Promise<unknown> {
  if (options !== NO_OPTIONS) checkOptions("get()", options, waitingTable);
  const { peer } = currentRuntime("get()");
  const values = await peer.waiting.get(listOf("get(refs)", refs), options);
  return ObjectRef.isRef(refs) ? values[0] : values;
}

/**
 * `get` that blocks the thread. It goes on serving other threads while it waits; nothing else of this thread runs.
 *
 * @throws as `get`
 */
export function getSync<T>(ref: ObjectRef<T>, options?: Pick<WaitingOptions, "timeoutMs">): T;
export function getSync<const R extends readonly ObjectRef[]>(
  refs: R,
  options?: Pick<WaitingOptions, "timeoutMs">,
): Values<R>;
export function getSync(
  refs: ObjectRef | readonly ObjectRef[],
  options: Pick<WaitingOptions, "timeoutMs"> = NO_OPTIONS,
): unknown {
  if (options !== NO_OPTIONS) checkOptions("getSync()", options, { timeoutMs: milliseconds });
  const { peer } = currentRuntime("getSync()");
  const values = peer.waiting.getSync(listOf("getSync(refs)", refs), options);
  return ObjectRef.isRef(refs) ? values[0] : values;
}

/** Options of `wait`. */
export interface WaitOptions extends WaitingOptions {
  /** How many must be ready. @defaultValue 1 */
  readonly numReturns?: number;
}

/**
 * Waits until `numReturns` refs are ready (with a value or an error) or the time is up. Returns `[ready, notReady]`,
 * both in input order; at most `numReturns` are in `ready`.
 *
 * @throws InvalidArgumentError for duplicates or more `numReturns` than refs
 * @example
 * const [ready, notReady] = await ray.wait(refs, { numReturns: 2, timeoutMs: 100 });
 */
export async function wait<T>(
  refs: readonly ObjectRef<T>[],
  options: WaitOptions = {},
): Promise<[ready: ObjectRef<T>[], notReady: ObjectRef<T>[]]> {
  checkOptions("wait()", options, { ...waitingTable, numReturns: count });
  if (!Array.isArray(refs)) throw InvalidArgumentError.forValue("wait(refs)", "an array of ObjectRefs", refs);
  if (refs.length === 0) return [[], []];
  const list: readonly ObjectRef<T>[] = refs;
  const { numReturns = 1 } = options;
  if (numReturns > list.length) {
    throw InvalidArgumentError.forValue(
      "wait().numReturns",
      `at most the number of refs (${list.length})`,
      numReturns,
    );
  }
  listOf("wait(refs)", list);
  const ids = new Set(list.map((ref) => ref.id));
  if (ids.size < list.length)
    throw new InvalidArgumentError("wait(refs)", "holds the same ref more than once");
  const { peer } = currentRuntime("wait()");
  const ready = await peer.waiting.wait(list, numReturns, options);
  return [list.filter((_, index) => ready.has(index)), list.filter((_, index) => !ready.has(index))];
}

/** Options of `cancel`. */
export interface CancelOptions {
  /** Ends the worker when the task runs already. Not for actor calls. @defaultValue false */
  readonly force?: boolean;
  /** Also cancels what the task submitted. @defaultValue true */
  readonly recursive?: boolean;
}

/**
 * Cancels the task or actor call that makes this object. One that has not begun never runs; one that runs sees its
 * `getRuntimeContext().signal` aborted, and what it waits for rejects. `get` raises TaskCancelledError (WorkerCrashedError when `force` ended the worker). Finished work
 * is left alone. Best effort, as in Ray.
 */
export function cancel(ref: ObjectRef, options: CancelOptions = {}): void {
  checkOptions("cancel()", options, { force: flag, recursive: flag });
  const entry = ObjectRef.isRef(ref) ? ObjectRef.entryOf(ref) : undefined;
  if (entry === undefined)
    throw InvalidArgumentError.forValue("cancel(ref)", "an ObjectRef that was not disposed of", ref);
  const { peer } = currentRuntime("cancel()");
  if (entry.ownerId !== peer.peerId) {
    throw new InvalidArgumentError(
      "cancel(ref)",
      `${ref.id} was made in another thread; only its owner can cancel it`,
    );
  }
  entry.maker?.cancel({ force: options.force ?? false, recursive: options.recursive ?? true });
}

function listOf(where: string, refs: ObjectRef | readonly ObjectRef[]): readonly ObjectRef[] {
  const list: readonly unknown[] = Array.isArray(refs) ? refs : [refs];
  list.forEach((ref, index) => {
    if (!ObjectRef.isRef(ref)) {
      throw InvalidArgumentError.forValue(
        Array.isArray(refs) ? `${where}[${index}]` : where,
        "an ObjectRef",
        ref,
      );
    }
  });
  return list as readonly ObjectRef[]; // each was checked
}
