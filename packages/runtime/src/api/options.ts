/** Options of tasks and actors: what users write, the defaults (Ray's), and the checked form that the runtime uses. */
import { InvalidArgumentError } from "../core/errors.ts";
import type { PlacementGroupId } from "../core/ids.ts";
import type { PoolSelector } from "../core/resource-pools.ts";
import { ResourceSet, type Resources } from "../core/resources.ts";
import {
  amount,
  budget,
  checkOptions,
  count,
  flag,
  fn,
  limit,
  oneOf,
  record,
  text,
  type Check,
} from "./check.ts";
import { PlacementGroup } from "./placement-group.ts";

/** Makes what a function captures explicit: `() => ({ helper, base })`. Replaces implicit capture. */
export type Captures = () => Record<string, unknown>;

interface ResourceOptions {
  /** Logical CPUs, fractions allowed. @defaultValue 1 for tasks; for actors 1 to be placed and 0 to live */
  readonly numCpus?: number;
  /** Logical GPUs; above 1 whole numbers only. @defaultValue 0 */
  readonly numGpus?: number;
  /** Bytes of memory, for scheduling only. @defaultValue 0 */
  readonly memory?: number;
  /** Custom resources by name, e.g. `{ licence: 1 }`. Not `CPU` and `GPU`. @defaultValue none */
  readonly resources?: Resources;
  /** Runs inside this group's reservation. @defaultValue none */
  readonly placementGroup?: PlacementGroup;
  /** Which bundle of the group; -1: any. @defaultValue -1 */
  readonly placementGroupBundleIndex?: number;
  readonly captures?: Captures;
}

/** Options of a remote function. */
export interface TaskOptions extends ResourceOptions {
  /** Attempts after the first when the worker dies; -1: no limit. @defaultValue 3 */
  readonly maxRetries?: number;
  /** Retries exceptions too (all, or instances of these classes), within `maxRetries`. @defaultValue false */
  readonly retryExceptions?: boolean | readonly (abstract new (...args: never[]) => Error)[];
  /** How many refs a call gives; the function then returns an array of as many. @defaultValue 1 */
  readonly numReturns?: number;
  /** Name in logs and errors. @defaultValue the function's name */
  readonly name?: string;
}

/** Options of an actor class. */
export interface ActorOptions extends ResourceOptions {
  /** Times that the actor is made again after its worker died; its state starts anew. -1: no limit. @defaultValue 0 */
  readonly maxRestarts?: number;
  /** Attempts after the first of calls that the actor's death interrupted; -1: no limit. @defaultValue 0 */
  readonly maxTaskRetries?: number;
  /** Whether calls that raise are retried too, within `maxTaskRetries`. @defaultValue false */
  readonly retryExceptions?: boolean;
  /** Calls under way at once. @defaultValue 1, and 1000 for a class with async methods */
  readonly maxConcurrency?: number;
  /** Unfinished calls for each handle's thread; more raise PendingCallsLimitExceededError. -1: no limit. @defaultValue -1 */
  readonly maxPendingCalls?: number;
  /** Name for `getActor`, unique in its namespace. @defaultValue none */
  readonly name?: string;
  /** @defaultValue the session's namespace */
  readonly namespace?: string;
  /** With `name`: get the actor of that name when there is one. @defaultValue false */
  readonly getIfExists?: boolean;
  /** Own thread, or one thread shared by many actors. @defaultValue "thread" */
  readonly isolation?: "thread" | "shared";
}

/** The checked form of the resource options. */
export interface Demanded {
  readonly resources: ResourceSet;
  /** What must be free to be placed. */
  readonly placement: ResourceSet;
  readonly pool: PoolSelector | undefined;
}

const group: Check = (value) => (value instanceof PlacementGroup ? undefined : "a PlacementGroup");
const bundleIndex: Check = (value) =>
  Number.isInteger(value) && typeof value === "number" && value >= -1 ? undefined : "a whole number >= -1";
const errorClasses: Check = (value) =>
  typeof value === "boolean" || (Array.isArray(value) && value.every((cls) => typeof cls === "function"))
    ? undefined
    : "true, false or an array of error classes";

const resourceTable: Readonly<Record<string, Check>> = {
  numCpus: amount,
  numGpus: amount,
  memory: amount,
  resources: record,
  placementGroup: group,
  placementGroupBundleIndex: bundleIndex,
  captures: fn,
};

const taskTable: Readonly<Record<string, Check>> = {
  ...resourceTable,
  maxRetries: budget,
  retryExceptions: errorClasses,
  numReturns: count,
  name: text,
};

const actorTable: Readonly<Record<string, Check>> = {
  ...resourceTable,
  maxRestarts: budget,
  maxTaskRetries: budget,
  retryExceptions: flag,
  maxConcurrency: count,
  maxPendingCalls: limit,
  name: text,
  namespace: text,
  getIfExists: flag,
  isolation: oneOf("thread", "shared"),
};

const callTable: Readonly<Record<string, Check>> = {
  maxTaskRetries: budget,
  retryExceptions: flag,
  numReturns: count,
  name: text,
};

export function checkTaskOptions(where: string, options: TaskOptions): TaskOptions {
  checkOptions(where, options, taskTable);
  demand(where, options, { kind: "task" });
  return options;
}

export function checkActorOptions(where: string, options: ActorOptions): ActorOptions {
  checkOptions(where, options, actorTable);
  if (options.getIfExists === true && options.name === undefined) {
    throw new InvalidArgumentError(`${where}.getIfExists`, "needs a name");
  }
  demand(where, options, { kind: "actor" });
  return options;
}

export function checkCallOptions(where: string, options: unknown): void {
  checkOptions(where, options, callTable);
}

/** The option that an amount of a resource was given by. */
export const optionName =
  (where: string) =>
  (resource: string): string => {
    const own = { CPU: "numCpus", GPU: "numGpus", memory: "memory" }[resource];
    return own === undefined ? `${where}.resources.${resource}` : `${where}.${own}`;
  };

/** What the scheduler is asked for. */
export function demand(
  where: string,
  options: ResourceOptions,
  of: { readonly kind: "task" | "actor" },
): Demanded {
  const { numCpus, numGpus, memory, resources = {}, placementGroup } = options;
  for (const name of ["CPU", "GPU", "memory"]) {
    if (Object.hasOwn(resources, name)) {
      throw new InvalidArgumentError(`${where}.resources.${name}`, `use ${optionName(where)(name)} instead`);
    }
  }
  const asked =
    numCpus !== undefined ||
    numGpus !== undefined ||
    memory !== undefined ||
    Object.keys(resources).length > 0;
  const cpus = numCpus ?? (of.kind === "task" || asked ? 1 : 0);
  const held = ResourceSet.of(
    { CPU: cpus, GPU: numGpus ?? 0, memory: memory ?? 0, ...resources },
    optionName(where),
  );
  const pool =
    placementGroup === undefined
      ? undefined
      : {
          placementGroup: placementGroup.id as PlacementGroupId,
          bundleIndex: options.placementGroupBundleIndex ?? -1,
        };
  const placement = of.kind === "actor" && !asked ? ResourceSet.of({ CPU: 1 }) : held;
  return { resources: held, placement, pool };
}
