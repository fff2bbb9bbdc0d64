/**
 * Runs a row in a process of its own: its memory is its own, and neither a crash nor a hang of one row ends the run.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { ListedRow } from "../rows/index.ts";
import type { Context, Sample } from "../rows/row.ts";
import type { Answer } from "./child.ts";

export type Outcome =
  { readonly ok: true; readonly sample: Sample } | { readonly ok: false; readonly error: string };

export interface RunRowOptions {
  /** Milliseconds after which the process is ended. @defaultValue 300,000 */
  readonly timeoutMs?: number;
  /** Milliseconds that the process has to end by itself after its answer. @defaultValue 20,000 */
  readonly graceMs?: number;
  /** The program of the process. @defaultValue child.js */
  readonly program?: string;
}

/** How much of what the process printed goes with an error. */
const OUTPUT_TAIL = 2000;

/** Never rejects: whatever goes wrong is the outcome. */
export function runRow(
  { subject, name }: Pick<ListedRow, "subject" | "name">,
  context: Context,
  options: RunRowOptions = {},
): Promise<Outcome> {
  const { timeoutMs = 300_000, graceMs = 20_000 } = options;
  const { program = fileURLToPath(new URL("./child.js", import.meta.url)) } = options;
  return new Promise((resolve) => {
    const child = fork(program, [subject, name, JSON.stringify(context)], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    let answer: Answer | undefined;
    let killedFor: string | undefined;
    let output = "";
    const kill = (reason: string) => (): void => {
      killedFor = reason;
      child.kill("SIGKILL");
    };
    let timer = setTimeout(kill(`did not end within ${timeoutMs / 1000} s`), timeoutMs);
    const keep = (chunk: unknown): void => {
      output = (output + String(chunk)).slice(-OUTPUT_TAIL);
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.on("message", (message) => {
      answer = message as Answer; // sent by child.ts
      clearTimeout(timer);
      timer = setTimeout(kill(`measured, but its process did not end within ${graceMs / 1000} s`), graceMs);
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ ok: false, error: `the process could not be started: ${error.message}` });
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const ending = killedFor ?? `the process ended by ${signal ?? `code ${code}`}`;
      if (answer?.ok === true && killedFor === undefined && code === 0) resolve(answer);
      else if (answer?.ok === false) resolve(answer);
      else resolve({ ok: false, error: output === "" ? ending : `${ending}; it printed: ${output.trim()}` });
    });
  });
}
