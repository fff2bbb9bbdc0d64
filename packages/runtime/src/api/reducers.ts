/** How the runtime's own objects travel inside values. */
import { registerReducer } from "../serialization/reducers.ts";
import { ActorClass } from "./actor-class.ts";
import { ActorHandleClass, ActorMethodClass, handleMeta } from "./actor-handle.ts";
import { ObjectRef } from "./object-ref.ts";
import type { ActorOptions, TaskOptions } from "./options.ts";
import { PlacementGroup } from "./placement-group.ts";
import { RemoteFunction } from "./remote-function.ts";
import type { Resources } from "../core/resources.ts";
import type { AnyClass, AnyFunction } from "./types.ts";

const foreign = (what: string): never => {
  throw new Error(`${what} cannot be made without the thread that holds it`);
};

registerReducer<ObjectRef, string>({
  kind: "manta.ObjectRef",
  class: ObjectRef,
  tracked: true,
  reduce: (ref) => ref.id,
  revive: () => foreign("an ObjectRef"),
  // The receiving thread holds a ref already; the user gets one of its own, to dispose of as they like.
  adopt: (held) => {
    const entry = ObjectRef.entryOf(held);
    return entry === undefined ? foreign("a disposed ObjectRef") : new ObjectRef(entry);
  },
});

registerReducer<InstanceType<typeof ActorHandleClass>, string>({
  kind: "manta.ActorHandle",
  class: ActorHandleClass,
  tracked: true,
  subclasses: true, // each class of actors has handles of a prototype of its own
  reduce: (handle) => handleMeta(handle).actorId,
  revive: () => foreign("an ActorHandle"),
  adopt: (held) => held,
});

registerReducer<InstanceType<typeof ActorMethodClass>, ReturnType<typeof ActorMethodClass.reduce>>({
  kind: "manta.ActorMethod",
  class: ActorMethodClass,
  reduce: (method) => ActorMethodClass.reduce(method),
  revive: (state) => ActorMethodClass.revive(state),
});

registerReducer<RemoteFunction<AnyFunction>, readonly [AnyFunction, TaskOptions]>({
  kind: "manta.RemoteFunction",
  class: RemoteFunction,
  readsStateLater: true,
  reduce: (remote) => RemoteFunction.reduce(remote),
  revive: (target) => RemoteFunction.revive(target),
});

registerReducer<ActorClass<AnyClass>, readonly [AnyClass, ActorOptions]>({
  kind: "manta.ActorClass",
  class: ActorClass,
  readsStateLater: true,
  reduce: (actorClass) => ActorClass.reduce(actorClass),
  revive: (target) => ActorClass.revive(target),
});

registerReducer<PlacementGroup, [string, readonly Resources[]]>({
  kind: "manta.PlacementGroup",
  class: PlacementGroup,
  reduce: (group) => [group.id, group.bundles],
  revive: ([id, bundles]) => new PlacementGroup(id, bundles),
});
