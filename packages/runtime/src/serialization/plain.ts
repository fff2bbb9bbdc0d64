/**
 * Decides whether a value is made only of things that msgpack carries exactly, in one iterative scan that runs no
 * user code. Most call messages are; they skip the graph walk. The scan may say no to a value that msgpack could
 * carry, never yes to one that it would change.
 */
import { inspect, types } from "node:util";
import { PLAIN_MAX_DEPTH, PLAIN_MAX_WORK } from "./limits.ts";
import { isWellFormed } from "./text.ts";

/** Above this many objects a Set finds repeated identity faster than a scan of the list. */
const SMALL_LIST = 8;

/** Whether the bytes of msgpack give back exactly this value: no repeated objects, no types beyond JSON's, undefined and 64-bit bigint. */
export function isPlain(root: unknown): boolean {
  if (typeof root !== "object" || root === null) return isPlainScalar(root);
  const scan = new PlainScan(root);
  for (let next = scan.next(); next !== undefined; next = scan.next()) {
    // Before anything is asked of it: even Array.isArray() throws for a Proxy that was revoked.
    if (types.isProxy(next)) return false;
    if (!(Array.isArray(next) ? scan.takesArray(next) : scan.takesObject(next))) return false;
  }
  return !scan.gaveUp;
}

/** Whether a primitive survives msgpack: everything but symbols, -0, non-finite numbers, lone surrogates and large bigints. */
export function isPlainScalar(value: unknown): boolean {
  switch (typeof value) {
    case "string":
      return isWellFormed(value);
    case "number":
      // x - x is 0 for finite numbers only; 1 / -0 is -Infinity.
      return value - value === 0 && (value !== 0 || 1 / value > 0);
    case "boolean":
    case "undefined":
      return true;
    case "bigint":
      return isInt64(value);
    case "object":
      return value === null;
    default:
      return false;
  }
}

/** Whether an object is extensible and has no properties besides its `count` enumerable ones with text as key. */
export function hasOnlyKeys(object: object, count: number): boolean {
  return (
    Object.isExtensible(object) &&
    Object.getOwnPropertyNames(object).length === count &&
    Object.getOwnPropertySymbols(object).length === 0
  );
}

/** Whether msgpack's signed 64-bit form holds the bigint. */
export function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

class PlainScan {
  gaveUp = false;
  /** Every object found, which is also the queue: the scan goes level by level. */
  private readonly found: object[];
  private seen: Set<object> | undefined;
  private at = 0;
  private depth = 1;
  private levelEnd = 1;
  private work = 0;

  constructor(root: object) {
    this.found = [root];
  }

  next(): object | undefined {
    if (this.at === this.levelEnd) {
      this.levelEnd = this.found.length;
      if (++this.depth > PLAIN_MAX_DEPTH && this.at < this.levelEnd) this.gaveUp = true;
    }
    return this.gaveUp ? undefined : this.found[this.at++];
  }

  takesArray(array: readonly unknown[]): boolean {
    if (Object.getPrototypeOf(array) !== Array.prototype) return false;
    if ((this.work += array.length) > PLAIN_MAX_WORK) return false;
    if (!hasOnlyElements(array)) return false;
    for (let index = 0; index < array.length; index++) if (!this.takes(array[index])) return false;
    return true;
  }

  takesObject(object: object): boolean {
    if (Object.getPrototypeOf(object) !== Object.prototype) return false;
    const keys = Object.keys(object);
    if ((this.work += keys.length) > PLAIN_MAX_WORK) return false;
    // process.env looks like a plain object, but travels as a reference to the other thread's.
    if (!hasOnlyKeys(object, keys.length) || object === process.env) return false;
    for (const key of keys) {
      const property = Object.getOwnPropertyDescriptor(object, key);
      if (property?.writable !== true || property.configurable !== true) return false;
      if (key === "__proto__" || !isWellFormed(key) || !this.takes(property.value)) return false;
    }
    return true;
  }

  private takes(value: unknown): boolean {
    if (typeof value !== "object" || value === null) return isPlainScalar(value);
    return this.isNew(value);
  }

  /** A repeated object has an identity that msgpack would lose. */
  private isNew(object: object): boolean {
    if (this.seen === undefined && this.found.length > SMALL_LIST) this.seen = new Set(this.found);
    if (this.seen === undefined ? this.found.includes(object) : this.seen.has(object)) return false;
    this.seen?.add(object);
    this.found.push(object);
    return true;
  }
}

/**
 * Whether an array has ordinary elements without holes, and nothing else. Not looked for, because finding it costs
 * more than packing: a single element that was made read-only or non-configurable, and a read-only length, of an
 * extensible array.
 */
export function hasOnlyElements(array: readonly unknown[]): boolean {
  // The first count finds holes and hidden elements, the second hidden properties.
  if (Object.keys(array).length !== array.length || !hasOnlyIndices(array)) return false;
  for (let index = 0; index < array.length; index++) {
    // Four times cheaper than a descriptor, and runs nothing. A setter alone reads as undefined.
    if (lookupGetter.__lookupGetter__.call(array, index) !== undefined) return false;
    if (array[index] === undefined && !isDataElement(array, index)) return false;
  }
  return true;
}

const lookupGetter = Object.prototype as unknown as { __lookupGetter__(key: PropertyKey): unknown };

function isDataElement(array: readonly unknown[], index: number): boolean {
  const property = Object.getOwnPropertyDescriptor(array, index);
  return property !== undefined && "value" in property;
}

/** Lists up to this length are asked for all their keys; for longer ones that would cost more than copying them. */
export const LISTED_ELEMENTS = 32;

/** Whether an array or typed array is extensible and has no properties besides its elements, hidden ones included. */
export function hasOnlyIndices(list: readonly unknown[] | NodeJS.TypedArray): boolean {
  if (!Object.isExtensible(list)) return false;
  if (list.length <= LISTED_ELEMENTS)
    return Reflect.ownKeys(list).length <= list.length + (Array.isArray(list) ? 1 : 0);
  return Object.getOwnPropertySymbols(list).length === 0 && !hasNamedProperties(list);
}

/** Whether a list without symbol keys has named properties, without listing the keys of a million elements. */
export function hasNamedProperties(list: readonly unknown[] | NodeJS.TypedArray): boolean {
  const showHidden = Array.isArray(list);
  const options = { maxArrayLength: 0, depth: 0, customInspect: false, breakLength: Infinity, showHidden };
  return !/\[ \.\.\. \d+ more items?(?:, \[length\]: \d+)? \]$/.test(inspect(list, options));
}
