/**
 * The actors that live in this worker: one in a thread of its own, or many in a shared one. Calls of an actor begin in
 * the order in which they arrived; an actor without async methods runs them one at a time.
 */
import { ActorDiedError, InvalidArgumentError } from "../core/errors.ts";
import { Fifo } from "../core/fifo.ts";
import type { ActorId, PeerId, TaskId } from "../core/ids.ts";
import type { Peer } from "../peer/peer.ts";
import type { HandleMeta } from "../api/actor-handle.ts";
import type { Attachment } from "../transport/channel.ts";
import type { PeerToPeer } from "../transport/protocol.ts";
import type { Code } from "./code.ts";
import {
  answerError,
  decodeArguments,
  execute,
  holdArguments,
  prepareArguments,
  storeError,
  type Execution,
} from "./execution.ts";
import { ActorExit } from "./actor-exit.ts";
import { taskContext, TaskContext, type ContextActor } from "./task-context.ts";

type Create = Extract<PeerToPeer, { t: "actor.create" }>;
type Call = Extract<PeerToPeer, { t: "actor.call" }>;

interface Hosted {
  readonly message: Create;
  readonly about: ContextActor;
  instance: Record<string, unknown> | undefined;
  maxConcurrency: number;
  readonly queue: Fifo<Execution>;
  running: number;
  pumping: boolean;
  gone: boolean;
}

/** How long calls run back to back before the thread looks at its messages again. */
const SLICE_MS = 10;

export class ActorHost {
  readonly #peer: Peer;
  readonly #code: Code;
  readonly #actors = new Map<ActorId, Hosted>();
  readonly #calls = new Map<TaskId, TaskContext>();

  constructor(peer: Peer, code: Code) {
    this.#peer = peer;
    this.#code = code;
  }

  create(message: Create, attachments: readonly Attachment[]): void {
    const { actorId, className, name, incarnation } = message;
    if (message.cls.value !== undefined) {
      this.#code.receive(message.cls.id, this.#peer.values.fromWire(message.cls.value, attachments));
    }
    const handle = message.handle as HandleMeta; // written by the owner's ActorClass
    const hosted: Hosted = {
      message,
      about: { actorId, className, name, restarts: incarnation - 1, handle },
      instance: undefined,
      maxConcurrency: 1,
      queue: new Fifo(),
      running: 0,
      pumping: false,
      gone: false,
    };
    this.#actors.set(actorId, hosted);
    void this.#construct(hosted, holdArguments(message.args, attachments, this.#peer));
  }

  call(from: PeerId, message: Call, attachments: readonly Attachment[]): void {
    const hosted = this.#actors.get(message.actorId);
    const args = holdArguments(message.args, attachments, this.#peer);
    const { taskId, method, depth, retryExceptions, numReturns, retries } = message;
    const created = hosted?.message;
    const context = new TaskContext({
      taskId,
      name: `${created?.className ?? "actor"}.${method}`,
      depth: depth + 1,
      namespace: created?.namespace ?? "",
      resources: created?.resources ?? {},
      pool: created?.pool,
      actor: hosted?.about,
    });
    // Gone, or made anew since the call was sent: the caller hears of it from the node, and decides what becomes of it.
    if (hosted === undefined || hosted.gone || hosted.message.incarnation !== message.incarnation) return;
    this.#calls.set(taskId, context);
    const retry =
      typeof retryExceptions === "boolean"
        ? retryExceptions
        : this.#peer.values.fromWire(retryExceptions, attachments);
    const call = (values: unknown[]): unknown => invoke(hosted, method, values);
    hosted.queue.push({ context, from, args, numReturns, retries, retryExceptions: retry, call });
    void this.#pump(hosted);
  }

  cancel(taskId: TaskId, recursive: boolean): boolean {
    const context = this.#calls.get(taskId);
    context?.cancel(recursive);
    return context !== undefined;
  }

  /** Ends one actor of a shared thread; what it has queued fails. */
  drop(actorId: ActorId): void {
    const hosted = this.#actors.get(actorId);
    if (hosted === undefined) return;
    this.#actors.delete(actorId);
    hosted.gone = true;
    for (const { context } of hosted.queue.clear()) this.#calls.delete(context.taskId); // callers learn it from the node
  }

  /** All handles are gone, so no calls can be under way: the actor leaves. */
  leave(actorId: ActorId): void {
    const hosted = this.#actors.get(actorId);
    if (hosted !== undefined) this.#exit(hosted, "out-of-scope");
  }

  async #construct(hosted: Hosted, args: ReturnType<typeof holdArguments>): Promise<void> {
    await Promise.resolve(); // leave the channel's stack
    const { actorId, incarnation, className, namespace, resources, pool, depth, cls, maxConcurrency } =
      hosted.message;
    const context = new TaskContext({
      taskId: `${actorId}_create` as TaskId,
      name: `${className}.constructor`,
      depth: depth + 1,
      namespace,
      resources,
      pool,
      actor: hosted.about,
    });
    try {
      const loaded = await this.#code.load(cls.id, className);
      await prepareArguments(args);
      const values = decodeArguments(args);
      const instance: unknown = taskContext.run(context, () => Reflect.construct(loaded, values));
      // An object with the user's methods; which of them exist is checked at each call.
      hosted.instance = instance as Record<string, unknown>;
      hosted.maxConcurrency = maxConcurrency ?? (hasAsyncMethod(loaded) ? 1000 : 1);
      this.#peer.toNode({ t: "actor.created", actorId, incarnation });
      void this.#pump(hosted);
    } catch (error) {
      this.#actors.delete(actorId);
      const { encoded } = storeError(error, this.#peer);
      const plain = encoded.tracked.length === 0 && encoded.buffers.length === 0;
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      this.#peer.toNode({
        t: "actor.creationFailed",
        actorId,
        incarnation,
        error: { name, message, stack, value: plain ? encoded.bytes : undefined },
      });
    }
  }

  /** Begins queued calls in order while there is room. */
  async #pump(hosted: Hosted): Promise<void> {
    if (hosted.pumping || hosted.instance === undefined) return;
    hosted.pumping = true;
    await Promise.resolve(); // leave the channel's stack
    let sliceEnd = performance.now() + SLICE_MS;
    while (!hosted.gone && hosted.running < hosted.maxConcurrency) {
      const next = hosted.queue.shift();
      if (next === undefined) break;
      hosted.running++;
      const preparing = prepareArguments(next.args);
      if (preparing !== undefined) await preparing.catch(() => undefined); // decoding reports what is missing
      const finished = this.#execute(hosted, next);
      if (hosted.maxConcurrency > 1) continue;
      await finished;
      if (performance.now() > sliceEnd) {
        await new Promise((resolve) => setImmediate(resolve));
        sliceEnd = performance.now() + SLICE_MS;
      }
    }
    hosted.pumping = false;
    if (!hosted.gone && hosted.queue.length > 0 && hosted.running < hosted.maxConcurrency)
      void this.#pump(hosted);
  }

  async #execute(hosted: Hosted, execution: Execution): Promise<void> {
    const { context } = execution;
    if (context.signal.aborted) answerError(this.#peer, execution.from, context, context.signal.reason);
    else await execute(this.#watchForExit(hosted, execution), this.#peer);
    this.#calls.delete(context.taskId);
    hosted.running--;
    if (hosted.maxConcurrency > 1) void this.#pump(hosted);
  }

  /** `exitActor()` ends the actor instead of failing the call as an exception would. */
  #watchForExit(hosted: Hosted, execution: Execution): Execution {
    const call = async (args: unknown[]): Promise<unknown> => {
      try {
        return await execution.call(args);
      } catch (error) {
        if (!(error instanceof ActorExit)) throw error;
        this.#exit(hosted, "exited");
        const { actorId, className } = hosted.about;
        const message = `actor ${className} (${actorId}) ended itself with exitActor() in ${execution.context.name}`;
        throw new ActorExit(
          new ActorDiedError(message, { fields: { actorId, className, reason: "exited" } }),
        );
      }
    };
    return { ...execution, call };
  }

  #exit(hosted: Hosted, reason: "exited" | "out-of-scope"): void {
    const { actorId, incarnation } = hosted.message;
    this.drop(actorId);
    this.#peer.inbox.flush(); // results go out before the node hears of the end
    this.#peer.toNode({ t: "actor.exited", actorId, incarnation, reason });
  }
}

function invoke(hosted: Hosted, method: string, args: unknown[]): unknown {
  const fn = hosted.instance?.[method];
  if (typeof fn !== "function") {
    const names = hosted.about.handle.methods.join(", ");
    throw new InvalidArgumentError(
      "method",
      `${hosted.about.className} has no method ${method}; it has ${names}`,
    );
  }
  return Reflect.apply(fn, hosted.instance, args);
}

function hasAsyncMethod(cls: Function): boolean {
  for (
    let proto: unknown = cls.prototype;
    isObject(proto) && proto !== Object.prototype;
    proto = Object.getPrototypeOf(proto)
  ) {
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(proto))) {
      if (typeof value === "function" && value.constructor.name.startsWith("Async")) return true;
    }
  }
  return false;
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
