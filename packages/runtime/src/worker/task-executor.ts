/** Runs the tasks that submitters push to this worker. The lease lets in one at a time. */
import type { PeerId, TaskId } from "../core/ids.ts";
import type { Peer } from "../peer/peer.ts";
import type { Attachment } from "../transport/channel.ts";
import type { PeerToPeer } from "../transport/protocol.ts";
import type { Code } from "./code.ts";
import { answerError, execute, holdArguments, prepareArguments } from "./execution.ts";
import { TaskContext } from "./task-context.ts";

type Push = Extract<PeerToPeer, { t: "task.push" }>;

export class TaskExecutor {
  readonly #peer: Peer;
  readonly #code: Code;
  readonly #running = new Map<TaskId, TaskContext>();

  constructor(peer: Peer, code: Code) {
    this.#peer = peer;
    this.#code = code;
  }

  /** Takes over what arrived; the user's code runs after this turn, never on the channel's stack. */
  push(from: PeerId, message: Push, attachments: readonly Attachment[]): void {
    const peer = this.#peer;
    if (message.fn.value !== undefined) {
      this.#code.receive(message.fn.id, peer.values.fromWire(message.fn.value, attachments));
    }
    const args = holdArguments(message.args, attachments, peer);
    const { taskId, name, depth, namespace, resources, pool, retryExceptions } = message;
    const context = new TaskContext({
      taskId,
      name,
      depth: depth + 1,
      namespace,
      resources,
      pool,
      actor: undefined,
    });
    const retry =
      typeof retryExceptions === "boolean"
        ? retryExceptions
        : peer.values.fromWire(retryExceptions, attachments);
    this.#running.set(taskId, context);
    void this.#run(from, message, { args, context, retryExceptions: retry });
  }

  /** The task that runs now; the lease lets in one at a time. */
  get current(): TaskContext | undefined {
    for (const context of this.#running.values()) return context;
    return undefined;
  }

  cancel(taskId: TaskId, recursive: boolean): boolean {
    const context = this.#running.get(taskId);
    context?.cancel(recursive);
    return context !== undefined;
  }

  async #run(
    from: PeerId,
    message: Push,
    taken: Pick<Parameters<typeof execute>[0], "args" | "context" | "retryExceptions">,
  ): Promise<void> {
    await Promise.resolve(); // leave the channel's stack
    const { context, args } = taken;
    try {
      const fn = await this.#code.load(message.fn.id, message.name);
      await prepareArguments(args);
      const { numReturns, retries } = message;
      const call = (values: unknown[]): unknown => fn(...values);
      await execute({ ...taken, from, numReturns, retries, call }, this.#peer);
    } catch (error) {
      answerError(this.#peer, from, context, error);
    } finally {
      this.#running.delete(context.taskId);
    }
  }
}
