/**
 * Whether two values are the same in everything that the codec promises: types, prototypes, property order and
 * attributes, entries, identity within the value. Stricter than `toEqual`, and iterative.
 */
import { types } from "node:util";

/** An array of nothing but holes. */
export function holes(length: number): unknown[] {
  const list: unknown[] = [];
  list.length = length;
  return list;
}

type Pair = readonly [a: unknown, b: unknown, path: string];

/** Path of the first difference and what it is; `undefined` when there is none. */
export function difference(a: unknown, b: unknown): string | undefined {
  return new Comparison().run(a, b);
}

class Comparison {
  private readonly pairs = new Map<object, object>();
  private readonly reverse = new Map<object, object>();
  private readonly queue: Pair[] = [];

  run(a: unknown, b: unknown): string | undefined {
    this.queue.push([a, b, "value"]);
    for (let pair = this.queue.pop(); pair !== undefined; pair = this.queue.pop()) {
      const reason = this.compare(...pair);
      if (reason !== undefined) return `${pair[2]}: ${reason}`;
    }
    return undefined;
  }

  private compare(a: unknown, b: unknown, path: string): string | undefined {
    if (!isObject(a) || !isObject(b))
      return Object.is(a, b) ? undefined : `${String(b)} instead of ${String(a)}`;
    const known = this.pairs.get(a);
    if (known !== undefined || this.reverse.has(b))
      return known === b && this.reverse.get(b) === a ? undefined : "identity is not the same";
    this.pairs.set(a, b);
    this.reverse.set(b, a);
    if (typeof a !== typeof b) return "a function instead of an object, or the other way round";
    if (typeof a === "function") return Object.is(a, b) ? undefined : "another function";
    const prototypes: [unknown, unknown] = [Object.getPrototypeOf(a), Object.getPrototypeOf(b)];
    // Prototypes of classes are the same object; one that is data is compared like data.
    if (prototypes[0] !== prototypes[1]) this.queue.push([...prototypes, `${path}.[[Prototype]]`]);
    if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return "another kind";
    if (Object.isExtensible(a) !== Object.isExtensible(b)) return "open or closed";
    if (Object.isFrozen(a) !== Object.isFrozen(b)) return "frozen or not";
    return this.compareSlots(a, b, path) ?? this.compareProperties(a, b, path);
  }

  private compareSlots(a: object, b: object, path: string): string | undefined {
    if (types.isMap(a) && types.isMap(b)) {
      if (a.size !== b.size) return "another size";
      this.compareAll([...a].flat(1), [...b].flat(1), path);
    } else if (types.isSet(a) && types.isSet(b)) {
      if (a.size !== b.size) return "another size";
      this.compareAll([...a], [...b], path);
    } else if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) {
      if (!Buffer.from(bytesOf(a)).equals(bytesOf(b))) return "other bytes";
    } else if (slotText(a) !== slotText(b)) {
      return `${slotText(b)} instead of ${slotText(a)}`;
    }
    return undefined;
  }

  private compareAll(a: readonly unknown[], b: readonly unknown[], path: string): void {
    for (const [index, item] of a.entries()) this.queue.push([item, b[index], `${path}<${index}>`]);
  }

  private compareProperties(a: object, b: object, path: string): string | undefined {
    const keys = Reflect.ownKeys(a);
    const others = Reflect.ownKeys(b);
    if (keys.length !== others.length || keys.some((key, index) => key !== others[index]))
      return `keys ${others.map(String).join()} instead of ${keys.map(String).join()}`;
    for (const key of keys) {
      const x = Object.getOwnPropertyDescriptor(a, key) ?? {};
      const y = Object.getOwnPropertyDescriptor(b, key) ?? {};
      for (const flag of ["writable", "enumerable", "configurable"] as const)
        if (x[flag] !== y[flag]) return `${String(key)} is ${flag} or not`;
      for (const part of ["value", "get", "set"] as const)
        this.queue.push([Reflect.get(x, part), Reflect.get(y, part), `${path}.${String(key)}`]);
    }
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function slotText(value: object): string {
  if (types.isDate(value)) return String(value.getTime());
  if (types.isRegExp(value)) return String(value);
  if (types.isBoxedPrimitive(value)) return String(value.valueOf());
  if (types.isAnyArrayBuffer(value)) return Buffer.from(value).toString("hex");
  if (value instanceof URL || value instanceof URLSearchParams) return value.toString();
  return "";
}
