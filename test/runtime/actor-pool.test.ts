import * as ray from "@mantajs/runtime";
import { describe, expect, it } from "vitest";

import { failure, owned, useSession } from "./session.ts";

class Squarer {
  square(x: number): number {
    if (x < 0) throw new RangeError("negative");
    if (x === 13) process.exit(1);
    return x * x;
  }
}

const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

describe("ActorPool", () => {
  useSession();
  const makePool = (): ray.ActorPool<ray.ActorHandle<Squarer>> =>
    new ray.ActorPool([1, 2].map(() => owned(ray.remote(Squarer).remote())));
  const submit = (actor: ray.ActorHandle<Squarer>, x: number): ray.ObjectRef<number> =>
    actor.square.remote(x);

  it("maps in order, and as results come", async () => {
    const pool = makePool();
    expect(await collect(pool.map(submit, [1, 2, 3, 4, 5]))).toEqual([1, 4, 9, 16, 25]);
    const unordered = await collect(pool.mapUnordered(submit, [1, 2, 3, 4, 5]));
    expect(unordered.toSorted((a, b) => a - b)).toEqual([1, 4, 9, 16, 25]);
    expect(await collect(pool.map(submit, []))).toEqual([]);
  });

  it("goes on with an actor that raised, and without one that died", async () => {
    const pool = makePool();
    expect(await failure(collect(pool.map(submit, [-1])))).toBeInstanceOf(ray.TaskError);
    expect(await failure(collect(pool.map(submit, [13])))).toBeInstanceOf(ray.ActorDiedError);
    expect(await collect(pool.map(submit, [2, 3]))).toEqual([4, 9]);
    expect(await failure(collect(pool.mapUnordered(submit, [13])))).toBeInstanceOf(ray.ActorDiedError);
    expect((await failure(collect(pool.map(submit, [2])))).message).toContain("all are dead");
  });

  it("gets its actors back after a consumer that left early", async () => {
    const pool = makePool();
    for await (const first of pool.map(submit, [1, 2, 3, 4])) {
      expect(first).toBe(1);
      break;
    }
    expect(await collect(pool.map(submit, [5, 6]))).toEqual([25, 36]);
  });

  it("needs at least one actor", () => {
    expect(() => new ray.ActorPool([])).toThrow(ray.InvalidArgumentError);
  });
});
