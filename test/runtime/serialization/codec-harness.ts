/** What the tests of the codec share: an encoder with plain memory, round trips, and another thread to send things to. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { decode, encode } from "../../../packages/runtime/dist/serialization/codec.js";
import type { Encoded } from "../../../packages/runtime/dist/serialization/types.js";

export {
  decode,
  encode,
  encodeArguments,
  prepare,
} from "../../../packages/runtime/dist/serialization/codec.js";
export type { Encoded } from "../../../packages/runtime/dist/serialization/types.js";

export const allocate = (byteLength: number): SharedArrayBuffer => new SharedArrayBuffer(byteLength);

export const pack = (value: unknown, label = "args"): Encoded => encode(value, { label, allocate });

/** Encodes and decodes in this thread. The type is the caller's claim, which the test then checks. */
export const roundTrip = <T>(value: T): T => decode(pack(value)) as T;

/** The error that encoding throws, as data. */
export function refusal(value: unknown, label = "args"): { path: string; message: string; code: string } {
  try {
    pack(value, label);
  } catch (error) {
    if (error instanceof Error && "path" in error && "code" in error) {
      return { path: String(error.path), message: error.message, code: String(error.code) };
    }
    throw error;
  }
  throw new Error("the value was not refused");
}

/** A thread that decodes, runs and answers. */
export class Echo {
  private readonly worker = new Worker(new URL("../../fixtures/serialization/echo.mjs", import.meta.url), {
    execArgv: [],
  });

  /** Sends a value, or the result of `run(on)` when it has these; resolves with what comes back. */
  send(value: unknown): Promise<unknown> {
    return this.deliver(pack(value, "value"));
  }

  /** As {@link send}, for what was packed before. */
  async deliver(packed: Encoded): Promise<unknown> {
    const answer = once(this.worker, "message");
    this.worker.postMessage(packed);
    const [encoded] = (await answer) as [Encoded];
    return decode(encoded);
  }

  /** Runs a function in the other thread. */
  async run<T, R>(run: (on: T) => R, on: T): Promise<R> {
    const answer = await this.send({ run, on });
    if (typeof answer === "object" && answer !== null && "failed" in answer) throw answer.failed as Error;
    return answer as R;
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
