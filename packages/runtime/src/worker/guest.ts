/**
 * What a worker says for itself that the driver has started: the driver may be busy for as long as it likes, and the
 * node, which has not started the thread, gets none of its events.
 */
import { exitCause } from "../node/exit-cause.ts";
import type { PeerToNode } from "../transport/protocol.ts";

/** Says that the thread takes work, and at its end why it ends. */
export function announce(say: (message: PeerToNode) => void): void {
  let thrown: Error | undefined;
  process.on("uncaughtExceptionMonitor", (error: unknown) => {
    if (process.listenerCount("uncaughtException") > 0) return; // The thread goes on.
    thrown = error instanceof Error ? error : new Error(String(error));
  });
  process.on("exit", (exitCode) => {
    say({ t: "worker.exit", cause: exitCause({ exitCode, error: thrown, terminatedFor: undefined }) });
  });
  say({ t: "worker.online" });
}
