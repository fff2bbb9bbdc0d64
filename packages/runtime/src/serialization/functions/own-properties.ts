/** Own properties of functions as data, for the threads that capture and for those that pass on. */
import { integrityOf } from "../integrity.ts";
import { Integrity } from "../wire.ts";
import type { Overlay, SourceCode } from "./code.ts";

/** How far a function and its prototype are closed; undefined when both are open. */
export function closedParts(fn: Function, prototype: object | undefined): SourceCode["closed"] {
  const closed = {
    function: integrityOf(fn),
    prototype: prototype === undefined ? 0 : integrityOf(prototype),
  };
  return closed.function === 0 && closed.prototype === 0 ? undefined : closed;
}

/** The attributes of a property whose value the source makes. */
export function attributesOverlay(
  on: Overlay["on"],
  key: string | symbol,
  { writable = false, enumerable = false, configurable = false }: PropertyDescriptor,
  add: (value: unknown) => number,
): Overlay {
  return { on, key: typeof key === "symbol" ? add(key) : key, writable, enumerable, configurable };
}

/** Whether a property has these attributes, but for what closing its owner has taken away. */
export function hasAttributes(
  { value, writable, enumerable, configurable }: PropertyDescriptor,
  wanted: PropertyDescriptor,
  owner: object,
): boolean {
  const integrity = integrityOf(owner);
  const isLocked = integrity === Integrity.frozen || value === undefined;
  return (
    enumerable === wanted.enumerable &&
    (configurable === wanted.configurable || integrity >= Integrity.sealed) &&
    (writable === wanted.writable || isLocked)
  );
}

/** One property as an overlay; `add` takes a value and gives its index. */
export function overlayOf(
  on: Overlay["on"],
  key: string | symbol,
  descriptor: PropertyDescriptor,
  add: (value: unknown) => number,
): Overlay {
  return {
    ...attributesOverlay(on, key, descriptor, add),
    ...("value" in descriptor && { value: add(descriptor.value) }),
    ...(descriptor.get !== undefined && { get: add(descriptor.get) }),
    ...(descriptor.set !== undefined && { set: add(descriptor.set) }),
  };
}
