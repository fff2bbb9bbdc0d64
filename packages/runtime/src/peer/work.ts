/** What tasks and actor calls have in common on the submitter's side: arguments, results, retries, dependencies. */
import { ObjectRef } from "../api/object-ref.ts";
import { taskIdOf, type PeerId, type TaskId } from "../core/ids.ts";
import { NOTHING } from "../core/nothing.ts";
import type { Maker, ObjectEntry } from "../objects/object-entry.ts";
import { Failure, type Outcome, type StoredValue } from "../objects/stored-value.ts";
import type { Attachment } from "../transport/channel.ts";
import type { WireArguments } from "../transport/protocol.ts";
import type { ObjectTable } from "./object-table.ts";
import type { Values } from "./values.ts";

/** Arguments, encoded; refs that stood at the top level are awaited and sent as their values. */
export interface Arguments {
  readonly values: StoredValue;
  readonly slots: readonly (readonly [index: number, ref: ObjectRef])[];
}

export type WorkFields = Pick<Work, "count" | "submitter" | "args" | "entry" | "more" | "parent" | "retries">;

/** A task or actor call that has not finished. Holds everything it needs alive. */
export abstract class Work implements Maker {
  /** Counts the tasks and calls of the submitter. */
  readonly count: number;
  readonly submitter: PeerId;
  readonly args: Arguments;
  /** Of the first return value; nearly always the only one. */
  readonly entry: ObjectEntry;
  /** Of the other return values. */
  readonly more: readonly ObjectEntry[];
  /** The task that submitted it: when that is cancelled, it can be as well. */
  readonly parent: object | undefined;
  /** Attempts left after a system failure or a retried exception; -1: no limit. */
  retries: number;

  constructor(fields: WorkFields) {
    this.count = fields.count;
    this.submitter = fields.submitter;
    this.args = fields.args;
    this.entry = fields.entry;
    this.more = fields.more;
    this.parent = fields.parent;
    this.retries = fields.retries;
    this.entry.maker = this;
    for (const entry of this.more) entry.maker = this;
  }

  abstract get name(): string;
  abstract cancel(options: { readonly force: boolean; readonly recursive: boolean }): void;

  get taskId(): TaskId {
    return taskIdOf(this.submitter, this.count);
  }

  get isSettled(): boolean {
    return this.entry.isReady && (this.more.length === 0 || this.more.every((entry) => entry.isReady));
  }

  get numReturns(): number {
    return 1 + this.more.length;
  }

  /** One outcome for each return value, or a failure for all of them. */
  settle(first: Outcome, more: readonly Outcome[]): void {
    this.entry.settle(first);
    letGo(this.args);
    if (this.more.length === 0) return;
    for (const [index, entry] of this.more.entries()) {
      const outcome = first.ok ? more[index] : first;
      if (outcome !== undefined) entry.settle(outcome);
    }
  }

  fail(error: Error | StoredValue): void {
    this.settle(new Failure(error), NOTHING);
  }

  /** One attempt of the budget; false when there is none left. */
  takeRetry(): boolean {
    if (this.retries === 0) return false;
    if (this.retries > 0) this.retries--;
    return true;
  }
}

/** Encodes arguments; throws SerializationError naming `args[i]...`. */
export function encodeArguments(args: readonly unknown[], values: Values): Arguments {
  if (args.length === 0) return values.noArguments;
  let slots: [number, ObjectRef][] | undefined;
  let plain: unknown[] | undefined;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index];
    if (!ObjectRef.isRef(arg)) continue;
    const entry = ObjectRef.entryOf(arg);
    if (entry === undefined) throw new ReferenceError(`args[${index}]: ${String(arg)} was disposed of`);
    (slots ??= []).push([index, new ObjectRef(entry)]);
    (plain ??= [...args])[index] = undefined;
  }
  return { values: values.storeArguments(plain ?? args), slots: slots ?? NOTHING };
}

/** Nobody will send them any more: gives up their memory, and the refs that were kept for them. */
export function letGo({ values, slots }: Arguments): void {
  values.free();
  if (slots.length > 0) for (const [, ref] of slots) ref[Symbol.dispose]();
}

export function argumentsToWire(
  args: Arguments,
  to: PeerId,
  values: Values,
  attachments: Attachment[],
): WireArguments {
  const wire = values.toWire(args.values, to, attachments);
  if (args.slots.length === 0) return { values: wire, slots: NOTHING };
  return {
    values: wire,
    slots: args.slots.map(([index, ref]) => {
      const outcome = outcomeOf(ref);
      if (outcome?.ok !== true) throw new Error(`argument ${index} was sent before it was ready`);
      return [index, values.toWire(outcome, to, attachments)];
    }),
  };
}

/**
 * Calls back when all top-level refs have outcomes (at once when they have): with the error of the first that failed,
 * or with nothing.
 */
export function whenArgumentsReady(
  args: Arguments,
  objects: ObjectTable,
  then: (error: Error | StoredValue | undefined) => void,
): void {
  let pending = 1; // this function itself
  const check = (): void => {
    for (const [, ref] of args.slots) {
      const outcome = outcomeOf(ref);
      if (outcome?.ok === false) return then(outcome.error);
    }
    then(undefined);
  };
  const ready = (): void => {
    if (--pending === 0) check();
  };
  for (const entry of new Set(args.slots.map(([, ref]) => ObjectRef.entryOf(ref)))) {
    if (entry === undefined || entry.isReady) continue;
    pending++;
    entry.onReady(ready);
    objects.request(entry);
  }
  ready();
}

const outcomeOf = (ref: ObjectRef): Outcome | undefined => ObjectRef.entryOf(ref)?.outcome;

/** The list of retried error classes travels as a value. */
export function retryToWire(
  retry: boolean | StoredValue,
  to: PeerId,
  values: Values,
  attachments: Attachment[],
): boolean | ReturnType<Values["toWire"]> {
  return typeof retry === "boolean" ? retry : values.toWire(retry, to, attachments);
}
