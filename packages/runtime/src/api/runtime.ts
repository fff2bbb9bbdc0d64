/**
 * The runtime of this thread: the peer and what the public functions do with it. One per thread, found under a
 * `Symbol.for` key, so that two copies of this package in one process share it.
 */
import { InvalidArgumentError, NotInitializedError, PendingCallsLimitExceededError } from "../core/errors.ts";
import { newId, type ActorId } from "../core/ids.ts";
import type { ObjectEntry } from "../objects/object-entry.ts";
import type { StoredValue } from "../objects/stored-value.ts";
import type { FunctionExport } from "../peer/function-sender.ts";
import type { Peer } from "../peer/peer.ts";
import type { TaskTemplate } from "../peer/task-template.ts";
import { argumentsToWire, encodeArguments, whenArgumentsReady } from "../peer/work.ts";
import type { Attachment } from "../transport/channel.ts";
import { checkFunctionSize } from "../serialization/functions/size.ts";
import type { TaskContext } from "../worker/task-context.ts";
import type { ActorHandle, ActorHold, CallOptions, HandleMeta } from "./actor-handle.ts";
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

  /** Captures a function or class, once. Identical code and captures share an id. */
  exportFunction(fn: Function, name: string): FunctionExport {
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

  submitTask(template: TaskTemplate, args: readonly unknown[], single: boolean): ObjectRef | ObjectRef[] {
    const { peer } = this;
    const entries = this.#entries(template.name, template.numReturns);
    peer.tasks.submit({
      count: peer.pending.next(),
      submitter: peer.peerId,
      template,
      args: encodeArguments(args, peer.values),
      entries,
      retries: template.maxRetries,
    });
    return refsOf(entries, single);
  }

  submitCall(
    hold: ActorHold,
    meta: HandleMeta,
    method: number,
    args: readonly unknown[],
    options: CallOptions,
  ): ObjectRef | ObjectRef[] {
    const { peer } = this;
    const name = options.name ?? callName(meta, method);
    if (meta.maxPendingCalls > 0 && hold.pendingCalls >= meta.maxPendingCalls) {
      throw new PendingCallsLimitExceededError(
        `${name}: ${hold.pendingCalls} calls are pending already, and maxPendingCalls is ${meta.maxPendingCalls}; wait for some first`,
        { actorId: meta.actorId, maxPendingCalls: meta.maxPendingCalls },
      );
    }
    const { numReturns = 1 } = options;
    const entries = this.#entries(name, numReturns);
    peer.actors.submit({
      count: peer.pending.next(),
      submitter: peer.peerId,
      name,
      hold,
      method,
      args: encodeArguments(args, peer.values),
      entries,
      depth: this.#context()?.depth ?? 0,
      retries: options.maxTaskRetries ?? meta.maxTaskRetries,
      retryExceptions: options.retryExceptions ?? meta.retryExceptions,
    });
    return refsOf(entries, numReturns === 1);
  }

  createActor(cls: ActorClassExport, args: readonly unknown[], options: ActorOptions): ActorHandle {
    const { peer } = this;
    const { resources, placement, pool } = demand("remote()", options, { kind: "actor" });
    const depth = this.#context()?.depth ?? 0;
    const actorId = newId("actor") as ActorId;
    const className = cls.code.name;
    const namespace = options.namespace ?? this.namespace;
    const isolation = options.isolation ?? "thread";
    const meta: HandleMeta = {
      actorId,
      className,
      name: options.name,
      namespace,
      methods: cls.methods,
      maxTaskRetries: options.maxTaskRetries ?? 0,
      retryExceptions: options.retryExceptions ?? false,
      maxPendingCalls: options.maxPendingCalls ?? -1,
    };
    const held = encodeArguments(args, peer.values);
    const handle = peer.actors.own(meta, (workerId, incarnation) =>
      whenArgumentsReady(held, peer.objects, (error) => {
        if (error !== undefined) {
          const text = { name: "Error", message: "an argument of the constructor failed", stack: undefined };
          peer.toNode({
            t: "actor.creationFailed",
            actorId,
            incarnation,
            error: { ...text, ...plainError(error) },
          });
          return;
        }
        const attachments: Attachment[] = [];
        peer.toPeer(
          workerId,
          {
            t: "actor.create",
            actorId,
            incarnation,
            className,
            name: options.name,
            namespace,
            cls: peer.functions.toWire(cls.code, workerId, attachments),
            args: argumentsToWire(held, workerId, peer.values, attachments),
            isolation,
            maxConcurrency: options.maxConcurrency,
            depth,
            resources: resources.toJSON(),
            pool,
            handle: meta,
          },
          attachments,
        );
      }),
    );
    const request = peer.request((requestId) =>
      peer.toNode({
        t: "actor.register",
        registration: {
          actorId,
          ownerId: peer.peerId,
          className,
          name: options.name,
          namespace,
          isolation,
          maxRestarts: options.maxRestarts ?? 0,
          handle: meta,
        },
        demand: { resources: resources.toJSON(), pool, depth, name: className },
        placement: placement.toJSON(),
        getIfExists: options.getIfExists ?? false,
        requestId,
      }),
    );
    if (options.name === undefined) return handle;
    peer.inbox.waitSync(() => request.done); // the name must be known to be free
    const { existing } = request.result as { existing?: HandleMeta }; // the node's reply
    if (existing === undefined) return handle;
    peer.actors.disown(actorId);
    if (options.getIfExists === true) return peer.actors.receive(existing.actorId, existing);
    throw new InvalidArgumentError(
      "options.name",
      `an actor named ${JSON.stringify(options.name)} lives in namespace ${JSON.stringify(namespace)} already; ` +
        "use getActor(name), or { getIfExists: true }",
    );
  }

  #entries(name: string, numReturns: number): readonly ObjectEntry[] {
    const { objects } = this.peer;
    const entries = [objects.create(name)];
    for (let i = 1; i < numReturns; i++) entries.push(objects.create(name));
    const context = this.#context();
    if (context !== undefined) for (const entry of entries) context.adopt(entry);
    return entries;
  }
}

function refsOf(entries: readonly ObjectEntry[], single: boolean): ObjectRef | ObjectRef[] {
  const [first] = entries;
  return single && first !== undefined ? new ObjectRef(first) : entries.map((entry) => new ObjectRef(entry));
}

/** Names of the calls of each class of actors; all actors that one thread makes of a class share their methods. */
const callNames = new WeakMap<readonly string[], readonly string[]>();

function callName({ className, methods }: HandleMeta, method: number): string {
  let names = callNames.get(methods);
  if (names === undefined) callNames.set(methods, (names = methods.map((name) => `${className}.${name}`)));
  return names[method] ?? className;
}

/** `node:crypto` takes milliseconds to load, and most threads export no function. */
function hash(bytes: Uint8Array): string {
  return process.getBuiltinModule("node:crypto").createHash("sha1").update(bytes).digest("base64url");
}

function plainError(error: Error | StoredValue): { message?: string; value?: Uint8Array | undefined } {
  if (error instanceof Error) return { message: error.message };
  const { bytes, buffers, tracked } = error.encoded;
  return buffers.length === 0 && tracked.length === 0 ? { value: bytes } : {};
}

const key = Symbol.for("@mantajs/runtime/current");
const holder = globalThis as { [key]?: Runtime | undefined };
let autoInit: (() => void) | undefined;

export function installRuntime(runtime: Runtime | undefined): void {
  holder[key] = runtime;
}

export function installedRuntime(): Runtime | undefined {
  return holder[key];
}

/** How a driver starts when the first `.remote()` comes before `init()`. */
export function setAutoInit(start: () => void): void {
  autoInit = start;
}

/** The runtime of this thread; a driver without one starts it with the defaults. */
export function currentRuntime(what: string): Runtime {
  if (holder[key] === undefined) autoInit?.();
  const runtime = holder[key];
  if (runtime === undefined) throw new NotInitializedError(what);
  return runtime;
}
