/**
 * The actors that live in this worker: one in a thread of its own, or many in a shared one. Calls of an actor begin in
 * the order in which they arrived; an actor without async methods runs them one at a time.
 */
import { ActorDiedError, InvalidArgumentError } from "../core/errors.ts";
import { Fifo } from "../core/fifo.ts";
import type { ActorId, PeerId } from "../core/ids.ts";
import { Introduced } from "../peer/introductions.ts";
import type { Peer } from "../peer/peer.ts";
import type { HandleMeta } from "../api/actor-handle.ts";
import type { Attachment } from "../transport/channel.ts";
import type { PeerToPeer, WireActorTemplate } from "../transport/protocol.ts";
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
import { taskContext, TaskContext, type ContextActor, type ContextFrame } from "./task-context.ts";

type Create = Extract<PeerToPeer, { t: "actor.create" }>;
type Call = Extract<PeerToPeer, { t: "actor.call" }>;

interface Hosted {
  readonly template: WireActorTemplate;
  readonly incarnation: number;
  readonly about: ContextActor;
  readonly frame: ContextFrame;
  /** Where callers find it in this thread. */
  readonly address: number;
  instance: Record<string, unknown> | undefined;
  maxConcurrency: number;
  readonly queue: Fifo<Execution>;
  /** Calls that have begun and will finish later. */
  readonly calls: Set<TaskContext>;
  /** The call whose synchronous code runs. */
  current: TaskContext | undefined;
  pumping: boolean;
  gone: boolean;
}

/** How long calls run back to back before the thread looks at its messages again. */
const SLICE_MS = 10;

export class ActorHost {
  readonly #peer: Peer;
  readonly #code: Code;
  readonly #actors = new Map<ActorId, Hosted>();
  readonly #addresses = new Map<number, Hosted>();
  readonly #templates = new Introduced<WireActorTemplate>();
  #nextAddress = 1;

  constructor(peer: Peer, code: Code) {
    this.#peer = peer;
    this.#code = code;
  }

  learn(from: PeerId, number: number, of: WireActorTemplate, attachments: readonly Attachment[]): void {
    if (of.cls.value !== undefined) {
      this.#code.receive(of.cls.id, this.#peer.values.fromWire(of.cls.value, attachments));
    }
    this.#templates.learn(from, number, of);
  }

  forget(from: PeerId, template: number): void {
    this.#templates.forget(from, template);
  }

  peerDied(peer: PeerId): void {
    this.#templates.peerDied(peer);
  }

  create(from: PeerId, message: Create, attachments: readonly Attachment[]): void {
    const { actorId, name, incarnation } = message;
    const template = this.#templates.get(from, message.template);
    const { handle, resources, pool } = template;
    const { className, namespace } = handle;
    const meta: HandleMeta = { ...handle, actorId, name };
    const about: ContextActor = { actorId, className, name, restarts: incarnation - 1, handle: meta };
    const hosted: Hosted = {
      template,
      incarnation,
      about,
      frame: { namespace, resources, pool, actor: about },
      address: this.#nextAddress++,
      instance: undefined,
      maxConcurrency: 1,
      queue: new Fifo(),
      calls: new Set(),
      current: undefined,
      pumping: false,
      gone: false,
    };
    this.#actors.set(actorId, hosted);
    this.#addresses.set(hosted.address, hosted);
    void this.#construct(hosted, holdArguments(message.args, attachments, this.#peer));
  }

  call(from: PeerId, message: Call, attachments: readonly Attachment[]): void {
    const hosted = this.#addresses.get(message.address);
    const args = holdArguments(message.args, attachments, this.#peer);
    // Gone, or made anew since the call was sent: the caller hears of it from the node, and decides what becomes of it.
    if (hosted === undefined) return;
    const { count, depth, retryExceptions, numReturns, retries } = message;
    const { className, handle } = hosted.about;
    const method = handle.methods[message.method] ?? "";
    const context = new TaskContext(from, count, `${className}.${method}`, depth + 1, hosted.frame);
    const call = (values: unknown[]): unknown => invoke(hosted, method, values);
    const judge = (error: unknown): unknown =>
      error instanceof ActorExit ? this.#leftBy(hosted, context) : error;
    hosted.queue.push({ context, args, numReturns, retries, retryExceptions, call, judge });
    this.#pump(hosted);
  }

  cancel(from: PeerId, count: number, recursive: boolean): void {
    const is = (context: TaskContext): boolean => context.count === count && context.submitter === from;
    for (const { current, calls, queue } of this.#actors.values()) {
      if (current !== undefined && is(current)) return current.cancel(recursive);
      const context = [...calls].find(is) ?? queue.find((call) => is(call.context))?.context;
      if (context !== undefined) return context.cancel(recursive);
    }
  }

  /** Ends one actor of a shared thread; what it has queued is dropped: callers learn it from the node. */
  drop(actorId: ActorId): void {
    const hosted = this.#actors.get(actorId);
    if (hosted === undefined) return;
    this.#actors.delete(actorId);
    this.#addresses.delete(hosted.address);
    hosted.gone = true;
    hosted.queue.clear();
  }

  /** All handles are gone, so no calls can be under way: the actor leaves. */
  leave(actorId: ActorId): void {
    const hosted = this.#actors.get(actorId);
    if (hosted !== undefined) this.#exit(hosted, "out-of-scope");
  }

  async #construct(hosted: Hosted, args: ReturnType<typeof holdArguments>): Promise<void> {
    await Promise.resolve(); // leave the channel's stack
    const { incarnation, template } = hosted;
    const { actorId, className } = hosted.about;
    const { depth, cls, maxConcurrency } = template;
    const name = `${className}.constructor`;
    const context = new TaskContext(this.#peer.peerId, hosted.address, name, depth + 1, hosted.frame);
    try {
      const loaded = await this.#code.load(cls.id, className);
      await prepareArguments(args);
      const values = decodeArguments(args);
      const instance: unknown = taskContext.run(context, () => Reflect.construct(loaded, values));
      // An object with the user's methods; which of them exist is checked at each call.
      hosted.instance = instance as Record<string, unknown>;
      hosted.maxConcurrency = maxConcurrency ?? (hasAsyncMethod(loaded) ? 1000 : 1);
      this.#peer.toNode({ t: "actor.created", actorId, incarnation, address: hosted.address });
      this.#pump(hosted);
    } catch (error) {
      this.drop(actorId);
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

  /** Begins queued calls, in order, after this turn: user code never runs on the channel's stack. */
  #pump(hosted: Hosted): void {
    if (hosted.pumping || hosted.instance === undefined || hosted.calls.size >= hosted.maxConcurrency) return;
    hosted.pumping = true;
    queueMicrotask(() => this.#run(hosted));
  }

  #run(hosted: Hosted): void {
    const sliceEnd = performance.now() + SLICE_MS;
    while (!hosted.gone && hosted.calls.size < hosted.maxConcurrency) {
      const next = hosted.queue.shift();
      if (next === undefined) break;
      const preparing = prepareArguments(next.args);
      if (preparing !== undefined) {
        // Later calls do not begin before this one. Decoding reports what could not be loaded.
        const go = (): void => {
          this.#begin(hosted, next);
          this.#run(hosted);
        };
        void preparing.then(go, go);
        return;
      }
      this.#begin(hosted, next);
      if (performance.now() > sliceEnd && hosted.queue.length > 0) {
        setImmediate(() => this.#run(hosted));
        return;
      }
    }
    hosted.pumping = false;
  }

  #begin(hosted: Hosted, call: Execution): void {
    const { context } = call;
    if (context.isCancelled) return answerError(this.#peer, context, context.signal.reason);
    hosted.current = context;
    const unfinished = execute(call, this.#peer);
    hosted.current = undefined;
    if (unfinished === undefined) return;
    hosted.calls.add(context);
    void unfinished.then(() => {
      hosted.calls.delete(context);
      this.#pump(hosted);
    });
  }

  /** `exitActor()` ends the actor instead of failing the call as an exception would. */
  #leftBy(hosted: Hosted, context: TaskContext): ActorExit {
    this.#exit(hosted, "exited");
    const { actorId, className } = hosted.about;
    const message = `actor ${className} (${actorId}) ended itself with exitActor() in ${context.name}`;
    return new ActorExit(new ActorDiedError(message, { fields: { actorId, className, reason: "exited" } }));
  }

  #exit(hosted: Hosted, reason: "exited" | "out-of-scope"): void {
    const { actorId } = hosted.about;
    const { incarnation } = hosted;
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
