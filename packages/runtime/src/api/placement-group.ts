/** Placement groups: resources reserved together, all or nothing, for tasks and actors to run in. */
import { InvalidArgumentError, PlacementGroupRemovedError } from "../core/errors.ts";
import { newId, type PlacementGroupId } from "../core/ids.ts";
import { ResourceSet, type Resources } from "../core/resources.ts";
import { checkOptions, oneOf, text } from "./check.ts";
import { Failure } from "../objects/stored-value.ts";
import { ObjectRef } from "./object-ref.ts";
import { currentRuntime } from "./current-runtime.ts";

/** How bundles are spread over nodes. On one node all are the same but `STRICT_SPREAD`, which needs a node for each. */
export type PlacementStrategy = "PACK" | "SPREAD" | "STRICT_PACK" | "STRICT_SPREAD";

export interface PlacementGroupOptions {
  /** @defaultValue "PACK" */
  readonly strategy?: PlacementStrategy;
  /** For messages. @defaultValue none */
  readonly name?: string;
}

/** A reservation of resources. Made by {@link placementGroup}. */
export class PlacementGroup {
  readonly id: string;
  readonly bundles: readonly Resources[];

  /** @internal */
  constructor(id: string, bundles: readonly Resources[]) {
    this.id = id;
    this.bundles = bundles;
  }

  /** A ref that is ready once all bundles are reserved; fails with PlacementGroupRemovedError when that cannot be any more. */
  ready(): ObjectRef<PlacementGroup> {
    const { peer } = currentRuntime("placementGroup.ready()");
    const entry = peer.objects.create(`placement group ${this.id}`);
    const groupId = this.id as PlacementGroupId;
    peer.request(
      (requestId) => peer.toNode({ t: "group.wait", groupId, requestId }),
      (created) => {
        if (created === true) entry.settle(peer.values.store(this, "placement group"));
        else {
          const message = `placement group ${this.id} was removed before it was ready`;
          entry.settle(new Failure(new PlacementGroupRemovedError(message, { placementGroupId: this.id })));
        }
      },
    );
    return new ObjectRef<PlacementGroup>(entry);
  }

  toString(): string {
    return `PlacementGroup(${this.id})`;
  }
}

/**
 * Reserves bundles of resources. Returns at once; `await ray.get(group.ready())` waits for the reservation.
 *
 * @param bundles resources of each bundle, e.g. `[{ CPU: 1 }, { CPU: 1, GPU: 1 }]`
 * @throws InvalidArgumentError for an empty list, an empty bundle or a bad amount
 * @example
 * const group = ray.placementGroup([{ CPU: 1 }, { CPU: 1 }]);
 * await ray.get(group.ready());
 * const ref = work.options({ placementGroup: group }).remote();
 */
export function placementGroup(
  bundles: readonly Resources[],
  options: PlacementGroupOptions = {},
): PlacementGroup {
  const where = "placementGroup()";
  checkOptions(where, options, {
    strategy: oneOf("PACK", "SPREAD", "STRICT_PACK", "STRICT_SPREAD"),
    name: text,
  });
  if (!Array.isArray(bundles) || bundles.length === 0) {
    throw InvalidArgumentError.forValue(`${where}.bundles`, "a non-empty array of resources", bundles);
  }
  const checked = bundles.map((bundle: Resources, index) => {
    const set = ResourceSet.of(bundle, `${where}.bundles[${index}]`);
    if (set.isEmpty)
      throw new InvalidArgumentError(`${where}.bundles[${index}]`, "must ask for something, got {}");
    return set.toJSON();
  });
  if (options.strategy === "STRICT_SPREAD" && checked.length > 1) {
    throw new InvalidArgumentError(
      `${where}.strategy`,
      `STRICT_SPREAD needs ${checked.length} nodes, and there is 1`,
    );
  }
  const { peer } = currentRuntime(where);
  const groupId = newId("pg") as PlacementGroupId;
  peer.toNode({ t: "group.create", groupId, bundles: checked });
  return new PlacementGroup(groupId, checked);
}

/** Gives the reservation back. Tasks and actors that run in it are ended; what waits for it fails. */
export function removePlacementGroup(group: PlacementGroup): void {
  if (!(group instanceof PlacementGroup)) {
    throw InvalidArgumentError.forValue("removePlacementGroup(group)", "a PlacementGroup", group);
  }
  const { peer } = currentRuntime("removePlacementGroup()");
  peer.toNode({ t: "group.remove", groupId: group.id });
}
