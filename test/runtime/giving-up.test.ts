/** When objects are given up: by `using`, wherever their refs have been, and by garbage that nobody disposed of. */
import * as ray from "@mantajs/runtime";
import { collectGarbage } from "@mantajs/runtime/testing";
import { describe, expect, it } from "vitest";

import { owned, useSession } from "./session.ts";

const MIB = 1024 * 1024;

type Box = { readonly ref: ray.ObjectRef<Uint8Array> };

class Keeper {
  #ref: ray.ObjectRef<Uint8Array> | undefined;
  keep({ ref }: Box): void {
    this.#ref = ref;
  }
  async size(): Promise<number> {
    return this.#ref === undefined ? 0 : (await ray.get(this.#ref)).length;
  }
  /** Asks for the value, and gives the ref up before it can have come. */
  async lastSize(): Promise<number> {
    const size = this.size();
    this.giveUp();
    return size;
  }
  passOn(other: ray.ActorHandle<Keeper>): ray.ObjectRef<void> {
    const { ref } = this.#kept();
    const passed = other.keep.remote({ ref });
    this.giveUp();
    return passed;
  }
  giveUp(): void {
    this.#ref?.[Symbol.dispose]();
    this.#ref = undefined;
  }
  make(bytes: number): Box {
    return { ref: ray.put(new Uint8Array(bytes)) };
  }
  #kept(): Box {
    if (this.#ref === undefined) throw new Error("nothing is kept");
    return { ref: this.#ref };
  }
}
const Keepers = ray.remote(Keeper, { numCpus: 0 });

describe("`using` frees at once", () => {
  useSession();

  const length = ray.remote((array: Uint8Array) => array.length);

  it("what was an argument of a task that has finished", async () => {
    {
      using ref = ray.put(new Uint8Array(5 * MIB));
      expect(await ray.get(length.remote(ref))).toBe(5 * MIB);
    }
    expect(ray.objectStoreBytes()).toBe(0);
  });

  it("what was an argument of tasks that failed, were cancelled or never ran", async () => {
    const fail = ray.remote((_: Uint8Array, why: string): never => {
      throw new Error(why);
    });
    const broken = fail.remote(new Uint8Array(1), "first");
    {
      using ref = ray.put(new Uint8Array(5 * MIB));
      const refs = [
        fail.remote(ref, "an exception"),
        ray.remote((_: Uint8Array, never: never) => never).remote(ref, broken),
      ];
      const settled = await Promise.allSettled(refs.map((each) => ray.get(each)));
      expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
      const impossible = length.options({ numCpus: 100 }).remote(ref);
      ray.cancel(impossible);
      await expect(ray.get(impossible)).rejects.toThrow(/cancelled/);
    }
    expect(ray.objectStoreBytes()).toBe(0);
  });

  it("large arguments, once the call has its result", async () => {
    const keeper = owned(Keepers.remote());
    expect(await ray.get(length.remote(new Uint8Array(5 * MIB)))).toBe(5 * MIB);
    await ray.get(keeper.giveUp.remote());
    expect(ray.objectStoreBytes()).toBe(0);
  });

  it("what another thread has given up as well", async () => {
    const keeper = owned(Keepers.remote());
    {
      using ref = ray.put(new Uint8Array(5 * MIB));
      await ray.get(keeper.keep.remote({ ref }));
    }
    expect(ray.objectStoreBytes()).toBe(5 * MIB);
    await ray.get(keeper.giveUp.remote());
    expect(ray.objectStoreBytes()).toBe(0);
  });

  it("but not what a thread has asked for, or has passed on", async () => {
    const [one, two] = [owned(Keepers.remote()), owned(Keepers.remote())];
    {
      using ref = ray.put(new Uint8Array(5 * MIB));
      await ray.get(one.keep.remote({ ref }));
    }
    await ray.get(await ray.get(one.passOn.remote(two)));
    expect(await ray.get(one.size.remote())).toBe(0);
    expect(await ray.get(two.lastSize.remote())).toBe(5 * MIB);
    expect(await ray.get(two.size.remote())).toBe(0);
  });

  it("the refs that an object holds, with the object", async () => {
    {
      using box = ray.put({ ref: ray.put(new Uint8Array(5 * MIB)) });
      using ref = (await ray.get(box)).ref;
      expect((await ray.get(ref)).length).toBe(5 * MIB);
    }
    for (let turn = 0; turn < 20 && ray.objectStoreBytes() > 0; turn++) await collectGarbage();
    expect(ray.objectStoreBytes()).toBe(0);
  });
});

describe("refs that become garbage without a look at their value", () => {
  const objectStoreMemory = 64 * MIB;
  useSession({ numCpus: 1, objectStoreMemory });

  it("do not keep objects, when tasks were sent them", async () => {
    const ignore = ray.remote(({ ref }: Box) => ref.id.length);
    for (let round = 0; round < 100; round++) {
      using ref = ray.put(new Uint8Array(4 * MIB));
      await ray.get(ignore.remote({ ref }));
      expect(ray.objectStoreBytes()).toBeLessThanOrEqual(objectStoreMemory);
    }
  });

  it("do not keep objects, when an actor made them", async () => {
    const maker = owned(Keepers.remote());
    for (let round = 0; round < 100; round++) {
      await ray.get(maker.make.remote(4 * MIB));
      expect(ray.objectStoreBytes()).toBeLessThanOrEqual(objectStoreMemory);
    }
  });
});
