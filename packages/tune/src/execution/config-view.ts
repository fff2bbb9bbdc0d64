/**
 * The configuration as a trainable sees it: read-only, and live. It is a proxy over one object whose content is
 * replaced in place, so that whoever holds it, or a part of it, reads the newest values. It remembers whether it was
 * read, for the warning about a perturbation that nobody noticed.
 */
import { InvalidArgumentError } from "@mantajs/runtime";

import { isPlainObject } from "../trial/metrics.ts";
import type { Config } from "../trial/types.ts";

type Container = Record<string, unknown>;

const isContainer = (value: unknown): value is Container => isPlainObject(value) || Array.isArray(value);

/** A deep copy of plain objects and arrays; everything else is kept as it is. */
function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)]));
}

/** Makes `target` equal to `source`, and keeps the identity of inner objects that both have. */
function overwrite(target: Container, source: Container): void {
  for (const key of Object.keys(target)) if (!Object.hasOwn(source, key)) delete target[key];
  if (Array.isArray(target) && Array.isArray(source)) target.length = source.length;
  for (const [key, value] of Object.entries(source)) {
    const old = target[key];
    if (isContainer(old) && isContainer(value) && Array.isArray(old) === Array.isArray(value))
      overwrite(old, value);
    else target[key] = copy(value);
  }
}

/** A configuration that changes under the eyes of its reader. */
export class ConfigView {
  /** What the trainable gets. */
  readonly view: Config;
  readonly #values: Container;
  readonly #proxies = new WeakMap<Container, Container>();
  #wasRead = false;

  constructor(config: Config) {
    // A copy of a plain object is a plain object.
    this.#values = copy(config) as Container;
    this.view = this.#proxy(this.#values, "config");
  }

  /** Whether it was read since the last `replace`. */
  get wasRead(): boolean {
    return this.#wasRead;
  }

  replace(config: Config): void {
    overwrite(this.#values, config);
    this.#wasRead = false;
  }

  #proxy(target: Container, path: string): Container {
    const known = this.#proxies.get(target);
    if (known !== undefined) return known;
    const refuse = (key: string | symbol): never => {
      throw new InvalidArgumentError(
        `${path}.${String(key)}`,
        "the configuration of a trial is read-only; copy it with { ...config } to change it",
      );
    };
    const proxy = new Proxy(target, {
      get: (inner, key, receiver) => {
        if (typeof key === "string") this.#wasRead = true;
        const value: unknown = Reflect.get(inner, key, receiver);
        return typeof key === "string" && Object.hasOwn(inner, key) && isContainer(value)
          ? this.#proxy(value, `${path}.${key}`)
          : value;
      },
      has: (inner, key) => {
        this.#wasRead = true;
        return Reflect.has(inner, key);
      },
      ownKeys: (inner) => {
        this.#wasRead = true;
        return Reflect.ownKeys(inner);
      },
      set: (_inner, key) => refuse(key),
      defineProperty: (_inner, key) => refuse(key),
      deleteProperty: (_inner, key) => refuse(key),
      setPrototypeOf: () => refuse("__proto__"),
    });
    this.#proxies.set(target, proxy);
    return proxy;
  }
}
