/** Why a thread ended, in words: the bar is that nobody has to guess. */
import type { ExitCause } from "../transport/protocol.ts";

export interface ExitFacts {
  readonly exitCode: number;
  readonly error: Error | undefined;
  /** Set when the runtime ended the thread on purpose. */
  readonly terminatedFor: string | undefined;
}

export function exitCause({ exitCode, error, terminatedFor }: ExitFacts): ExitCause {
  const outOfMemory = error !== undefined && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
  const text =
    error === undefined ? undefined : { name: error.name, message: error.message, stack: error.stack };
  return {
    message: sentence(exitCode, error, outOfMemory, terminatedFor),
    exitCode,
    outOfMemory,
    error: text,
  };
}

function sentence(
  exitCode: number,
  error: Error | undefined,
  outOfMemory: boolean,
  terminatedFor: string | undefined,
): string {
  if (terminatedFor !== undefined) return `was ended by ${terminatedFor}`;
  if (outOfMemory) {
    return "reached its heap limit (raise init({ workerResourceLimits: { maxOldGenerationSizeMb } }), or keep less)";
  }
  if (error !== undefined) return `ended by an uncaught error: ${error.name}: ${error.message}`;
  return `ended with exit code ${exitCode} (process.exit was called in it)`;
}
