/**
 * What is free where: the node's own resources and one pool for each bundle of each placement group. Pure
 * bookkeeping; who gets something is the scheduler's decision.
 */
import type { PlacementGroupId } from "./ids.ts";
import { ResourceSet } from "./resources.ts";

/** Where a request may draw from: the node (undefined) or a placement group, one bundle of it or any (-1). */
export interface PoolSelector {
  readonly placementGroup: PlacementGroupId;
  readonly bundleIndex: number;
}

/** Resources taken from one pool, to be given back to it. */
export interface Allocation {
  readonly pool: string;
  readonly resources: ResourceSet;
}

interface Pool {
  readonly total: ResourceSet;
  available: ResourceSet;
}

const NODE = "node";
const bundleKey = (group: PlacementGroupId, index: number): string => `${group}/${index}`;

export class ResourcePools {
  readonly #pools = new Map<string, Pool>();
  readonly #bundles = new Map<PlacementGroupId, readonly ResourceSet[]>();

  constructor(total: ResourceSet) {
    this.#pools.set(NODE, { total, available: total });
  }

  /** Name of the pool of what is in no placement group. */
  get node(): string {
    return NODE;
  }

  get total(): ResourceSet {
    return this.#pool(NODE).total;
  }

  /** Free resources, those inside placement groups included (as Ray counts them: a reserved bundle is in use). */
  get available(): ResourceSet {
    return this.#pool(NODE).available;
  }

  /** Takes the resources, or undefined when they are not free now. */
  allocate(resources: ResourceSet, selector: PoolSelector | undefined): Allocation | undefined {
    for (const key of this.#candidates(selector)) {
      const pool = this.#pools.get(key);
      if (pool?.available.covers(resources) === true) {
        pool.available = pool.available.minus(resources);
        return { pool: key, resources };
      }
    }
    return undefined;
  }

  /** Gives back; a pool that was removed in between has returned its resources already. */
  release(allocation: Allocation): void {
    const pool = this.#pools.get(allocation.pool);
    if (pool !== undefined) pool.available = pool.available.plus(allocation.resources);
  }

  /** Takes back what was released although it may be in use elsewhere by now. */
  retake(allocation: Allocation): void {
    const pool = this.#pools.get(allocation.pool);
    if (pool !== undefined) pool.available = pool.available.minus(allocation.resources);
  }

  /** Whether the request could be met if nothing else ran. */
  feasible(resources: ResourceSet, selector: PoolSelector | undefined): boolean {
    if (selector !== undefined && !this.#bundles.has(selector.placementGroup)) return true; // not created yet
    return this.#candidates(selector).some((key) => this.#pools.get(key)?.total.covers(resources) === true);
  }

  /** Reserves all bundles at once, or none. */
  reserve(group: PlacementGroupId, bundles: readonly ResourceSet[]): boolean {
    const sum = bundles.reduce((all, bundle) => all.plus(bundle), ResourceSet.empty);
    const node = this.#pool(NODE);
    if (!node.available.covers(sum)) return false;
    node.available = node.available.minus(sum);
    this.#bundles.set(group, bundles);
    bundles.forEach((total, index) => this.#pools.set(bundleKey(group, index), { total, available: total }));
    return true;
  }

  unreserve(group: PlacementGroupId): void {
    const bundles = this.#bundles.get(group) ?? [];
    this.#bundles.delete(group);
    bundles.forEach((_, index) => this.#pools.delete(bundleKey(group, index)));
    const node = this.#pool(NODE);
    node.available = bundles.reduce((all, bundle) => all.plus(bundle), node.available);
  }

  #candidates(selector: PoolSelector | undefined): readonly string[] {
    if (selector === undefined) return [NODE];
    const { placementGroup, bundleIndex } = selector;
    if (bundleIndex >= 0) return [bundleKey(placementGroup, bundleIndex)];
    return (this.#bundles.get(placementGroup) ?? []).map((_, index) => bundleKey(placementGroup, index));
  }

  #pool(key: string): Pool {
    const pool = this.#pools.get(key);
    if (pool === undefined) throw new Error(`no resource pool ${key}`);
    return pool;
  }
}
