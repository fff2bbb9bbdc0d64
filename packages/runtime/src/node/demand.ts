/** What a thread asks for, as it comes over the wire and as the scheduler wants it. */
import { ResourceSet } from "../core/resources.ts";
import type { Demand } from "../core/scheduler.ts";
import type { WireDemand } from "../transport/protocol.ts";

export function toDemand(wire: WireDemand): Demand {
  return { ...wire, resources: ResourceSet.of(wire.resources) };
}
