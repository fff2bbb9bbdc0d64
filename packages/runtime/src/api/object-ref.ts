/** The public handle to an object: a result that may still be in the making, or a value that was put. */
import { inspect } from "node:util";

import type { ObjectEntry } from "../objects/object-entry.ts";

/**
 * A reference to an object of the store. Pass it to tasks and actors, keep it in values, `await ray.get(ref)`.
 *
 * It is deliberately not thenable: a task may return a ref without the value being fetched.
 *
 * @example
 * const ref = square.remote(4);
 * const sixteen = await ray.get(ref);
 */
export class ObjectRef<out T = unknown> {
  /** Carries the value's type; never present at run time. */
  declare readonly "~type": T;
  #entry: ObjectEntry | undefined;
  #disposedId = "";

  /** @internal Use `.remote()` or `put`. */
  constructor(entry: ObjectEntry) {
    this.#entry = entry;
    entry.instances++;
  }

  /** Unique among all objects of all threads. */
  get id(): string {
    return this.#entry?.id ?? this.#disposedId;
  }

  /** Gives this reference up now instead of when it is garbage collected: `using ref = ray.put(big)`. */
  [Symbol.dispose](): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    this.#entry = undefined;
    this.#disposedId = entry.id;
    entry.release();
  }

  toString(): string {
    return `ObjectRef(${this.id})`;
  }

  /** @internal The entry behind a ref; undefined once the ref was disposed of. */
  static entryOf(ref: ObjectRef): ObjectEntry | undefined {
    return ref.#entry;
  }

  /** @internal */
  static isRef(value: unknown): value is ObjectRef {
    return typeof value === "object" && value !== null && #entry in value;
  }
}

Object.defineProperty(ObjectRef.prototype, inspect.custom, {
  value: function (this: ObjectRef): string {
    return this.toString();
  },
});
