/**
 * The slots of an experiment: each is a placement group that holds the resources of one RUNNING trial. A slot that a
 * parking trial gives back goes to the next trial; what nobody needs is returned to the cluster.
 */
import * as ray from "@mantajs/runtime";

interface Slot {
  readonly group: ray.PlacementGroup | undefined;
}

/** What the cluster has, and had free when the experiment began. */
export interface Capacity {
  readonly total: ray.Resources;
  readonly available: ray.Resources;
}

/** Reserves and passes on resources of one shape. */
export class Slots {
  readonly #shape: Readonly<Record<string, number>>;
  readonly #wake: () => void;
  /** How many slots fit into what was free when the experiment began. */
  readonly #fitting: number;
  readonly #held = new Map<string, Slot>();
  #idle: Slot[] = [];
  #requested: ray.PlacementGroup | undefined = undefined;

  constructor(shape: Readonly<Record<string, number>>, capacity: Capacity, wake: () => void) {
    this.#shape = shape;
    this.#wake = wake;
    const fits = Object.entries(shape).map(([key, need]) =>
      Math.floor((capacity.available[key] ?? 0) / need + 1e-9),
    );
    this.#fitting = fits.length === 0 ? Infinity : Math.min(...fits);
  }

  /** Number of slots that trials hold. */
  get held(): number {
    return this.#held.size;
  }

  /** Whether a slot is on its way that was free when the experiment began. */
  get settling(): boolean {
    return this.#requested !== undefined && this.#held.size + this.#idle.length < this.#fitting;
  }

  acquire(trialId: string): boolean {
    if (Object.keys(this.#shape).length === 0) {
      this.#held.set(trialId, { group: undefined });
      return true;
    }
    const slot = this.#idle.pop();
    if (slot === undefined) {
      this.#request();
      return false;
    }
    this.#held.set(trialId, slot);
    return true;
  }

  release(trialId: string): void {
    const slot = this.#held.get(trialId);
    this.#held.delete(trialId);
    if (slot?.group !== undefined) this.#idle.push(slot);
  }

  /** Gives back idle slots beyond what waiting trials may soon need. */
  trim(keep: number): void {
    while (this.#idle.length > Math.max(0, keep)) remove(this.#idle.pop()?.group);
  }

  close(): void {
    this.trim(0);
    for (const slot of this.#held.values()) remove(slot.group);
    this.#held.clear();
    remove(this.#requested);
    this.#requested = undefined;
  }

  #request(): void {
    if (this.#requested !== undefined) return;
    const group = ray.placementGroup([this.#shape]);
    this.#requested = group;
    const settled = (slot: Slot | undefined): void => {
      if (this.#requested !== group) return;
      this.#requested = undefined;
      if (slot !== undefined) this.#idle.push(slot);
      this.#wake();
    };
    void ray.get(group.ready()).then(
      () => settled({ group }),
      () => settled(undefined),
    );
  }
}

function remove(group: ray.PlacementGroup | undefined): void {
  if (group !== undefined) ray.removePlacementGroup(group);
}
