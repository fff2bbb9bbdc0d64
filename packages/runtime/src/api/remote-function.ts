/** Remote functions: a function and its options, submitted with `.remote()`. */
import type { FunctionExport } from "../peer/function-sender.ts";
import type { TaskTemplate } from "../peer/task-template.ts";
import { LastTemplate } from "./last-template.ts";
import type { ObjectRef } from "./object-ref.ts";
import { setCaptures } from "../serialization/functions/captures.ts";
import { checkTaskOptions, type Captures, type TaskOptions } from "./options.ts";
import { currentRuntime } from "./current-runtime.ts";
import type { Runtime } from "./runtime.ts";
import type { AnyFunction, Args, ParametersOf, Refs, Returned } from "./types.ts";

/** One capture for each runtime and function, or given captures of it. */
const captured = new WeakMap<Runtime, WeakMap<Function, FunctionExport>>();

/** Captures a function or class for a runtime, once. */
export function capture(
  runtime: Runtime,
  fn: Function,
  name: string,
  captures: Captures | undefined,
): FunctionExport {
  let exports = captured.get(runtime);
  if (exports === undefined) captured.set(runtime, (exports = new WeakMap()));
  let code = exports.get(captures ?? fn);
  if (code === undefined) {
    if (captures !== undefined) setCaptures(fn, captures);
    exports.set(captures ?? fn, (code = runtime.exportFunction(fn, name)));
  }
  return code;
}

/** Parameters of a function whose `remote` also accepts refs. */
type Params<F extends AnyFunction> = Args<ParametersOf<F>>;

/**
 * A function that runs as a task on a worker. Made by `remote(fn)`.
 *
 * @example
 * const square = ray.remote((x: number) => x * x);
 * const ref = square.remote(4);
 * const other = square.options({ numCpus: 2, name: "wide square" }).remote(ref);
 */
export class RemoteFunction<F extends AnyFunction, O extends TaskOptions = TaskOptions> {
  /** Read when it is used: a function that captures its own remote function arrives after it. */
  readonly #target: readonly [fn: F, options: O];
  readonly #last = new LastTemplate<TaskTemplate>();

  /** @internal Use `remote`. */
  constructor(target: readonly [fn: F, options: O]) {
    this.#target = target;
  }

  /**
   * Submits a task and returns its ref at once. Refs among the arguments are awaited before the task runs.
   *
   * @throws SerializationError when the function or an argument cannot be carried; the message has the path
   */
  remote(...args: Params<F>): Refs<Returned<F>, O> {
    const runtime = currentRuntime(`${this.name}.remote()`);
    const [fn, options] = this.#target;
    const template =
      this.#last.find(runtime) ??
      this.#last.keep(runtime.template(capture(runtime, fn, this.name, options.captures), options));
    // The number of refs follows `numReturns`, which is what the type says.
    return runtime.submitTask(template, args) as Refs<Returned<F>, O>;
  }

  /** The same function with other options; unnamed ones stay. */
  options<const P extends TaskOptions>(options: P): RemoteFunction<F, Omit<O, keyof P> & P> {
    checkTaskOptions(`${this.name}.options()`, options);
    const [fn, own] = this.#target;
    return new RemoteFunction<F, Omit<O, keyof P> & P>([fn, { ...own, ...options }]);
  }

  get name(): string {
    const [fn, options] = this.#target;
    return options.name ?? (fn.name || "anonymous");
  }

  toString(): string {
    return `RemoteFunction(${this.name})`;
  }

  /** @internal What travels when the remote function is captured by shipped code. */
  static reduce(remote: RemoteFunction<AnyFunction>): readonly [fn: AnyFunction, options: TaskOptions] {
    const [fn, { captures, ...options }] = remote.#target;
    // The function takes what it captures along, so the other thread needs no captures of its own.
    if (captures !== undefined) setCaptures(fn, captures);
    return [fn, options];
  }

  /** @internal */
  static revive(target: readonly [fn: AnyFunction, options: TaskOptions]): RemoteFunction<AnyFunction> {
    return new RemoteFunction(target);
  }
}

export type { ObjectRef };
