/** Running one piece of user code: arguments in, outcome out, exceptions retried or wrapped. Shared by tasks and actors. */
import { fileURLToPath } from "node:url";

import { SerializationError, TaskCancelledError, TaskError, RuntimeEnvSetupError } from "../core/errors.ts";
import { NOTHING } from "../core/nothing.ts";
import type { StoredValue } from "../objects/stored-value.ts";
import type { Peer } from "../peer/peer.ts";
import { decode, prepare } from "../serialization/codec.ts";
import type { Attachment } from "../transport/channel.ts";
import type { WireArguments, WireOutcome, WireValue } from "../transport/protocol.ts";
import { ActorExit } from "./actor-exit.ts";
import { flushOutput } from "./output.ts";
import { taskContext, type TaskContext } from "./task-context.ts";

/** Arguments as they arrived, with the refs in them held. */
export interface HeldArguments {
  readonly values: StoredValue;
  readonly slots: readonly (readonly [index: number, value: StoredValue])[];
}

export function holdArguments(
  args: WireArguments,
  attachments: readonly Attachment[],
  peer: Peer,
): HeldArguments {
  return {
    values: peer.values.fromWire(args.values, attachments),
    slots:
      args.slots.length === 0
        ? NOTHING
        : args.slots.map(([index, value]) => [index, peer.values.fromWire(value, attachments)]),
  };
}

/** Loads what the arguments import; undefined when nothing is missing. */
export function prepareArguments(args: HeldArguments): Promise<unknown> | undefined {
  if (args.slots.length === 0) return prepare(args.values.encoded);
  const waits = [args.values, ...args.slots.map(([, value]) => value)]
    .map((value) => prepare(value.encoded))
    .filter((wait) => wait !== undefined);
  return waits.length === 0 ? undefined : Promise.all(waits);
}

export function decodeArguments(args: HeldArguments): unknown[] {
  const values = decode(args.values.encoded);
  if (!Array.isArray(values)) throw new TypeError("arguments are not an array");
  const decoded: unknown[] = values;
  for (const [index, value] of args.slots) decoded[index] = decode(value.encoded);
  return decoded;
}

export interface Execution {
  readonly context: TaskContext;
  readonly numReturns: number;
  readonly args: HeldArguments;
  retries: number;
  readonly retryExceptions: boolean | StoredValue;
  /** Calls the user's code. */
  run(args: unknown[]): unknown;
  /** What an exception means for the caller. */
  judge?(error: unknown): unknown;
}

/** Cancels what runs or is about to, and with `recursive` what it submitted. */
export function cancelTask(context: TaskContext, recursive: boolean, peer: Peer): void {
  context.cancel();
  if (recursive) peer.cancelSubmittedBy(context);
}

const run = (execution: Execution, args: unknown[]): unknown => execution.run(args);

/**
 * Runs to the end, retries included, and answers the caller. Never throws. Code that returns no promise is finished on
 * return; otherwise the promise tells when.
 */
export function execute(execution: Execution, peer: Peer): Promise<void> | undefined {
  const { context } = execution;
  for (;;) {
    try {
      const result = taskContext.run(context, run, execution, decodeArguments(execution.args));
      if (isThenable(result)) return later(result, execution, peer);
      finish(execution, result, peer);
      return undefined;
    } catch (error) {
      if (!fails(error, execution, peer)) continue;
      return undefined;
    }
  }
}

async function later(result: PromiseLike<unknown>, execution: Execution, peer: Peer): Promise<void> {
  try {
    finish(execution, await result, peer);
  } catch (error) {
    if (!fails(error, execution, peer)) await execute(execution, peer);
  }
}

/** Answers with the error; false when the code is to run again instead. */
function fails(raised: unknown, execution: Execution, peer: Peer): boolean {
  const { context } = execution;
  const error = execution.judge === undefined ? raised : execution.judge(raised);
  if (mayRetry(execution, error)) {
    if (execution.retries > 0) execution.retries--;
    peer.toPeer(context.submitter, { t: "task.retrying", count: context.count });
    return false;
  }
  answerError(peer, context, error);
  letGo(execution.args);
  return true;
}

/** The user's code has what it keeps; memory and refs of arguments need not wait for a collection. */
export function letGo({ values, slots }: HeldArguments): void {
  values.free();
  if (slots.length > 0) for (const [, value] of slots) value.free();
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function finish(execution: Execution, result: unknown, peer: Peer): void {
  const { context } = execution;
  if (context.isCancelled) throw context.signal.reason;
  const results = storeResults(execution, result, peer);
  flushOutput();
  const to = context.submitter;
  const attachments = peer.values.newAttachments();
  const values: WireValue[] = [];
  for (const value of results) values.push(peer.values.toWire(value, to, attachments));
  const outcome: WireOutcome = { ok: true, values };
  peer.toPeer(to, { t: "task.done", count: context.count, tookUs: context.tookUs, outcome }, attachments);
  for (const value of results) value.free(); // it is the caller's now
  letGo(execution.args);
}

/** Sends an error to the caller, wrapped so that it names the task. */
export function answerError(peer: Peer, context: TaskContext, error: unknown): void {
  flushOutput();
  const to = context.submitter;
  const attachments: Attachment[] = [];
  const value: WireValue = peer.values.toWire(storeError(wrap(context, error), peer), to, attachments);
  peer.toPeer(
    to,
    { t: "task.done", count: context.count, tookUs: context.tookUs, outcome: { ok: false, error: value } },
    attachments,
  );
}

function storeResults(execution: Execution, result: unknown, peer: Peer): StoredValue[] {
  const { numReturns, context } = execution;
  const label = `return value of ${context.name}`;
  if (numReturns === 1) return [peer.values.store(result, label)];
  if (!Array.isArray(result) || result.length !== numReturns) {
    const what = Array.isArray(result) ? `an array of ${result.length}` : `a ${typeof result}`;
    throw new TypeError(
      `${context.name} has numReturns: ${numReturns} and must return an array of as many, got ${what}`,
    );
  }
  return result.map((item, index) => peer.values.store(item, `${label}[${index}]`));
}

function mayRetry(execution: Execution, error: unknown): boolean {
  const { retries, retryExceptions, context } = execution;
  if (retries === 0 || retryExceptions === false || context.isCancelled) return false;
  if (
    error instanceof SerializationError ||
    error instanceof TaskCancelledError ||
    error instanceof ActorExit
  )
    return false;
  if (retryExceptions === true) return true;
  const classes = decode(retryExceptions.encoded);
  return Array.isArray(classes) && classes.some((cls) => typeof cls === "function" && error instanceof cls);
}

/** User errors become TaskError with the error as cause; the runtime's own verdicts stay what they are. */
function wrap(context: TaskContext, error: unknown): Error {
  if (context.isCancelled) return context.signal.reason as Error; // set by TaskContext.cancel
  if (error instanceof ActorExit && error.died !== undefined) return error.died;
  if (error instanceof SerializationError || error instanceof RuntimeEnvSetupError) return error;
  const { taskId, name } = context;
  const what = error instanceof Error ? `${error.name}: ${error.message}` : `threw ${String(error)}`;
  const wrapped = new TaskError(`${name} (${taskId}) failed: ${what}`, {
    cause: error,
    fields: { taskId, taskName: name },
  });
  const frames = error instanceof Error ? userFrames(error.stack) : "";
  wrapped.stack = `${wrapped.name}: ${wrapped.message}${frames}`;
  return wrapped;
}

/** Where the files of this room are, as stacks name them: modules by URL, CommonJS (the bundle) by path. */
const ownFiles = [new URL(".", import.meta.url).href, fileURLToPath(new URL(".", import.meta.url))];

/** The frames of the user's code: the runtime's own below them say nothing. */
function userFrames(stack: string | undefined): string {
  const lines = (stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const own = lines.findIndex((line) => ownFiles.some((files) => line.includes(files)));
  const frames = own < 0 ? lines : lines.slice(0, own);
  return frames.length === 0 ? "" : `\n${frames.join("\n")}`;
}

/** An error is never lost because it cannot be carried. */
export function storeError(error: unknown, peer: Peer): StoredValue {
  try {
    return peer.values.store(error, "error");
  } catch (problem) {
    const { message, stack, name } = error instanceof Error ? error : new Error(String(error));
    const plain = new Error(`${message} (its details could not be carried: ${String(problem)})`);
    plain.name = name;
    if (stack !== undefined) plain.stack = stack;
    return peer.values.store(plain, "error");
  }
}
