/** Bare worker threads: what the limits and the raw peer are made of. */
import { Worker } from "node:worker_threads";

const file = new URL("../limits/ready-worker.js", import.meta.url);

/** A worker that has said it runs; it echoes what it gets. */
export async function startEcho(): Promise<Worker> {
  const worker = new Worker(file);
  await nextMessage(worker);
  return worker;
}

/** Milliseconds from `new Worker` to its first message. */
export async function startMs(): Promise<number> {
  const start = performance.now();
  const worker = await startEcho();
  const elapsed = performance.now() - start;
  await worker.terminate();
  return elapsed;
}

/** The next message; rejects when the worker fails or ends instead. */
export function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      stop();
      resolve(message);
    };
    const onError = (error: unknown): void => {
      stop();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const onExit = (code: number): void => {
      stop();
      reject(new Error(`the worker ended with code ${code} before its message`));
    };
    const stop = (): void => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
    };
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
  });
}
