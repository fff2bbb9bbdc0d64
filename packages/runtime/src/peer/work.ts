/** What tasks and actor calls have in common on the submitter's side: arguments, results, retries, dependencies. */
import { ObjectRef } from "../api/object-ref.ts";
import type { PeerId, TaskId } from "../core/ids.ts";
import type { ObjectEntry } from "../objects/object-entry.ts";
import type { StoredValue } from "../objects/stored-value.ts";
import { type Outcome } from "../objects/stored-value.ts";
import type { Attachment } from "../transport/channel.ts";
import type { WireArguments } from "../transport/protocol.ts";
import type { ObjectTable } from "./object-table.ts";
import type { Values } from "./values.ts";

/** Arguments, encoded; refs that stood at the top level are awaited and sent as their values. */
export interface Arguments {
  readonly values: StoredValue;
  readonly slots: readonly (readonly [index: number, ref: ObjectRef])[];
}

/** A task or actor call that has not finished. Holds everything it needs alive. */
export interface Work {
  readonly taskId: TaskId;
  readonly name: string;
  readonly args: Arguments;
  /** One entry for each return value. */
  readonly entries: readonly ObjectEntry[];
  readonly depth: number;
  /** Attempts left after a system failure or a retried exception; -1: no limit. */
  retries: number;
  readonly retryExceptions: boolean | StoredValue;
}

/** Encodes arguments; throws SerializationError naming `args[i]...`. */
export function encodeArguments(args: readonly unknown[], values: Values): Arguments {
  const slots: [number, ObjectRef][] = [];
  const plain = args.map((arg, index) => {
    if (!ObjectRef.isRef(arg)) return arg;
    const entry = ObjectRef.entryOf(arg);
    if (entry === undefined) throw new ReferenceError(`args[${index}]: ${String(arg)} was disposed of`);
    slots.push([index, new ObjectRef(entry)]);
    return undefined;
  });
  return { values: values.store(plain, "args"), slots };
}

export function argumentsToWire(
  args: Arguments,
  to: PeerId,
  values: Values,
  attachments: Attachment[],
): WireArguments {
  return {
    values: values.toWire(args.values, to, attachments),
    slots: args.slots.map(([index, ref]) => {
      const outcome = outcomeOf(ref);
      if (outcome?.ok !== true) throw new Error(`argument ${index} was sent before it was ready`);
      return [index, values.toWire(outcome.value, to, attachments)];
    }),
  };
}

export function isSettled(work: Work): boolean {
  return work.entries.every((entry) => entry.isReady);
}

export function settle(work: Work, outcomes: readonly Outcome[]): void {
  const [first] = outcomes;
  work.entries.forEach((entry, index) => {
    const outcome = first?.ok === false ? first : outcomes[index];
    if (outcome !== undefined) entry.settle(outcome);
  });
}

export function fail(work: Work, error: Error | StoredValue): void {
  settle(work, [{ ok: false, error }]);
}

/** One attempt of the budget; false when there is none left. */
export function takeRetry(work: Work): boolean {
  if (work.retries === 0) return false;
  if (work.retries > 0) work.retries--;
  return true;
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
  let pending = 0;
  const check = (): void => {
    for (const [, ref] of args.slots) {
      const outcome = outcomeOf(ref);
      if (outcome?.ok === false) return then(outcome.error);
    }
    then(undefined);
  };
  for (const [, ref] of args.slots) {
    const entry = ObjectRef.entryOf(ref);
    if (entry === undefined || entry.isReady) continue;
    pending++;
    entry.onReady(() => {
      if (--pending === 0) check();
    });
    objects.request(entry);
  }
  if (pending === 0) check();
}

const outcomeOf = (ref: ObjectRef): Outcome | undefined => ObjectRef.entryOf(ref)?.outcome;
