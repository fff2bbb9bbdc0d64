/**
 * Functions and classes that were put together in this thread, with what they were made of. Sending one on needs
 * neither the inspector nor the parser: its captured variables are wrapper parameters, which nothing can assign.
 */
import { isObject } from "../builtins.ts";
import { types } from "node:util";
import type { Overlay, ShippedCode, SourceCode } from "./code.ts";
import { originOf } from "./imports.ts";
import { attributesOverlay, closedParts, hasAttributes, overlayOf } from "./own-properties.ts";
import type { FunctionParts, FunctionValue, ImportReference } from "./types.ts";
import { weakReference } from "./weak-collections.ts";

interface Origin {
  readonly code: ShippedCode;
  /** The live values, completed while the payload is linked. */
  readonly values: readonly unknown[];
  /** The properties that the source made, before anything was laid over them. */
  readonly made: readonly Made[];
}

interface Made {
  readonly on: Overlay["on"];
  readonly owner: object;
  readonly properties: ReadonlyMap<string | symbol, PropertyDescriptor>;
}

const origins = new WeakMap<Function, Origin>();

/** Notes what a function was made of. Call it before properties are laid over the function. */
export function noteAssembled(fn: Function, code: ShippedCode, values: readonly unknown[]): void {
  const made: Made[] = [{ on: "function", owner: fn, properties: propertiesOf(fn) }];
  const prototype = code.classId === undefined ? undefined : prototypeOf(fn);
  if (prototype !== undefined)
    made.push({ on: "prototype", owner: prototype, properties: propertiesOf(prototype) });
  origins.set(fn, { code, values, made });
}

/** The parts of a function that was put together here; undefined for every other one. */
export function dismantleAssembled(fn: Function): FunctionParts | undefined {
  const origin = origins.get(fn);
  if (origin === undefined) return undefined;
  const { code, values, made } = origin;
  const kept = code.form === "bound" ? code.parts : keptValues(code);
  const sent: FunctionValue[] = values.slice(0, kept).map((value, at) => ({
    label: labelOf(code, at),
    value: isObject(value) ? (originOf(value) ?? weakOrigin(value) ?? value) : value,
  }));
  const overlays = made.flatMap((part) => changesOf(part, sent));
  const removed = [
    ...code.removed,
    ...made.flatMap(({ on, owner, properties }) =>
      [...properties.keys()].flatMap((key) =>
        typeof key === "string" && !Object.hasOwn(owner, key) ? [{ on, key }] : [],
      ),
    ),
  ];
  const closed = closedParts(fn, made[1]?.owner);
  return { code: { ...code, capture: undefined, overlays, removed, closed }, values: sent };
}

/** Gives a property back what the source made of it, or takes it away if the source made none. */
export function restore(fn: Function, on: Overlay["on"], key: string | symbol): void {
  const part = origins.get(fn)?.made.find((made) => made.on === on);
  if (part === undefined) return;
  const made = part.properties.get(key);
  if (made === undefined) Reflect.deleteProperty(part.owner, key);
  else Reflect.defineProperty(part.owner, key, made);
}

function prototypeOf(fn: Function): object | undefined {
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  return typeof prototype === "object" && prototype !== null ? prototype : undefined;
}

function weakOrigin(value: object): ImportReference | undefined {
  return types.isWeakMap(value) || types.isWeakSet(value) ? weakReference(value) : undefined;
}

/** Values before those of the overlays, which are compared anew. */
function keptValues({ params, base, superPrototype, prototypeBase, ownPrototype }: SourceCode): number {
  const used = params.flatMap(({ from }) => (typeof from === "string" ? [] : from));
  for (const index of [base, superPrototype, prototypeBase, ownPrototype])
    if (index !== undefined) used.push(index);
  return used.length === 0 ? 0 : Math.max(...used) + 1;
}

function labelOf(code: ShippedCode, index: number): string {
  if (code.form === "bound")
    return index === 0 ? "bound function" : index === 1 ? "bound this" : `bound argument ${index - 2}`;
  const param = code.params.find(({ from }) => from === index);
  return param === undefined ? "prototype" : `captured '${param.name}'`;
}

function propertiesOf(owner: object): Map<string | symbol, PropertyDescriptor> {
  const found = new Map<string | symbol, PropertyDescriptor>();
  for (const key of Reflect.ownKeys(owner)) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, key);
    if (descriptor !== undefined) found.set(key, descriptor);
  }
  return found;
}

function changesOf({ on, owner, properties }: Made, into: FunctionValue[]): Overlay[] {
  const changes: Overlay[] = [];
  for (const [key, live] of propertiesOf(owner)) {
    const before = properties.get(key);
    const label = `${on === "function" ? "static" : "prototype member"} '${String(key)}'`;
    const add = (value: unknown): number => into.push({ label, value }) - 1;
    if (
      before === undefined ||
      before.value !== live.value ||
      before.get !== live.get ||
      before.set !== live.set
    )
      changes.push(overlayOf(on, key, live, add));
    else if (!hasAttributes(live, before, owner)) changes.push(attributesOverlay(on, key, live, add));
  }
  return changes;
}
