/**
 * `@mantajs/runtime`: remote tasks, stateful actors and shared objects on worker threads.
 *
 * @packageDocumentation
 */
import "./api/reducers.ts";

export { init, isInitialized, shutdown, type InitOptions, type LogRecord, type Session } from "./api/init.ts";
export { remote } from "./api/remote.ts";
export { RemoteFunction } from "./api/remote-function.ts";
export { ActorClass } from "./api/actor-class.ts";
export type { ActorHandle, CallOptions } from "./api/actor-handle.ts";
export type { ActorOptions, Captures, TaskOptions } from "./api/options.ts";
export type { ActorMethod, ActorMethods, Arg, Args, Returned } from "./api/types.ts";
export { ObjectRef } from "./api/object-ref.ts";
export {
  cancel,
  get,
  getSync,
  put,
  wait,
  type CancelOptions,
  type WaitingOptions,
  type WaitOptions,
} from "./api/objects.ts";
export { memory, type ObjectMemory } from "./api/memory.ts";
export { exitActor, getActor, kill, listActors, listNamedActors, type ActorInfo } from "./api/actors.ts";
export {
  PlacementGroup,
  placementGroup,
  removePlacementGroup,
  type PlacementGroupOptions,
  type PlacementStrategy,
} from "./api/placement-group.ts";
export {
  availableResources,
  clusterResources,
  getRuntimeContext,
  nodes,
  objectStoreBytes,
  type NodeInfo,
  type RuntimeContext,
} from "./api/cluster.ts";
export type { Resources } from "./core/resources.ts";
export * from "./core/public-errors.ts";
export { deregisterSerializer, registerSerializer } from "./serialization/reducers.ts";
export { inspectSerializability } from "./serialization/inspect.ts";
export { ActorPool } from "./util/actor-pool.ts";
