/**
 * Waiting for objects: `get`, `getSync` and `wait`. Every wait checks first, can be aborted or time out, and leaves no
 * listener or timer behind. A task that waits gives its CPU back meanwhile.
 */
import { ObjectRef } from "../api/object-ref.ts";
import { GetTimeoutError, InvalidArgumentError } from "../core/errors.ts";
import type { ObjectEntry } from "../objects/object-entry.ts";
import { StoredValue, type Outcome } from "../objects/stored-value.ts";
import { decode, prepare } from "../serialization/codec.ts";
import type { Inbox } from "../transport/inbox.ts";
import type { ObjectTable } from "./object-table.ts";

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface WaitingOptions {
  readonly inbox: Inbox;
  readonly objects: ObjectTable;
  /** Called when a wait begins that cannot be answered at once; returns what to call at its end. */
  readonly onWait: () => () => void;
  /** Aborted when the task that waits is cancelled. */
  readonly taskSignal: () => AbortSignal | undefined;
}

export class Waiting {
  readonly #options: WaitingOptions;

  constructor(options: WaitingOptions) {
    this.#options = options;
  }

  async get(refs: readonly ObjectRef[], options: WaitOptions): Promise<unknown[]> {
    const entries = refs.map((ref, index) => this.#ask(ref, index));
    // The wait holds the objects as a ref would: the caller may dispose of the refs meanwhile.
    for (const entry of entries) entry.instances++;
    try {
      await this.#until({ entries, count: entries.length, failFast: true, what: "get" }, options);
      throwFirstError(entries);
      return await Promise.all(entries.map(async (entry) => value(await loaded(entry))));
    } finally {
      for (const entry of entries) entry.release();
    }
  }

  getSync(refs: readonly ObjectRef[], options: Pick<WaitOptions, "timeoutMs">): unknown[] {
    const entries = refs.map((ref, index) => this.#ask(ref, index));
    if (!settledEnough(entries)) {
      const done = this.#options.onWait();
      const deadline = performance.now() + (options.timeoutMs ?? Infinity);
      try {
        if (!this.#options.inbox.waitSync(() => settledEnough(entries), deadline)) {
          throw timedOut("getSync", options.timeoutMs ?? Infinity, entries);
        }
      } finally {
        done();
      }
    }
    throwFirstError(entries);
    return entries.map(value);
  }

  /** Resolves with the indices of the first `numReturns` refs that are ready, in input order. */
  async wait(
    refs: readonly ObjectRef[],
    numReturns: number,
    options: WaitOptions,
  ): Promise<ReadonlySet<number>> {
    const entries = refs.map((ref, index) => this.#ask(ref, index));
    try {
      await this.#until({ entries, count: numReturns, failFast: false, what: "wait" }, options);
    } catch (error) {
      if (!(error instanceof GetTimeoutError)) throw error; // out of time: what is ready by now is the answer
    }
    const ready = new Set<number>();
    entries.forEach((entry, index) => {
      if (entry.isReady && ready.size < numReturns) ready.add(index);
    });
    return ready;
  }

  #ask(ref: ObjectRef, index: number): ObjectEntry {
    const entry = ObjectRef.isRef(ref) ? ObjectRef.entryOf(ref) : undefined;
    if (entry === undefined) {
      throw InvalidArgumentError.forValue(`refs[${index}]`, "an ObjectRef that was not disposed of", ref);
    }
    this.#options.objects.request(entry);
    return entry;
  }

  /** Resolves when `count` entries are ready or, with `failFast`, when one has failed. Constant time for each. */
  #until(goal: Goal, options: WaitOptions): Promise<void> {
    const { entries, what } = goal;
    const signals = [options.signal, this.#options.taskSignal()].filter((signal) => signal !== undefined);
    for (const signal of signals) if (signal.aborted) return Promise.reject(signal.reason);
    let ready = 0;
    let failed = false;
    const seen = (entry: ObjectEntry): void => {
      ready++;
      if (entry.outcome?.ok === false) failed = true;
    };
    const done = (): boolean => ready >= goal.count || (failed && goal.failFast);
    for (const entry of entries) if (entry.isReady) seen(entry);
    if (done()) return Promise.resolve();
    const { timeoutMs } = options;
    if (timeoutMs !== undefined && timeoutMs <= 0) return Promise.reject(timedOut(what, timeoutMs, entries));
    return new Promise((resolve, reject) => {
      const ends: (() => void)[] = [this.#options.onWait()];
      const end = (): void => {
        for (const stop of ends.splice(0)) stop();
      };
      for (const entry of entries) {
        if (entry.isReady) continue;
        const stop = entry.onReady(() => {
          seen(entry);
          if (!done()) return;
          end();
          resolve();
        });
        ends.push(stop);
      }
      for (const signal of signals) {
        const abort = (): void => {
          end();
          reject(signal.reason);
        };
        signal.addEventListener("abort", abort, { once: true });
        ends.push(() => signal.removeEventListener("abort", abort));
      }
      if (timeoutMs !== undefined && Number.isFinite(timeoutMs)) {
        const timer = setTimeout(() => {
          end();
          reject(timedOut(what, timeoutMs, entries));
        }, timeoutMs);
        ends.push(() => clearTimeout(timer));
      }
    });
  }
}

interface Goal {
  readonly entries: readonly ObjectEntry[];
  readonly count: number;
  readonly failFast: boolean;
  readonly what: string;
}

/** All are ready, or one has failed already: `get` does not wait for the rest then. */
const settledEnough = (entries: readonly ObjectEntry[]): boolean =>
  entries.every((entry) => entry.isReady) || entries.some((entry) => entry.outcome?.ok === false);

function throwFirstError(entries: readonly ObjectEntry[]): void {
  for (const { outcome } of entries) if (outcome?.ok === false) throw errorOf(outcome.error);
}

function errorOf(error: StoredValue | Error): unknown {
  return error instanceof StoredValue ? decode(error.encoded) : error;
}

async function loaded(entry: ObjectEntry): Promise<ObjectEntry> {
  if (entry.outcome?.ok === true) await prepare(entry.outcome.value.encoded);
  return entry;
}

function value(entry: ObjectEntry): unknown {
  const outcome: Outcome | undefined = entry.outcome;
  if (outcome?.ok !== true) throw new Error(`${entry.id} is read before it is ready`);
  return decode(outcome.value.encoded);
}

function timedOut(what: string, timeoutMs: number, entries: readonly ObjectEntry[]): GetTimeoutError {
  const missing = entries.filter((entry) => !entry.isReady);
  const names = missing.slice(0, 5).map((entry) => `${entry.id} (${entry.origin})`);
  const more = missing.length > names.length ? ` and ${missing.length - names.length} more` : "";
  const still = missing.length === 0 ? "" : `; still waiting for ${names.join(", ")}${more}`;
  return new GetTimeoutError(`${what}: not ready within ${timeoutMs} ms${still}`, timeoutMs);
}
