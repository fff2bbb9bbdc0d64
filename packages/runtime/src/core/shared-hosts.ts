/**
 * Which host a shared actor goes to: the least loaded one, once there are as many hosts as the pool has workers. With
 * many actors, a few more in the host of the last one are no matter, and neighbours are cheaper to make.
 */
import type { PeerId } from "./ids.ts";
import type { Host, WorkerState } from "./scheduler-types.ts";

/** That many may go to one host one after another at most, and a sixteenth of what the least loaded one has. */
const NEIGHBOURS = 64;

export class SharedHosts {
  readonly #workers: ReadonlyMap<PeerId, WorkerState>;
  readonly #poolSize: number;
  /** Actors go there without a look at the others while it has fewer than that. */
  #near: { readonly workerId: PeerId; readonly host: Host; readonly upTo: number } | undefined;

  constructor(workers: ReadonlyMap<PeerId, WorkerState>, poolSize: number) {
    this.#workers = workers;
    this.#poolSize = poolSize;
  }

  /** Undefined when there should be one more. */
  choose(): PeerId | undefined {
    const near = this.#near;
    if (
      near !== undefined &&
      near.host.actors < near.upTo &&
      this.#workers.get(near.workerId) === near.host
    ) {
      return near.workerId;
    }
    let hosts = 0;
    let best: { readonly workerId: PeerId; readonly host: Host } | undefined;
    for (const [workerId, host] of this.#workers) {
      if (host.is !== "host") continue;
      hosts++;
      if (best === undefined || host.actors < best.host.actors) best = { workerId, host };
    }
    if (best === undefined || (hosts < this.#poolSize && best.host.actors > 0)) return undefined;
    const { actors } = best.host;
    this.#near = { ...best, upTo: actors + Math.min(NEIGHBOURS, actors >> 4) };
    return best.workerId;
  }
}
