/**
 * What user code prints in a worker goes to the driver line by line, with the name of the task or actor that printed
 * it. Taken at the stream's `write`, so that `console.log`, `process.stdout.write` and libraries are all seen.
 */
import type { PeerId } from "../core/ids.ts";
import type { LogRecord } from "../transport/protocol.ts";
import { taskContext } from "./task-context.ts";

let flushes: readonly (() => void)[] = [];
/** Whether a line is unfinished anywhere: the end of a task asks, and most tasks print nothing. */
let unfinished = false;

export function captureOutput(workerId: PeerId, send: (record: LogRecord) => void): void {
  flushes = (["stdout", "stderr"] as const).map((stream) => capture(stream, workerId, send));
}

/** Sends lines that have no newline yet; at the end of each task and of the thread. */
export function flushOutput(): void {
  if (!unfinished) return;
  unfinished = false;
  for (const flush of flushes) flush();
}

function capture(
  stream: "stdout" | "stderr",
  workerId: PeerId,
  send: (record: LogRecord) => void,
): () => void {
  /** The unfinished line of each printing task or actor. */
  const open = new Map<string, string>();
  const emit = (name: string, line: string): void =>
    send({ stream, name: name === "" ? undefined : name, workerId, line });
  const write = (
    chunk: string | Uint8Array,
    encoding?: BufferEncoding | ((error?: Error) => void),
    done?: (error?: Error) => void,
  ): boolean => {
    const text = typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
    const context = taskContext.getStore();
    const name = context?.actor?.name ?? context?.actor?.className ?? context?.name ?? "";
    const lines = ((open.get(name) ?? "") + text).split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) emit(name, line);
    if (rest === "") open.delete(name);
    else {
      open.set(name, rest);
      unfinished = true;
    }
    const callback = typeof encoding === "function" ? encoding : done;
    if (callback !== undefined) queueMicrotask(() => callback());
    return true;
  };
  process[stream].write = write;
  return () => {
    for (const [name, line] of open) emit(name, line);
    open.clear();
  };
}
