/**
 * Turns a search space into one configuration: draws the domains, then calls the functions of `sampleFrom` in
 * repeated passes until each has found the keys that it reads.
 */
import { InvalidArgumentError } from "@mantajs/runtime";

import type { RandomStream } from "../random.ts";
import { Domain } from "../search-space/domain.ts";
import { copyPlain, joinPath, mapLeaves } from "../search-space/paths.ts";
import { GridSearch } from "../search-space/grid-search.ts";
import type { SearchSpace } from "../search-space/types.ts";
import { isPlainObject } from "../trial/metrics.ts";
import type { Config } from "../trial/types.ts";

/** Stands in a configuration where a function has still to be called. */
class Pending {
  readonly key: string;
  readonly source: Domain<unknown>;
  constructor(key: string, source: Domain<unknown>) {
    this.key = key;
    this.source = source;
  }
}

/** Thrown through a user's function that reads a key whose value is not known yet. */
class NotYet {
  readonly key: string;
  constructor(key: string) {
    this.key = key;
  }
}

/**
 * The configuration of one trial. Each key draws from a stream of its own, so that adding a key to the search space
 * does not change what the others get.
 *
 * @param decided values by key that are not drawn: of grids, and of points to evaluate. A domain is drawn from.
 * @throws InvalidArgumentError when functions of `sampleFrom` wait for each other.
 */
export function resolveSpace(
  space: SearchSpace,
  decided: ReadonlyMap<string, unknown>,
  random: RandomStream,
): Config {
  let pending: Pending[] = [];
  const drawn = mapLeaves(space, (leaf, path) => {
    const key = joinPath(path);
    const source = decided.has(key) ? decided.get(key) : leaf;
    if (source instanceof GridSearch) throw new Error(`no value of the grid at ${key} was decided`);
    if (!(source instanceof Domain)) return copyPlain(source);
    if (source.kind !== "function") return copyPlain(source.sample(random.derive(key)));
    const place = new Pending(key, source);
    pending.push(place);
    return place;
  });
  // A search space is an object, and so is what `mapLeaves` makes of it.
  let config = drawn as Config;
  while (pending.length > 0) {
    const values = new Map<Pending, unknown>();
    const waits: string[] = [];
    for (const place of pending) {
      const outcome = attempt(place, config, random);
      if (outcome instanceof NotYet) waits.push(`${place.key} reads ${outcome.key}`);
      else values.set(place, outcome);
    }
    if (values.size === 0) throw recursion(pending, waits);
    config = mapLeaves(config, (leaf) =>
      leaf instanceof Pending && values.has(leaf) ? values.get(leaf) : leaf,
    ) as Config;
    pending = pending.filter((place) => !values.has(place));
  }
  return config;
}

function attempt(place: Pending, config: Config, random: RandomStream): unknown {
  try {
    // The copy reads through the view, so that a part of the configuration that is returned is no view any more.
    return copyPlain(place.source.sample(random.derive(place.key), readOnlyView(config)));
  } catch (thrown) {
    if (thrown instanceof NotYet) return thrown;
    throw thrown;
  }
}

function recursion(pending: readonly Pending[], waits: readonly string[]): InvalidArgumentError {
  return new InvalidArgumentError(
    `config.${pending[0]?.key ?? ""}`,
    `recursively depends on itself: ${waits.join(", ")}; no order of calling these sampleFrom functions works`,
  );
}

/** A view whose keys throw `NotYet` while their value is pending, and that cannot be changed. */
function readOnlyView<T extends object>(target: T): T {
  return new Proxy(target, {
    get(object, key) {
      const value: unknown = Reflect.get(object, key);
      if (value instanceof Pending) throw new NotYet(value.key);
      return isPlainObject(value) || Array.isArray(value) ? readOnlyView(value) : value;
    },
    set(_object, key) {
      throw new TypeError(`sampleFrom: the configuration is read-only here; cannot set ${String(key)}`);
    },
    deleteProperty(_object, key) {
      throw new TypeError(`sampleFrom: the configuration is read-only here; cannot delete ${String(key)}`);
    },
  });
}
