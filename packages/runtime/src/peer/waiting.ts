/**
 * Waiting for objects: `get`, `getSync` and `wait`. Every wait checks first, can be aborted or time out, and leaves no
 * listener or timer behind. A task that waits gives its CPU back meanwhile.
 */
import { ObjectRef } from "../api/object-ref.ts";
import { now } from "../core/clock.ts";
import { GetTimeoutError, InvalidArgumentError } from "../core/errors.ts";
import type { ObjectEntry } from "../objects/object-entry.ts";
import type { StoredValue } from "../objects/stored-value.ts";
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
      const wait = this.#until({ entries, count: entries.length, failFast: true, what: "get" }, options);
      if (wait !== undefined) await wait;
      throwFirstError(entries);
      let imports: Promise<void>[] | undefined;
      for (const { outcome } of entries) {
        const loading = outcome?.ok === true ? prepare(outcome.encoded) : undefined;
        if (loading !== undefined) (imports ??= []).push(loading);
      }
      if (imports !== undefined) await Promise.all(imports);
      return entries.map(value);
    } finally {
      for (const entry of entries) entry.release();
    }
  }

  getSync(refs: readonly ObjectRef[], options: Pick<WaitOptions, "timeoutMs">): unknown[] {
    const entries = refs.map((ref, index) => this.#ask(ref, index));
    const watch = new Watch(entries, entries.length, true);
    if (!watch.isDone) {
      const done = this.#options.onWait();
      const deadline = now() + (options.timeoutMs ?? Infinity);
      watch.begin();
      try {
        if (!this.#options.inbox.waitSync(() => watch.isDone, deadline)) {
          throw timedOut("getSync", options.timeoutMs ?? Infinity, entries);
        }
      } finally {
        watch.end();
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

  /**
   * Resolves when `count` entries are ready or, with `failFast`, when one has failed; undefined when they are already.
   * Constant time for each.
   */
  #until(goal: Goal, options: WaitOptions): Promise<void> | undefined {
    const { entries, what } = goal;
    const watch = new Watch(entries, goal.count, goal.failFast);
    const signals = [options.signal, this.#options.taskSignal()].filter((signal) => signal !== undefined);
    for (const signal of signals) if (signal.aborted) return Promise.reject(signal.reason);
    if (watch.isDone) return undefined;
    const { timeoutMs } = options;
    if (timeoutMs !== undefined && timeoutMs <= 0) return Promise.reject(timedOut(what, timeoutMs, entries));
    return new Promise((resolve, reject) => {
      const ends: (() => void)[] = [this.#options.onWait()];
      const end = (): void => {
        for (const stop of ends) stop();
        watch.end();
      };
      watch.begin(() => {
        end();
        resolve();
      });
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

/** Counts how many of some entries are ready; constant time for each. */
class Watch {
  readonly #pending: ObjectEntry[] = [];
  readonly #count: number;
  readonly #failFast: boolean;
  readonly #seen = (entry: ObjectEntry): void => this.#take(entry);
  /** How often entries stand in the list that stand there more than once. */
  #repeated: Map<ObjectEntry, number> | undefined;
  #ready = 0;
  #failed = false;
  #then: (() => void) | undefined;

  constructor(entries: readonly ObjectEntry[], count: number, failFast: boolean) {
    this.#count = count;
    this.#failFast = failFast;
    for (const entry of entries) {
      if (!entry.isReady) this.#pending.push(entry);
      else this.#ready++;
      if (entry.outcome?.ok === false) this.#failed = true;
    }
  }

  /** Enough are ready; or one has failed and the rest does not matter. */
  get isDone(): boolean {
    return this.#ready >= this.#count || (this.#failed && this.#failFast);
  }

  begin(then?: () => void): void {
    this.#then = then;
    for (const entry of this.#pending) {
      if (entry.onReady(this.#seen)) continue;
      this.#repeated ??= new Map();
      this.#repeated.set(entry, (this.#repeated.get(entry) ?? 1) + 1);
    }
  }

  end(): void {
    for (const entry of this.#pending) entry.offReady(this.#seen);
  }

  #take(entry: ObjectEntry): void {
    this.#ready += this.#repeated?.get(entry) ?? 1;
    if (entry.outcome?.ok === false) this.#failed = true;
    if (!this.isDone) return;
    const then = this.#then;
    this.#then = undefined;
    then?.();
  }
}

function throwFirstError(entries: readonly ObjectEntry[]): void {
  for (const { outcome } of entries) if (outcome?.ok === false) throw errorOf(outcome.error);
}

function errorOf(error: StoredValue | Error): unknown {
  return error instanceof Error ? error : decode(error.encoded);
}

function value(entry: ObjectEntry): unknown {
  const { outcome } = entry;
  if (outcome?.ok !== true) throw new Error(`${entry.id} is read before it is ready`);
  return decode(outcome.encoded);
}

function timedOut(what: string, timeoutMs: number, entries: readonly ObjectEntry[]): GetTimeoutError {
  const missing = entries.filter((entry) => !entry.isReady);
  const names = missing.slice(0, 5).map((entry) => `${entry.id} (${entry.origin})`);
  const more = missing.length > names.length ? ` and ${missing.length - names.length} more` : "";
  const still = missing.length === 0 ? "" : `; still waiting for ${names.join(", ")}${more}`;
  return new GetTimeoutError(`${what}: not ready within ${timeoutMs} ms${still}`, timeoutMs);
}
