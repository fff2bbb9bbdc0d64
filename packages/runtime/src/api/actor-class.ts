/** Actor classes: a class and its options; `.remote(...)` makes an actor and returns its handle. */
import { InvalidArgumentError } from "../core/errors.ts";
import { methodsOf } from "../core/methods.ts";
import type { ActorTemplate } from "../peer/actor-template.ts";
import type { ActorHandle } from "./actor-handle.ts";
import { setCaptures } from "../serialization/functions/captures.ts";
import { LastTemplate } from "./last-template.ts";
import { checkActorOptions, type ActorOptions } from "./options.ts";
import { capture } from "./remote-function.ts";
import { currentRuntime } from "./current-runtime.ts";
import type { AnyClass, Args, ConstructorParametersOf } from "./types.ts";

/**
 * A class whose instances live in workers. Made by `remote(Class)`.
 *
 * @example
 * const Counters = ray.remote(Counter, { maxRestarts: 1 });
 * const counter = Counters.remote(10);
 * await ray.get(counter.add.remote(1));
 */
export class ActorClass<C extends AnyClass> {
  /** Read when it is used: a class that captures its own actor class arrives after it. */
  readonly #target: readonly [cls: C, options: ActorOptions];
  readonly #last = new LastTemplate<ActorTemplate>();

  /** @internal Use `remote`. */
  constructor(target: readonly [cls: C, options: ActorOptions]) {
    this.#target = target;
  }

  /**
   * Makes an actor; returns its handle at once. Refs among the arguments are awaited before the constructor runs.
   *
   * @throws SerializationError when the class or an argument cannot be carried
   * @throws InvalidArgumentError when an actor of that name lives already
   */
  remote(...args: Args<ConstructorParametersOf<C>>): ActorHandle<InstanceType<C>> {
    const runtime = currentRuntime(`${this.name}.remote()`);
    const [cls, options] = this.#target;
    const template =
      this.#last.find(runtime, options.namespace) ??
      this.#last.keep(
        runtime.actorTemplate(
          { code: capture(runtime, cls, this.name, options.captures), methods: methodNames(cls) },
          options,
        ),
      );
    // The methods were read off the class, whose instance type the handle shows.
    return runtime.createActor(template, args, options) as ActorHandle<InstanceType<C>>;
  }

  /** The same class with other options; unnamed ones stay. */
  options(options: ActorOptions): ActorClass<C> {
    const [cls, own] = this.#target;
    const merged = { ...own, ...options };
    checkActorOptions(`${this.name}.options()`, merged);
    return new ActorClass([cls, merged]);
  }

  get name(): string {
    return this.#target[0].name || "AnonymousActor";
  }

  toString(): string {
    return `ActorClass(${this.name})`;
  }

  /** @internal What travels when the actor class is captured by shipped code. */
  static reduce(actorClass: ActorClass<AnyClass>): readonly [cls: AnyClass, options: ActorOptions] {
    const [cls, { captures, ...options }] = actorClass.#target;
    // The class takes what it captures along, so the other thread needs no captures of its own.
    if (captures !== undefined) setCaptures(cls, captures);
    return [cls, options];
  }

  /** @internal */
  static revive(target: readonly [cls: AnyClass, options: ActorOptions]): ActorClass<AnyClass> {
    return new ActorClass(target);
  }
}

const methodCache = new WeakMap<AnyClass, readonly string[]>();

/** Names of the methods that a handle offers. */
function methodNames(cls: AnyClass): readonly string[] {
  let methods = methodCache.get(cls);
  if (methods !== undefined) return methods;
  const names = new Set<string>();
  for (const [name] of methodsOf(cls)) names.add(name);
  if (names.size === 0) {
    throw new InvalidArgumentError(
      "remote(Class)",
      `class ${cls.name} has no methods, so nothing could be called on its actors`,
    );
  }
  methods = [...names];
  methodCache.set(cls, methods);
  return methods;
}
