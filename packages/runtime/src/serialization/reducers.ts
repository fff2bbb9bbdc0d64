/**
 * Classes whose instances travel as a state instead of their fields. The runtime registers reducers for its own
 * kinds (object refs, actor handles) in every thread; users register serializers, whose functions travel with the
 * value, so that only the sending thread has to know them. The registry is of this thread.
 */
import { InvalidArgumentError } from "../core/errors.ts";
import type { Reducer } from "./types.ts";

/** What `registerSerializer` takes: a state for an instance, and an instance for a state. */
export interface Serializer<T extends object, S> {
  /** Gives what travels in place of the instance: any value that can travel itself. */
  serialize(value: T): S;
  /** Makes the instance in the receiving thread. Travels by value or by reference, like a remote function. */
  deserialize(state: S): T;
}

/** A class of objects: concrete or abstract, any constructor. */
export type ClassOf<T extends object> = abstract new (...args: never[]) => T;

export type Registration =
  | { readonly type: "reducer"; readonly reducer: Reducer }
  | {
      readonly type: "serializer";
      readonly class: Function;
      readonly serializer: Serializer<object, unknown>;
    };

const byPrototype = new Map<object, Registration>();
const byKind = new Map<string, Reducer>();

/**
 * Makes instances of one class travel as `reduce` says. Registering a class again replaces its reducer.
 * @throws InvalidArgumentError when another class has the kind already.
 */
export function registerReducer<T extends object, S>(reducer: Reducer<T, S>): void {
  const prototype = prototypeOf("registerReducer(reducer).class", reducer.class);
  const known = byKind.get(reducer.kind);
  if (known !== undefined && known.class !== reducer.class) {
    throw new InvalidArgumentError(
      "registerReducer(reducer).kind",
      `${JSON.stringify(reducer.kind)} is taken by class ${known.class.name}; give class ${reducer.class.name} a kind of its own`,
    );
  }
  const previous = byPrototype.get(prototype);
  if (previous?.type === "reducer") byKind.delete(previous.reducer.kind);
  // The registry never hands a reducer a value of another class, nor a state that the reducer did not make.
  const stored = reducer as unknown as Reducer;
  byKind.set(reducer.kind, stored);
  byPrototype.set(prototype, { type: "reducer", reducer: stored });
}

/**
 * Makes instances of exactly `cls` travel as what `serialize` returns, and be made again by `deserialize`. For
 * classes with `#private` state or native handles. Registering a class again replaces its serializer; subclasses
 * need one of their own. The functions travel with each value: the receiving thread need not register anything,
 * and uses the same serializer when it sends the instance on.
 *
 * @throws InvalidArgumentError when `cls` is no class, is `Object` or `Array`, or belongs to the runtime.
 * @example
 * registerSerializer(Money, {
 *   serialize: (money) => money.cents,
 *   deserialize: (cents) => Money.ofCents(cents),
 * });
 */
export function registerSerializer<T extends object, S>(cls: ClassOf<T>, serializer: Serializer<T, S>): void {
  const prototype = prototypeOf("registerSerializer(cls)", cls);
  for (const name of ["serialize", "deserialize"] as const) {
    if (typeof serializer[name] !== "function") {
      throw InvalidArgumentError.forValue(
        `registerSerializer(cls, { ${name} })`,
        "a function",
        serializer[name],
      );
    }
  }
  setSerializer("registerSerializer(cls)", prototype, {
    type: "serializer",
    class: cls,
    // As above: only instances of this class and states made for it reach the functions.
    serializer: serializer as unknown as Serializer<object, unknown>,
  });
}

/** Undoes {@link registerSerializer}. Nothing happens when the class has none. */
export function deregisterSerializer<T extends object>(cls: ClassOf<T>): void {
  const prototype = prototypeOf("deregisterSerializer(cls)", cls);
  if (byPrototype.get(prototype)?.type === "serializer") byPrototype.delete(prototype);
}

/** How instances that inherit from `prototype` travel, when a reducer or serializer says so. */
export function registrationFor(prototype: object): Registration | undefined {
  const own = byPrototype.get(prototype);
  if (own !== undefined) return own;
  const inherited = registeredAncestor(prototype);
  return inherited?.type === "reducer" && inherited.reducer.subclasses === true ? inherited : undefined;
}

/** A class further up the chain that is registered: its subclasses are not, and would decode as the wrong class. */
export function registeredAncestor(prototype: object): Registration | undefined {
  if (byPrototype.size === 0) return undefined;
  for (let link: object | null = prototype; link !== null; link = Object.getPrototypeOf(link)) {
    const found = byPrototype.get(link);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The reducer of a kind, for the decoder. */
export function reducerOf(kind: string): Reducer | undefined {
  return byKind.get(kind);
}

/** Keeps a serializer that arrived with a value, so that this thread can send the instance on. */
export function adoptSerializer(instance: object, serializer: Serializer<object, unknown>): void {
  const prototype: unknown = Object.getPrototypeOf(instance);
  if (typeof prototype !== "object" || prototype === null || byPrototype.has(prototype)) return;
  if (prototype === Object.prototype || prototype === Array.prototype) return;
  byPrototype.set(prototype, { type: "serializer", class: instance.constructor, serializer });
}

function setSerializer(argument: string, prototype: object, registration: Registration): void {
  if (prototype === Object.prototype || prototype === Array.prototype) {
    throw new InvalidArgumentError(argument, "Object and Array always travel by their contents");
  }
  if (byPrototype.get(prototype)?.type === "reducer") {
    throw new InvalidArgumentError(argument, "the runtime itself carries this class");
  }
  byPrototype.set(prototype, registration);
}

function prototypeOf(argument: string, cls: unknown): object {
  const prototype: unknown = typeof cls === "function" ? cls.prototype : undefined;
  if (typeof prototype !== "object" || prototype === null) {
    throw InvalidArgumentError.forValue(argument, "a class", cls);
  }
  return prototype;
}
