/** Handles to actors: what they carry, how they look to users, and the hold that keeps an actor alive. */
import { inspect } from "node:util";

import type { ActorId } from "../core/ids.ts";
import type { ObjectRef } from "./object-ref.ts";
import { checkCallOptions } from "./options.ts";
import type { ActorMethod, ActorMethods } from "./types.ts";

/** What all handles to actors of a class with one set of options have in common. Plain data. */
export interface HandleKind {
  readonly className: string;
  readonly namespace: string;
  readonly methods: readonly string[];
  readonly maxTaskRetries: number;
  readonly retryExceptions: boolean;
  readonly maxPendingCalls: number;
}

/** Names of the calls of each class of actors; all actors that one thread makes of a class share their methods. */
const callNames = new WeakMap<readonly string[], readonly string[]>();

/** `Class.method`, for messages. */
export function callName({ className, methods }: HandleKind, method: number): string {
  let names = callNames.get(methods);
  if (names === undefined) callNames.set(methods, (names = methods.map((name) => `${className}.${name}`)));
  return names[method] ?? className;
}

/** What a handle needs to be made again in another thread. */
export interface HandleMeta {
  readonly kind: HandleKind;
  readonly actorId: ActorId;
  readonly name: string | undefined;
}

/** Options of one call, `handle.method.options({...}).remote()`. */
export interface CallOptions {
  /** Attempts after the first when the actor dies during the call (and, with `retryExceptions`, when it raises). @defaultValue the actor's `maxTaskRetries` */
  readonly maxTaskRetries?: number;
  /** Whether an exception is retried. @defaultValue the actor's `retryExceptions` */
  readonly retryExceptions?: boolean;
  /** How many results the method returns, as an array. @defaultValue 1 */
  readonly numReturns?: number;
  /** Name for logs and errors. @defaultValue `Class.method` */
  readonly name?: string;
}

/** What a thread knows of an actor that it has handles of. */
export interface HandleTarget extends HandleMeta {
  /** Calls without results yet. */
  readonly pendingCalls: number;
}

/** Submits a call; given by the runtime. */
export type CallSubmitter = (
  /** Kept by the call until it is done: the actor must not go out of scope before. */
  handle: object,
  actor: HandleTarget,
  /** Index in `kind.methods`. */
  method: number,
  args: readonly unknown[],
  options: CallOptions,
) => ObjectRef | ObjectRef[];

/**
 * In a private field, so that no name of a user's method can collide. When all handles of a thread and all of its
 * unfinished calls are collected, the thread has no use for the actor.
 */
class BaseHandle {
  readonly #actor: HandleTarget;

  constructor(actor: HandleTarget) {
    this.#actor = actor;
  }

  toString(): string {
    const { kind, actorId } = this.#actor;
    return `ActorHandle(${kind.className}, ${actorId})`;
  }

  static is(value: unknown): value is BaseHandle {
    return typeof value === "object" && value !== null && #actor in value;
  }

  static actorOf(handle: object): HandleTarget {
    if (!BaseHandle.is(handle)) throw new TypeError("not an ActorHandle of this thread");
    return handle.#actor;
  }
}

Object.defineProperty(BaseHandle.prototype, inspect.custom, {
  value: function (this: BaseHandle): string {
    return this.toString();
  },
});

/** The class that the codec and `instanceof` know; the typed face is `ActorHandle<T>`. */
export const ActorHandleClass: typeof BaseHandle = BaseHandle;

/**
 * A typed handle to a remote actor: each public method of `T` has `.remote(...)`. Send it anywhere; the actor lives
 * as long as some handle does.
 *
 * @example
 * const counter = ray.remote(Counter).remote(10);
 * await ray.get(counter.add.remote(1));
 */
export type ActorHandle<T = unknown> = ActorMethods<T> & BaseHandle;

class Method {
  readonly #handle: BaseHandle;
  readonly #index: number;
  readonly #submit: CallSubmitter;
  readonly #options: CallOptions;

  constructor(handle: BaseHandle, index: number, submit: CallSubmitter, options: CallOptions) {
    this.#handle = handle;
    this.#index = index;
    this.#submit = submit;
    this.#options = options;
  }

  remote(...args: readonly unknown[]): ObjectRef | ObjectRef[] {
    return this.#submit(this.#handle, BaseHandle.actorOf(this.#handle), this.#index, args, this.#options);
  }

  options(options: CallOptions): Method {
    const merged = { ...this.#options, ...options };
    const { className, methods } = BaseHandle.actorOf(this.#handle).kind;
    checkCallOptions(`${className}.${methods[this.#index] ?? ""}.options()`, merged);
    return new Method(this.#handle, this.#index, this.#submit, merged);
  }

  /** What travels in place of a method that is kept apart from its handle. */
  static reduce(method: Method): MethodState {
    const { methods } = BaseHandle.actorOf(method.#handle).kind;
    return [method.#handle, methods[method.#index] ?? "", method.#options];
  }

  static revive([handle, name, options]: MethodState): Method {
    const method: unknown = Reflect.get(handle, name);
    if (!(method instanceof Method)) throw new TypeError(`${handle.toString()} has no method ${name}`);
    return method.options(options);
  }
}

type MethodState = readonly [handle: BaseHandle, name: string, options: CallOptions];

/** The class that the codec knows; the typed face is `ActorMethod`. */
export const ActorMethodClass: typeof Method = Method;

const NO_OPTIONS: CallOptions = Object.freeze({});

type HandleClass = typeof BaseHandle;

/** One class for each set of methods, so that 100,000 handles of a class share it. */
const classes = new Map<string, HandleClass>();
/** The same, found faster: all actors that one thread makes of a class share their list of methods. */
const classOf = new WeakMap<readonly string[], HandleClass>();

function handleClass({ className, methods }: HandleKind, submit: CallSubmitter): HandleClass {
  const known = classOf.get(methods);
  if (known !== undefined) return known;
  const key = JSON.stringify([className, methods]);
  let made = classes.get(key);
  if (made === undefined) {
    made = class ActorHandle extends BaseHandle {};
    methods.forEach((name, index) => {
      Object.defineProperty(made?.prototype, name, {
        configurable: true,
        get(this: object): ActorMethod<() => unknown> {
          if (!BaseHandle.is(this)) throw new TypeError("not an ActorHandle of this thread");
          // The typed face of a method; its shape is checked by ActorMethods<T>.
          return new Method(this, index, submit, NO_OPTIONS) as unknown as ActorMethod<() => unknown>;
        },
      });
    });
    classes.set(key, made);
  }
  classOf.set(methods, made);
  return made;
}

/** Makes a handle; the type argument is the caller's knowledge of the actor's class. */
export function makeHandle<T>(actor: HandleTarget, submit: CallSubmitter): ActorHandle<T> {
  const Handle = handleClass(actor.kind, submit);
  return new Handle(actor) as ActorHandle<T>; // methods come from the prototype
}

export function isActorHandle(value: unknown): value is ActorHandle {
  return BaseHandle.is(value);
}

/** What a handle carries. */
export function handleMeta(handle: object): HandleMeta {
  return BaseHandle.actorOf(handle);
}
