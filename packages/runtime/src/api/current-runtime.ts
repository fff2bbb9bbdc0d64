/**
 * Where the runtime of this thread is found: under a `Symbol.for` key, so that two copies of this package in one process
 * share it. Apart from the runtime itself, which a program that only imports the package does not need.
 */
import { NotInitializedError } from "../core/errors.ts";
import type { Runtime } from "./runtime.ts";

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
