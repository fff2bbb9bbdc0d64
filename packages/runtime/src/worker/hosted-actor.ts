/** One actor that lives in this thread, and its calls. One record for each actor: as small as can be. */
import { callName, type HandleMeta } from "../api/actor-handle.ts";
import { InvalidArgumentError } from "../core/errors.ts";
import { actorIdOf, type ActorId, type PeerId } from "../core/ids.ts";
import { LinkedList, type Linked } from "../core/linked-list.ts";
import { methodsOf } from "../core/methods.ts";
import type { PoolSelector } from "../core/resource-pools.ts";
import type { Resources } from "../core/resources.ts";
import type { PeerToPeer, WireActorTemplate } from "../transport/protocol.ts";
import { letGo, type Execution, type HeldArguments } from "./execution.ts";
import { taskContext, TaskContext, type ContextActor, type ContextFrame } from "./task-context.ts";

type Create = Extract<PeerToPeer, { t: "actor.create" }>;
type Call = Extract<PeerToPeer, { t: "actor.call" }>;

export class HostedActor implements ContextActor, ContextFrame {
  readonly template: WireActorTemplate;
  /** Where callers find it in this thread. */
  readonly address: number;
  readonly name: string | undefined;
  /** Times that the constructor ran before this one. */
  readonly restarts: number;
  /** The constructor's, until it begins. */
  args: HeldArguments | undefined;
  instance: Record<string, unknown> | undefined;
  maxConcurrency = 1;
  /** The call whose synchronous code runs. */
  current: TaskContext | undefined;
  waitsForTurn = false;
  /** The arguments of its next call import something. */
  isLoading = false;
  gone = false;
  readonly #owner: PeerId;
  readonly #count: number;
  #queue: LinkedList<HostedCall> | undefined;
  #underWay: Set<TaskContext> | undefined;

  constructor(owner: PeerId, create: Create, template: WireActorTemplate, args: HeldArguments) {
    this.template = template;
    this.address = create.address;
    this.name = create.name;
    this.restarts = create.incarnation - 1;
    this.args = args;
    this.#owner = owner;
    this.#count = create.count;
  }

  get actorId(): ActorId {
    return actorIdOf(this.#owner, this.#count);
  }

  get className(): string {
    return this.template.handle.className;
  }

  get namespace(): string {
    return this.template.handle.namespace;
  }

  get resources(): Resources {
    return this.template.resources;
  }

  get pool(): PoolSelector | undefined {
    return this.template.pool;
  }

  get handle(): HandleMeta {
    return { kind: this.template.handle, actorId: this.actorId, name: this.name };
  }

  /** Itself: it is what its calls have in common, too. */
  get actor(): ContextActor {
    return this;
  }

  /** A call that has arrived; calls begin in this order. */
  push(call: HostedCall): void {
    (this.#queue ??= new LinkedList()).push(call);
  }

  /** The next call to begin. */
  shift(): HostedCall | undefined {
    return this.#queue?.shift();
  }

  /** Drops what has not begun. */
  end(): void {
    this.gone = true;
    if (this.args !== undefined) letGo(this.args);
    this.args = undefined;
    for (const call of this.#queue?.clear() ?? []) letGo(call.args);
  }

  /** Calls that have begun and will finish later. */
  get underWay(): Set<TaskContext> {
    return (this.#underWay ??= new Set());
  }

  /** Whether one more call may begin. */
  get isFree(): boolean {
    return !this.isLoading && (this.#underWay?.size ?? 0) < this.maxConcurrency;
  }

  /** The call, if it has not finished. */
  find(from: PeerId, count: number): TaskContext | undefined {
    const is = (context: TaskContext): boolean => context.count === count && context.submitter === from;
    if (this.current !== undefined && is(this.current)) return this.current;
    for (const context of this.#underWay ?? []) if (is(context)) return context;
    for (let call = this.#queue?.first; call !== undefined; call = call.after) {
      if (is(call.context)) return call.context;
    }
    return undefined;
  }

  /** Runs the constructor. */
  construct(cls: Function, args: unknown[], submitter: PeerId): void {
    const name = `${this.className}.constructor`;
    const context = new TaskContext(submitter, this.address, name, this.template.depth + 1, this);
    const instance: unknown = taskContext.run(context, () => Reflect.construct(cls, args));
    // An object with the user's methods; which of them exist is checked at each call.
    this.instance = instance as Record<string, unknown>;
    this.maxConcurrency = this.template.maxConcurrency ?? (hasAsyncMethod(cls) ? 1000 : 1);
  }

  invoke(method: string, args: unknown[]): unknown {
    const fn = this.instance?.[method];
    if (typeof fn !== "function") {
      const names = this.template.handle.methods.join(", ");
      throw new InvalidArgumentError("method", `${this.className} has no method ${method}; it has ${names}`);
    }
    return Reflect.apply(fn, this.instance, args);
  }
}

/** One call of an actor's method. */
export class HostedCall implements Execution, Linked<HostedCall> {
  readonly context: TaskContext;
  readonly numReturns: number;
  readonly args: HeldArguments;
  readonly retryExceptions: boolean;
  retries: number;
  before: HostedCall | undefined;
  after: HostedCall | undefined;
  list: LinkedList<HostedCall> | undefined;
  readonly #actor: HostedActor;
  readonly #method: string;
  readonly #judge: (error: unknown, call: HostedCall) => unknown;

  constructor(
    from: PeerId,
    call: Call,
    actor: HostedActor,
    args: HeldArguments,
    judge: (error: unknown, call: HostedCall) => unknown,
  ) {
    const { handle } = actor.template;
    this.#method = handle.methods[call.method] ?? "";
    this.context = new TaskContext(from, call.count, callName(handle, call.method), call.depth + 1, actor);
    this.numReturns = call.numReturns;
    this.args = args;
    this.retryExceptions = call.retryExceptions;
    this.retries = call.retries;
    this.#actor = actor;
    this.#judge = judge;
  }

  get actor(): HostedActor {
    return this.#actor;
  }

  run(args: unknown[]): unknown {
    return this.#actor.invoke(this.#method, args);
  }

  judge(error: unknown): unknown {
    return this.#judge(error, this);
  }
}

const asyncClasses = new WeakMap<Function, boolean>();

function hasAsyncMethod(cls: Function): boolean {
  let has = asyncClasses.get(cls);
  if (has === undefined) asyncClasses.set(cls, (has = findAsyncMethod(cls)));
  return has;
}

function findAsyncMethod(cls: Function): boolean {
  for (const [, method] of methodsOf(cls)) if (method.constructor.name.startsWith("Async")) return true;
  return false;
}
