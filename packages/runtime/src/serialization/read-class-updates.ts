/**
 * Classes that a thread has already follow the thread that they come from: when a static or a member of the prototype
 * was changed there, the next value that brings the class changes it here. What did not change there is left as this
 * thread has made it, so that a counter or a cache of the class goes on counting.
 *
 * Every capture of a class in its own thread has a number; an older one that comes late changes nothing. Threads in
 * between pass a class on without a number: they make it where it is not known, and change it nowhere.
 */
import { digestOf } from "./digest.ts";
import { layOver } from "./functions/assemble.ts";
import { restore } from "./functions/assembled.ts";
import type { Overlay, ShippedCode, SourceCode } from "./functions/code.ts";
import type { FunctionCode } from "./functions/types.ts";
import type { GraphReader } from "./read-graph.ts";
import type { Node } from "./wire.ts";

type Owner = Overlay["on"];

interface ClassState {
  readonly capture: number;
  /** What the class had beside its source, by owner and key. */
  readonly digests: Readonly<Record<Owner, ReadonlyMap<unknown, string>>>;
  readonly removed: SourceCode["removed"];
}

const states = new WeakMap<Function, ClassState>();

/** Notes what a class had when it was put together. */
export function noteClassState(reader: GraphReader, cls: Function, code: SourceCode, node: Node): void {
  states.set(cls, stateOf(reader, code, node));
}

/** Brings a class that came before up to date with the node that brings it again. */
export function updateClass(reader: GraphReader, cls: Function, code: SourceCode, node: Node): void {
  const before = states.get(cls);
  if (before === undefined || code.capture === undefined || code.capture <= before.capture) return;
  const now = stateOf(reader, code, node);
  states.set(cls, now);
  for (const overlay of code.overlays) {
    const key = keyOf(reader, overlay, node);
    if (before.digests[overlay.on].get(key) === now.digests[overlay.on].get(key)) continue;
    layOver(cls, overlay, (index, link) => reader.supplyWhole(node[FIRST_VALUE + index], link));
  }
  for (const on of ["function", "prototype"] as const) {
    for (const key of before.digests[on].keys()) {
      if (!now.digests[on].has(key)) restore(cls, on, key as string | symbol); // Keys of overlays are property keys.
    }
  }
  for (const { on, key } of before.removed) {
    if (!now.digests[on].has(key)) restore(cls, on, key);
  }
  closeFunction(reader, cls, code);
  for (const { on, key } of code.removed)
    Reflect.deleteProperty(on === "function" ? cls : prototypeOf(cls), key);
}

/** Closes a function and its prototype in the end, when everything is in its place. */
export function closeFunction(reader: GraphReader, fn: Function, code: FunctionCode): void {
  const { closed } = code as ShippedCode; // Only `dismantle.ts` makes function codes.
  if (closed === undefined) return;
  if (closed.function !== 0) reader.close(fn, closed.function);
  if (closed.prototype !== 0) reader.close(prototypeOf(fn), closed.prototype);
}

/** Where the values of a function's node begin: after its kind and its code. */
const FIRST_VALUE = 2;

function stateOf(reader: GraphReader, code: SourceCode, node: Node): ClassState {
  const digests = { function: new Map<unknown, string>(), prototype: new Map<unknown, string>() };
  for (const overlay of code.overlays) {
    const { on, writable, enumerable, configurable, value, get, set } = overlay;
    const cells = [value, get, set].map((index) => (index === undefined ? null : node[FIRST_VALUE + index]));
    const digest = digestOf(reader, [writable, enumerable, configurable, ...cells]);
    digests[on].set(keyOf(reader, overlay, node), digest);
  }
  return { capture: code.capture ?? 0, digests, removed: code.removed };
}

function keyOf(reader: GraphReader, { key }: Overlay, node: Node): unknown {
  return typeof key === "string" ? key : reader.value(node[FIRST_VALUE + key]);
}

function prototypeOf(cls: Function): object {
  return cls.prototype as object;
}
