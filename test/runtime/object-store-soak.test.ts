/** Threads put, pass on, look and let go at random while memory runs out: no view ever sees another object's bytes. */
import * as ray from "@mantajs/runtime";
import { collectGarbage } from "@mantajs/runtime/testing";
import { describe, expect, it } from "vitest";

import { installedRuntime } from "../../packages/runtime/dist/api/current-runtime.js";
import { useSession } from "./session.ts";

interface Box {
  readonly mark: number;
  readonly ref: ray.ObjectRef<Uint32Array>;
}

/** Looks at arrays for a while, checks that they are still what they were, and makes others. */
class Looker {
  readonly #kept: { mark: number; array: Uint32Array }[] = [];
  #stale = 0;

  async look(box: Box): Promise<number> {
    this.#keep(box.mark, await ray.get(box.ref));
    return this.#stale;
  }

  /** The same as an argument; what comes back is the same memory, or a new array. */
  pass(mark: number, array: Uint32Array, copy: boolean): Uint32Array {
    this.#keep(mark, array);
    return copy ? array.slice() : array;
  }

  /** Fetches what another thread put, hands on a ref to it. */
  async make(mark: number, length: number, other: { looker: ray.ActorHandle<Looker> }): Promise<number> {
    using ref = ray.put(new Uint32Array(length).fill(mark));
    return await ray.get(other.looker.look.remote({ mark, ref }));
  }

  check(): number {
    for (const { mark, array } of this.#kept) if (array.some((word) => word !== mark)) this.#stale++;
    return this.#stale;
  }

  #keep(mark: number, array: Uint32Array): void {
    this.#kept.push({ mark, array: array.subarray(array.length / 4) });
    if (array.some((word) => word !== mark)) this.#stale++;
    if (this.#kept.length > 6) {
      const oldest = this.#kept.shift();
      if (oldest !== undefined && oldest.array.some((word) => word !== oldest.mark)) this.#stale++;
    }
  }
}

describe("a store under pressure", () => {
  useSession({ numCpus: 2, objectStoreMemory: 24 * 1024 * 1024 });

  it("never shows one object's bytes to a view of another", async () => {
    const lookers = [ray.remote(Looker).remote(), ray.remote(Looker).remote()];
    let state = 7;
    const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
    const kept: { mark: number; array: Uint32Array }[] = [];
    const isStale = ({ mark, array }: { mark: number; array: Uint32Array }): boolean =>
      array.some((word) => word !== mark);
    let stale = 0;
    for (let mark = 1; mark <= 400; mark++) {
      const length = 16_384 + random(8) * 32_768; // 64 KiB to 1 MiB
      const looker = lookers[random(2)];
      const other = lookers[random(2)];
      if (looker === undefined || other === undefined) throw new Error("no actor");
      const ref = ray.put(new Uint32Array(length).fill(mark));
      const action = random(5);
      if (action === 0) stale += await ray.get(looker.look.remote({ mark, ref }));
      if (action === 1)
        kept.push({ mark, array: await ray.get(looker.pass.remote(mark, ref, random(2) === 0)) });
      if (action === 2) stale += await ray.get(looker.make.remote(mark, length, { looker: other }));
      if (action === 3) kept.push({ mark, array: await ray.get(ref) });
      if (random(3) > 0) ref[Symbol.dispose]();
      if (random(20) === 0) await collectGarbage();
      if (random(4) === 0) stale += kept.splice(0, random(3)).filter(isStale).length;
      if (kept.length > 6) stale += kept.splice(0, 4).filter(isStale).length;
    }
    stale += kept.filter(isStale).length;
    for (const looker of lookers) {
      stale += await ray.get(looker.check.remote());
      ray.kill(looker);
    }
    expect(stale).toBe(0);
  });

  it("is empty after many puts of all sizes, and keeps no more memory than it may", () => {
    const sizes = [100, 5_000, 70_000, 300_000, 1_500_000];
    for (let round = 0; round < 1_500; round++) ray.put(new Uint8Array(sizes[round % sizes.length] ?? 0));
    expect(installedRuntime()?.peer.usage.residentBytes).toBeLessThanOrEqual(24 * 1024 * 1024);
  });
});
