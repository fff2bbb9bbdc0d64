/**
 * One full garbage collection, at once, on this stack. Needed because shared memory weighs nothing in the eyes of V8:
 * refs to gigabytes of it look like a few hundred bytes of garbage, which may stay for hours.
 *
 * V8 keeps whatever a `WeakRef` was made for or asked about alive until the current job ends, and a loop of `put` is
 * one job. A script in a context with a microtask queue of its own ends with a checkpoint of that queue, and after
 * any checkpoint V8 forgets these objects. No microtask of the program runs early.
 */
interface Collector {
  readonly forget: () => void;
  readonly gc: () => void;
}

let collector: Collector | false | undefined;

/** Collects; returns false where V8's flags cannot be set. */
export function collect(): boolean {
  collector ??= makeCollector();
  if (collector === false) return false;
  collector.forget();
  collector.gc();
  return true;
}

/** Lets go of what `WeakRef.deref` was called on in this job. */
export function forgetDereferenced(): void {
  if (collector !== undefined && collector !== false) collector.forget();
}

/** V8's flags belong to the process: a thread that makes its collector as well may take this one's flag back. */
const MAX_ATTEMPTS = 100;

function makeCollector(): Collector | false {
  try {
    // Loaded when needed: most threads never are.
    const v8 = process.getBuiltinModule("node:v8");
    const vm = process.getBuiltinModule("node:vm");
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      v8.setFlagsFromString("--expose-gc");
      const context = vm.createContext({}, { microtaskMode: "afterEvaluate" });
      const gc: unknown = vm.runInContext("globalThis.gc", context);
      v8.setFlagsFromString("--no-expose-gc"); // contexts that others make shall not have it
      if (typeof gc !== "function") continue;
      const nothing = new vm.Script("0");
      return { forget: () => void nothing.runInContext(context), gc: gc as () => void };
    }
  } catch {
    // The flags cannot be set here.
  }
  return false;
}
