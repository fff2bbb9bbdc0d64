/** Parked leases that the node takes back for a surplus of workers. */
import { describe, expect, it } from "vitest";

import { ResourceSet } from "../../packages/runtime/dist/core/resources.js";
import { Scheduler } from "../../packages/runtime/dist/core/scheduler.js";

const cpu = { resources: ResourceSet.of({ CPU: 1 }), pool: undefined, depth: 0, name: "work" };
const lease = (peer: string) => ({ ...cpu, peer, requestId: `request of ${peer}` });

const granted = (effects: readonly { readonly type: string; readonly workerId?: string }[]): unknown[] =>
  effects.filter(({ type }) => type === "grantLease").map(({ workerId }) => workerId);

describe("a surplus of workers", () => {
  it("is no reason to keep those waiting who asked while leases were parked", () => {
    const parked = new Set<string>();
    let leases = 0;
    const scheduler = new Scheduler({
      total: ResourceSet.of({ CPU: 1 }),
      poolSize: 1,
      maxRunning: 64,
      newLeaseId: () => `lease ${leases++}`,
      parking: { isParked: (_, lease) => parked.has(lease), reclaim: (_, lease) => parked.delete(lease) },
    });
    scheduler.start();
    scheduler.requestLease(lease("driver"));
    expect(granted(scheduler.workerStarted("pooled"))).toEqual(["pooled"]);
    scheduler.requestLease({ ...lease("driver"), requestId: "another" });
    parked.add("lease 0");
    expect(granted(scheduler.retireSurplus())).toEqual(["pooled"]);
  });
});
