/**
 * Runs the tasks that the holder of this worker's lease sends, one at a time, in order. A task begins only after it
 * was claimed: until then the holder may have taken it back, and then it is passed over in silence.
 */
import { now } from "../core/clock.ts";
import { Fifo } from "../core/fifo.ts";
import type { PeerId } from "../core/ids.ts";
import type { StoredValue } from "../objects/stored-value.ts";
import { Introduced } from "../peer/introductions.ts";
import type { Peer } from "../peer/peer.ts";
import type { Attachment } from "../transport/channel.ts";
import type { Place } from "../transport/place.ts";
import type { PeerToPeer, WireTaskTemplate } from "../transport/protocol.ts";
import type { Code } from "./code.ts";
import {
  answerError,
  cancelTask,
  execute,
  holdArguments,
  letGo,
  prepareArguments,
  type Execution,
} from "./execution.ts";
import { TaskContext, type ContextFrame } from "./task-context.ts";

type Push = Extract<PeerToPeer, { t: "task.push" }>;

interface Template {
  readonly of: WireTaskTemplate;
  readonly frame: ContextFrame;
  readonly retryExceptions: boolean | StoredValue;
}

interface Queued {
  readonly context: TaskContext;
  readonly template: Template;
  readonly retries: number;
  readonly args: ReturnType<typeof holdArguments>;
  /** Whether the task may begin. */
  readonly claim: () => boolean;
}

/** How long tasks run back to back before the thread looks at its messages again. */
const SLICE_MS = 10;

export class TaskExecutor {
  readonly #peer: Peer;
  readonly #code: Code;
  readonly #templates = new Introduced<Template>();
  readonly #queue = new Fifo<Queued>();
  readonly #run = (): void => this.#runQueue();
  #current: TaskContext | undefined;
  #scheduled = false;

  constructor(peer: Peer, code: Code) {
    this.#peer = peer;
    this.#code = code;
  }

  learn(from: PeerId, number: number, of: WireTaskTemplate, attachments: readonly Attachment[]): void {
    const { values } = this.#peer;
    if (of.fn.value !== undefined) this.#code.receive(of.fn.id, values.fromWire(of.fn.value, attachments));
    const { retryExceptions, namespace, resources, pool } = of;
    const template: Template = {
      of,
      frame: { namespace, resources, pool, actor: undefined },
      retryExceptions:
        typeof retryExceptions === "boolean"
          ? retryExceptions
          : values.fromWire(retryExceptions, attachments),
    };
    this.#templates.learn(from, number, template);
  }

  forget(from: PeerId, template: number): void {
    this.#templates.forget(from, template);
  }

  peerDied(peer: PeerId): void {
    this.#templates.peerDied(peer);
  }

  /** Takes over what arrived; the user's code runs after this turn, never on the channel's stack. */
  push(from: PeerId, message: Push, attachments: readonly Attachment[], place: Place): void {
    const args = holdArguments(message.args, attachments, this.#peer);
    const template = this.#templates.get(from, message.template);
    const { name, depth } = template.of;
    const context = new TaskContext(from, message.count, name, depth + 1, template.frame);
    const claim = (): boolean => place.claim(message.place);
    this.#queue.push({ context, template, retries: message.retries, args, claim });
    this.#schedule();
  }

  /** The task that runs now. */
  get current(): TaskContext | undefined {
    return this.#current;
  }

  cancel(from: PeerId, count: number, recursive: boolean): void {
    const is = (context: TaskContext | undefined): boolean =>
      context?.count === count && context.submitter === from;
    const context = is(this.#current) ? this.#current : this.#queue.find((task) => is(task.context))?.context;
    if (context !== undefined) cancelTask(context, recursive, this.#peer);
  }

  #schedule(): void {
    if (this.#scheduled || this.#current !== undefined) return;
    this.#scheduled = true;
    queueMicrotask(this.#run);
  }

  #runQueue(): void {
    this.#scheduled = false;
    const sliceEnd = now() + SLICE_MS;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if (!next.claim()) {
        letGo(next.args);
        continue;
      }
      if (next.context.isCancelled) {
        this.#fail(next, next.context.signal.reason);
        continue;
      }
      this.#current = next.context;
      next.context.beganAt = now();
      const unfinished = this.#start(next);
      if (unfinished !== undefined) return void unfinished.then(() => this.#finished());
      this.#current = undefined;
      if (now() < sliceEnd || this.#queue.length === 0) continue;
      this.#scheduled = true;
      setImmediate(this.#run);
      return;
    }
  }

  #finished(): void {
    this.#current = undefined;
    if (this.#queue.length > 0) this.#schedule();
  }

  /** Undefined when the task has finished. */
  #start(task: Queued): Promise<void> | undefined {
    const { of } = task.template;
    try {
      const fn = this.#code.load(of.fn.id, of.name);
      const preparing = prepareArguments(task.args);
      if (typeof fn === "function" && preparing === undefined) return this.#execute(task, fn);
      return this.#startLater(task, fn, preparing);
    } catch (error) {
      this.#fail(task, error);
      return undefined;
    }
  }

  async #startLater(
    task: Queued,
    fn: Function | Promise<Function>,
    preparing: Promise<unknown> | undefined,
  ): Promise<void> {
    try {
      const loaded = await fn;
      await preparing;
      await this.#execute(task, loaded);
    } catch (error) {
      this.#fail(task, error);
    }
  }

  /** It did not begin. */
  #fail({ context, args }: Queued, error: unknown): void {
    answerError(this.#peer, context, error);
    letGo(args);
  }

  #execute({ context, template, retries, args }: Queued, fn: Function): Promise<void> | undefined {
    const execution: Execution = {
      context,
      numReturns: template.of.numReturns,
      args,
      retries,
      retryExceptions: template.retryExceptions,
      run: (values: unknown[]): unknown => fn(...values),
    };
    return execute(execution, this.#peer);
  }
}
