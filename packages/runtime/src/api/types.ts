/** The type layer: how functions and classes look through `remote`. Each mapping is stated with what it does. */
import type { CallOptions } from "./actor-handle.ts";
import type { ObjectRef } from "./object-ref.ts";

/** An argument of type `T`: the value, or a ref to one, which is awaited before the task runs. */
export type Arg<T> = T | ObjectRef<T>;

/** A parameter list in which every argument may be a ref. */
export type Args<P extends readonly unknown[]> = { [K in keyof P]: Arg<P[K]> };

/** As `Parameters`, for a rest parameter that is `readonly` as well; to `Parameters` that is `never`. */
export type ParametersOf<F> = F extends (...args: infer P extends readonly unknown[]) => unknown ? P : never;

/** As {@link ParametersOf}, of a class's constructor. */
export type ConstructorParametersOf<C> = C extends abstract new (
  ...args: infer P extends readonly unknown[]
) => unknown
  ? P
  : never;

/** What a call's ref holds: the awaited return value. */
export type Returned<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

/** A method seen through a handle. */
export interface ActorMethod<F extends (...args: never[]) => unknown> {
  /** Submits the call and returns at once. Throws SerializationError for an argument that cannot be carried. */
  remote(...args: Args<ParametersOf<F>>): ObjectRef<Returned<F>>;
  /** The same method with other options for its calls. */
  options<const O extends CallOptions>(options: O): ActorMethodWith<F, O>;
}

/** A method whose options say how many values it returns. */
export interface ActorMethodWith<F extends (...args: never[]) => unknown, O extends CallOptions> {
  remote(...args: Args<ParametersOf<F>>): Refs<Returned<F>, O>;
}

/** One ref, or a tuple of refs when `numReturns` says so. */
export type Refs<R, O> = O extends { readonly numReturns: infer N }
  ? N extends 1
    ? ObjectRef<R>
    : ElementRefs<R>
  : ObjectRef<R>;

/** A tuple or array of values as refs to its elements. */
export type ElementRefs<R> = R extends readonly unknown[]
  ? { -readonly [K in keyof R]: ObjectRef<R[K]> }
  : ObjectRef[];

/**
 * Names of the public methods of an actor class's instances. To TypeScript a public field that holds a function
 * (`add = (k: number) => ...`) is one of them, too; see `ActorMethods`.
 */
export type MethodNames<T> = {
  [K in keyof T]: K extends string ? (T[K] extends (...args: never[]) => unknown ? K : never) : never;
}[keyof T];

/**
 * An instance type seen through a handle: its public methods and nothing else. A field that holds a function is
 * listed as well, because a type does not tell it from a method, but a handle does not have it: it is made by the
 * constructor, in the actor's thread. Write `add(k) {...}`, not `add = (k) => {...}`, for what others are to call.
 */
export type ActorMethods<T> = {
  readonly [K in MethodNames<T>]: T[K] extends (...args: infer P extends readonly unknown[]) => infer R
    ? ActorMethod<(...args: P) => R>
    : never;
};

/** Any function that can be made remote. */
export type AnyFunction = (...args: never[]) => unknown;

/** Any class that can be made an actor. */
export type AnyClass = abstract new (...args: never[]) => object;
