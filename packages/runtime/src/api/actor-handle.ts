/** Handles to actors: what they carry, how they look to users, and the hold that keeps an actor alive. */
import { inspect } from "node:util";

import type { ActorId } from "../core/ids.ts";
import type { ObjectRef } from "./object-ref.ts";
import type { ActorMethod, ActorMethods } from "./types.ts";

/** What a handle needs to be made again in another thread. Plain data. */
export interface HandleMeta {
  readonly actorId: ActorId;
  readonly className: string;
  readonly name: string | undefined;
  readonly namespace: string;
  readonly methods: readonly string[];
  readonly maxTaskRetries: number;
  readonly retryExceptions: boolean;
  readonly maxPendingCalls: number;
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

/** Kept by every handle and every unfinished call; when it is collected, this thread has no use for the actor. */
export interface ActorHold {
  readonly actorId: ActorId;
  pendingCalls: number;
}

/** Submits a call; given by the runtime. */
export type CallSubmitter = (
  hold: ActorHold,
  meta: HandleMeta,
  method: string,
  args: readonly unknown[],
  options: CallOptions,
) => ObjectRef | ObjectRef[];

interface Inside {
  readonly meta: HandleMeta;
  readonly hold: ActorHold;
}

/** Kept outside of the handle, so that no name of a user's method can collide. */
const insides = new WeakMap<object, Inside>();

class BaseHandle {
  toString(): string {
    const { className, actorId } = handleMeta(this);
    return `ActorHandle(${className}, ${actorId})`;
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
  readonly #handle: object;
  readonly #name: string;
  readonly #submit: CallSubmitter;
  readonly #options: CallOptions;

  constructor(handle: object, name: string, submit: CallSubmitter, options: CallOptions) {
    this.#handle = handle;
    this.#name = name;
    this.#submit = submit;
    this.#options = options;
  }

  remote(...args: readonly unknown[]): ObjectRef | ObjectRef[] {
    const { hold, meta } = insideOf(this.#handle);
    return this.#submit(hold, meta, this.#name, args, this.#options);
  }

  options(options: CallOptions): Method {
    return new Method(this.#handle, this.#name, this.#submit, { ...this.#options, ...options });
  }
}

/** One prototype for each set of methods, so that 100,000 handles of a class share it. */
const prototypes = new Map<string, object>();

function prototypeFor(meta: HandleMeta, submit: CallSubmitter): object {
  const key = JSON.stringify([meta.className, meta.methods]);
  let prototype = prototypes.get(key);
  if (prototype === undefined) {
    prototype = Object.create(BaseHandle.prototype) as object;
    for (const name of meta.methods) {
      Object.defineProperty(prototype, name, {
        configurable: true,
        get(this: object): ActorMethod<() => unknown> {
          // The typed face of a method; its shape is checked by ActorMethods<T>.
          return new Method(this, name, submit, {}) as unknown as ActorMethod<() => unknown>;
        },
      });
    }
    prototypes.set(key, prototype);
  }
  return prototype;
}

/** Makes a handle; the type argument is the caller's knowledge of the actor's class. */
export function makeHandle<T>(meta: HandleMeta, hold: ActorHold, submit: CallSubmitter): ActorHandle<T> {
  const handle = Object.create(prototypeFor(meta, submit)) as ActorHandle<T>; // methods come from the prototype
  insides.set(handle, { meta, hold });
  return handle;
}

export function isActorHandle(value: unknown): value is ActorHandle {
  return typeof value === "object" && value !== null && insides.has(value);
}

/** What a handle carries. */
export function handleMeta(handle: object): HandleMeta {
  return insideOf(handle).meta;
}

function insideOf(handle: object): Inside {
  const inside = insides.get(handle);
  if (inside === undefined) throw new TypeError("not an ActorHandle of this thread");
  return inside;
}
