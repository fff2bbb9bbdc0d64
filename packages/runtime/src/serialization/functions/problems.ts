/**
 * The errors of this room: what cannot be sent, the place in the user's file, what to do instead. The codec puts the
 * path to the function before them.
 */
import { SerializationError } from "../../core/errors.ts";
import { describeFunction, nameOf } from "./describe.ts";
import { fileName } from "./script-names.ts";

export interface Problem {
  /** `function load (main.ts:11:10)`. */
  readonly subject: string;
  readonly reason: string;
  readonly frame?: string | undefined;
  readonly hint: string;
}

/** Makes the error for a function that cannot be sent. */
export function cannotSend(
  { subject, reason, frame, hint }: Problem,
  options: { cause?: unknown } = {},
): SerializationError {
  const lines = [`Cannot send ${subject} to a worker: ${reason}`];
  if (frame !== undefined) lines.push(frame);
  lines.push(`Hint: ${hint}`);
  return new SerializationError(subject, lines.join("\n"), options);
}

/** Says a kind of thing once per process. */
export function warnOnce(code: string, key: string, message: string): void {
  const id = `${code}:${key}`;
  if (warned.has(id)) return;
  warned.add(id);
  process.emitWarning(message, { code, type: "MantaWarning" });
}

const warned = new Set<string>();

/** `function load (main.ts:11:10)`, for messages. */
export function titleOf(fn: Function, text: string): string {
  const kind = text.startsWith("class") ? "class" : "function";
  const name = nameOf(fn);
  const { url, line = 0, column = 0 } = describeFunction(fn);
  const place = url === undefined ? "" : ` (${fileName(url)}:${line + 1}:${column + 1})`;
  return `${name === undefined ? `anonymous ${kind}` : `${kind} ${name}`}${place}`;
}
