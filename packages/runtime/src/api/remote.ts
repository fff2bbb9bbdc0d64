/** `remote`: the way in for functions and classes. */
import { InvalidArgumentError } from "../core/errors.ts";
import { isClass } from "../serialization/is-class.ts";
import { ActorClass } from "./actor-class.ts";
import { checkActorOptions, checkTaskOptions, type ActorOptions, type TaskOptions } from "./options.ts";
import { RemoteFunction } from "./remote-function.ts";
import { setCaptures } from "../serialization/functions/captures.ts";
import type { AnyClass, AnyFunction } from "./types.ts";

/**
 * Makes a class remote: `.remote(...)` then makes actors of it.
 *
 * @throws InvalidArgumentError for a bad option
 */
export function remote<C extends AnyClass>(cls: C, options?: ActorOptions): ActorClass<C>;
/**
 * Makes a function remote: `.remote(...)` then runs it as a task.
 *
 * Inline functions may capture variables and imports; they are read at the first `.remote()`.
 *
 * @throws InvalidArgumentError for a bad option
 * @example
 * const base = 10;
 * const addBase = ray.remote((x: number) => x + base, { maxRetries: 1 });
 */
export function remote<F extends AnyFunction, const O extends TaskOptions = TaskOptions>(
  fn: F,
  options?: O,
): RemoteFunction<F, O>;
export function remote(
  target: AnyFunction | AnyClass,
  options: TaskOptions | ActorOptions = {},
): RemoteFunction<AnyFunction> | ActorClass<AnyClass> {
  if (typeof target !== "function") {
    throw InvalidArgumentError.forValue("remote(target)", "a function or a class", target);
  }
  if (options?.captures !== undefined) setCaptures(target, options.captures);
  if (isClass(target)) {
    return new ActorClass([
      target,
      checkActorOptions(`remote(${target.name || "class"})`, options as ActorOptions),
    ]);
  }
  return new RemoteFunction([target, checkTaskOptions(`remote(${target.name || "fn"})`, options)]);
}
