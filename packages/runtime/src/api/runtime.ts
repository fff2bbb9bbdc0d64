/** The runtime of this thread: the peer and what the public functions do with it. One per thread. */
import { InvalidArgumentError, PendingCallsLimitExceededError } from "../core/errors.ts";
import { newId } from "../core/ids.ts";
import { NOTHING } from "../core/nothing.ts";
import type { ObjectEntry } from "../objects/object-entry.ts";
import type { Creation } from "../peer/actor-client.ts";
import type { ActorTemplate } from "../peer/actor-template.ts";
import type { FunctionExport } from "../peer/function-sender.ts";
import type { Peer } from "../peer/peer.ts";
import type { TaskTemplate } from "../peer/task-template.ts";
import { encodeArguments, type Arguments } from "../peer/work.ts";
import { checkFunctionSize } from "../serialization/functions/size.ts";
import type { TaskContext } from "../worker/task-context.ts";
import {
  callName,
  type ActorHandle,
  type CallOptions,
  type HandleMeta,
  type HandleTarget,
} from "./actor-handle.ts";
import { ObjectRef } from "./object-ref.ts";
import { demand, type ActorOptions, type TaskOptions } from "./options.ts";

/** What an actor class is, apart from one actor's arguments. */
export interface ActorClassExport {
  readonly code: FunctionExport;
  readonly methods: readonly string[];
}

export class Runtime {
  readonly peer: Peer;
  readonly seed: number | undefined;
  readonly #context: () => TaskContext | undefined;
  #lastCreation: Creation | undefined;
  #hasExported = false;

  constructor(peer: Peer, context: () => TaskContext | undefined, seed?: number) {
    this.peer = peer;
    this.#context = context;
    this.seed = seed;
  }

  /** The task that the calling code belongs to; undefined in the driver. */
  get context(): TaskContext | undefined {
    return this.#context();
  }

  get namespace(): string {
    return this.#context()?.frame.namespace ?? this.peer.seat.namespace;
  }

  /** Whether a function or class has been captured. */
  get hasExported(): boolean {
    return this.#hasExported;
  }

  /** Captures a function or class, once. Identical code and captures share an id. */
  exportFunction(fn: Function, name: string): FunctionExport {
    this.#hasExported = true;
    const value = this.peer.values.store(fn, name);
    const { bytes, buffers, tracked } = value.encoded;
    const size = buffers.reduce((sum, buffer) => sum + buffer.byteLength, bytes.byteLength);
    checkFunctionSize(fn, name, size);
    const plain = buffers.length === 0 && tracked.length === 0;
    const id = plain ? `fn_${hash(bytes)}` : newId("fn");
    return { id: id, name, value };
  }

  /** What tasks of a function with these options have in common, submitted from the calling code. */
  template(fn: FunctionExport, options: TaskOptions): TaskTemplate {
    const { resources, pool } = demand("remote()", options, { kind: "task" });
    const { retryExceptions = false } = options;
    const depth = this.#context()?.depth ?? 0;
    return {
      name: options.name ?? fn.name,
      fn,
      resources,
      pool: pool ?? undefined,
      depth,
      namespace: this.namespace,
      numReturns: options.numReturns ?? 1,
      maxRetries: options.maxRetries ?? 3,
      retryExceptions:
        typeof retryExceptions === "boolean"
          ? retryExceptions
          : this.peer.values.store([...retryExceptions], "retryExceptions"),
      shape: `${resources.key()}|${depth}|${pool?.placementGroup ?? ""}|${pool?.bundleIndex ?? ""}`,
    };
  }

  submitTask(template: TaskTemplate, args: readonly unknown[]): ObjectRef | ObjectRef[] {
    const { peer } = this;
    const { name, numReturns, maxRetries } = template;
    const entry = peer.objects.create(name);
    const more = this.#more(name, numReturns);
    peer.tasks.submit({
      count: peer.pending.next(),
      submitter: peer.peerId,
      template,
      args: encodeArguments(args, peer.values),
      entry,
      more,
      parent: this.#context(),
      retries: maxRetries,
    });
    return refsOf(entry, more);
  }

  submitCall(
    handle: object,
    actor: HandleTarget,
    method: number,
    args: readonly unknown[],
    options: CallOptions,
  ): ObjectRef | ObjectRef[] {
    const { peer } = this;
    const { kind } = actor;
    const name = options.name ?? callName(kind, method);
    if (kind.maxPendingCalls > 0) checkPendingCalls(name, actor);
    const { numReturns = 1 } = options;
    const entry = peer.objects.create(name);
    const more = this.#more(name, numReturns);
    const parent = this.#context();
    peer.actors.submit({
      count: peer.pending.next(),
      submitter: peer.peerId,
      name,
      handle,
      actor,
      method,
      args: encodeArguments(args, peer.values),
      entry,
      more,
      parent,
      depth: parent?.depth ?? 0,
      retries: options.maxTaskRetries ?? kind.maxTaskRetries,
      retryExceptions: options.retryExceptions ?? kind.retryExceptions,
    });
    return refsOf(entry, more);
  }

  /** What actors of a class with these options have in common, made by the calling code. */
  actorTemplate(cls: ActorClassExport, options: ActorOptions): ActorTemplate {
    const { resources, placement, pool } = demand("remote()", options, { kind: "actor" });
    return {
      code: cls.code,
      handle: {
        className: cls.code.name,
        namespace: options.namespace ?? this.namespace,
        methods: cls.methods,
        maxTaskRetries: options.maxTaskRetries ?? 0,
        retryExceptions: options.retryExceptions ?? false,
        maxPendingCalls: options.maxPendingCalls ?? -1,
      },
      isolation: options.isolation ?? "thread",
      maxRestarts: options.maxRestarts ?? 0,
      maxConcurrency: options.maxConcurrency,
      resources,
      placement,
      pool,
      depth: this.#context()?.depth ?? 0,
    };
  }

  createActor(template: ActorTemplate, args: readonly unknown[], options: ActorOptions): ActorHandle {
    const { actors, values } = this.peer;
    const creation = this.#creation(template, encodeArguments(args, values));
    const { name } = options;
    return name === undefined ? actors.create(creation) : this.#createNamed(creation, name, options);
  }

  /** Actors that are made without arguments, one after another, share it. */
  #creation(template: ActorTemplate, args: Arguments): Creation {
    const last = this.#lastCreation;
    if (last?.template === template && last.args === args) return last;
    return (this.#lastCreation = { template, args });
  }

  #createNamed(creation: Creation, name: string, { getIfExists = false }: ActorOptions): ActorHandle {
    const { peer } = this;
    const client = peer.actors.own(creation, name);
    const { count } = client;
    if (count === undefined) throw new Error(`${client.actorId} is not this thread's own`);
    const template = peer.actors.numberOf(creation.template);
    const request = peer.request((requestId) =>
      peer.toNode({ t: "actor.registerNamed", template, count, name, getIfExists, requestId }),
    );
    peer.inbox.waitSync(() => request.done); // the name must be known to be free
    const { existing } = request.result as { existing?: HandleMeta }; // the node's reply
    if (existing === undefined) return peer.actors.handleOf(client);
    peer.actors.disown(client);
    if (getIfExists) return peer.actors.receive(existing.actorId, existing);
    throw new InvalidArgumentError(
      "options.name",
      `an actor named ${JSON.stringify(name)} lives in namespace ${JSON.stringify(client.kind.namespace)} already; ` +
        "use getActor(name), or { getIfExists: true }",
    );
  }

  /** The objects of the return values after the first. */
  #more(name: string, numReturns: number): readonly ObjectEntry[] {
    if (numReturns === 1) return NOTHING;
    return Array.from({ length: numReturns - 1 }, () => this.peer.objects.create(name));
  }
}

function refsOf(entry: ObjectEntry, more: readonly ObjectEntry[]): ObjectRef | ObjectRef[] {
  return more.length === 0 ? new ObjectRef(entry) : [entry, ...more].map((each) => new ObjectRef(each));
}

/** `node:crypto` takes milliseconds to load, and most threads export no function. */
function hash(bytes: Uint8Array): string {
  return process.getBuiltinModule("node:crypto").createHash("sha1").update(bytes).digest("base64url");
}

function checkPendingCalls(name: string, actor: HandleTarget): void {
  const { pendingCalls } = actor;
  const { maxPendingCalls } = actor.kind;
  if (pendingCalls < maxPendingCalls) return;
  throw new PendingCallsLimitExceededError(
    `${name}: ${pendingCalls} calls are pending already, and maxPendingCalls is ${maxPendingCalls}; wait for some first`,
    { actorId: actor.actorId, maxPendingCalls },
  );
}
