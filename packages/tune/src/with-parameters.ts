/**
 * Trainables with more than a configuration: large values that every trial reads (put into the object store once), and
 * resources that belong to the trainable.
 */
import type { TrialContext } from "./session.ts";
import type { AnyTrainable, ClassTrainable, TrainableInstance } from "./execution/trainable.ts";
import type { Config } from "./trial/types.ts";

/** Resources of one trial. */
export interface TrialResources {
  /** Logical CPUs, fractions allowed. @defaultValue 1 */
  readonly cpu?: number;
  /** Logical GPUs. @defaultValue 0 */
  readonly gpu?: number;
  /** Custom resources by name. @defaultValue none */
  readonly custom?: Readonly<Record<string, number>>;
}

/** Values by name, as a trainable gets them. */
export type Parameters = Readonly<Record<string, unknown>>;

const parametersKey: unique symbol = Symbol.for("@mantajs/tune/parameters") as never;
const resourcesKey: unique symbol = Symbol.for("@mantajs/tune/resources") as never;

interface Bound {
  readonly trainable: AnyTrainable<never>;
  readonly values: Parameters;
}

interface Marked {
  readonly [parametersKey]?: Bound;
  readonly [resourcesKey]?: TrialResources;
}

/**
 * Gives a trainable values that are too large for a configuration. They go into the object store once; every trial
 * reads them without a copy. A function gets them as its third argument, a class as the third argument of `setup`.
 *
 * @example
 * const train = tune.withParameters(async (config: { lr: number }, context, { images }) => …, { images });
 */
export function withParameters<C extends Config, P extends Parameters, R>(
  trainable: (config: C, context: TrialContext, parameters: P) => R,
  values: P,
): (config: C, context: TrialContext) => R;
export function withParameters<C extends Config, P extends Parameters, T extends TrainableInstance<C>>(
  trainable: new () => T & { setup(config: C, context: TrialContext, parameters: P): unknown },
  values: P,
): new () => T;
export function withParameters(trainable: AnyTrainable<never> | Called, values: Parameters): never {
  const bound = bind(trainable as AnyTrainable, values);
  // The overloads say what comes out; the marks are for `run`.
  return mark(bound, trainable, {
    [parametersKey]: { trainable: trainable as AnyTrainable, values },
  }) as never;
}

/**
 * Says what one trial of this trainable needs; `run({ resourcesPerTrial })` overrules it.
 *
 * @example tune.run(tune.withResources(train, { cpu: 2, custom: { license: 1 } }), options);
 */
export function withResources<T extends AnyTrainable<never>>(trainable: T, resources: TrialResources): T {
  const { [parametersKey]: bound } = trainable as Marked;
  const again = isClass(trainable)
    ? class extends trainable {}
    : (config: never, context: TrialContext): unknown => trainable(config, context);
  const marks = { [resourcesKey]: resources, [parametersKey]: bound ?? { trainable, values: {} } };
  // The same trainable, called through: its parameters and its result are those of T.
  return mark(again, trainable, marks) as T;
}

/** What a trainable was given by the functions of this module. */
export function unwrap(
  trainable: AnyTrainable<never>,
): Bound & { readonly resources: TrialResources | undefined } {
  const marked = trainable as Marked;
  const { trainable: inner, values } = marked[parametersKey] ?? { trainable, values: {} };
  return { trainable: inner, values, resources: marked[resourcesKey] };
}

/** The third argument of a function or of `setup`. */
export function bind(trainable: AnyTrainable, values: Parameters): AnyTrainable {
  return isClass(trainable) ? bindClass(trainable, values) : bindFunction(trainable, values);
}

const isClass = (trainable: AnyTrainable<never>): trainable is ClassTrainable =>
  typeof trainable.prototype === "object" && trainable.prototype !== null && "step" in trainable.prototype;

type Called = (config: Config, context: TrialContext, parameters: Parameters) => unknown;

function bindFunction(
  trainable: AnyTrainable<never>,
  values: Parameters,
): (config: Config, context: TrialContext) => unknown {
  // A function that was given parameters takes them as its third argument; the overloads above check their type.
  const call = trainable as unknown as Called;
  return (config, context) => call(config, context, values);
}

function bindClass(trainable: ClassTrainable, values: Parameters): ClassTrainable {
  return class extends trainable {
    override setup(config: Config, context: TrialContext): unknown {
      const setup: Called | undefined = super.setup?.bind(this);
      return setup?.(config, context, values);
    }
  };
}

function mark(
  made: AnyTrainable<never>,
  original: { readonly name: string },
  marks: Marked,
): AnyTrainable<never> {
  Object.defineProperty(made, "name", { value: original.name, configurable: true });
  return Object.assign(made, marks);
}
