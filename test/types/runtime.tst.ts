import * as ray from "@mantajs/runtime";
import { describe, expect, test } from "tstyche";

class Counter {
  #secret = 0;
  readonly field: number = 1;
  constructor(private n: number) {}
  add(k: number): number {
    return (this.n += k);
  }
  async slow(label: string): Promise<string> {
    return label + String(this.#secret);
  }
  protected hidden(): void {}
}

describe("remote functions", () => {
  const square = ray.remote((x: number) => x * x);

  test("take values and refs, and give a typed ref", () => {
    expect(square.remote(4)).type.toBe<ray.ObjectRef<number>>();
    expect(square.remote(square.remote(4))).type.toBe<ray.ObjectRef<number>>();
    expect(square.remote).type.not.toBeCallableWith("4");
    expect(square.remote).type.not.toBeCallableWith();
  });

  test("unwrap promises", () => {
    const wait = ray.remote(async (name: string) => ({ name }));
    expect(wait.remote("a")).type.toBe<ray.ObjectRef<{ name: string }>>();
  });

  test("may have a rest parameter, readonly or not", () => {
    const mutable = ray.remote((...xs: number[]) => xs.length);
    const readonly = ray.remote((first: string, ...xs: readonly number[]) => xs.length + first.length);
    const all = ray.remote((...xs: readonly number[]) => xs.length);
    const fixed = ray.remote((...xs: readonly [number, string?]) => xs.length);
    expect(mutable.remote(1, ray.put(2))).type.toBe<ray.ObjectRef<number>>();
    expect(readonly.remote("a", 1, ray.put(2))).type.toBe<ray.ObjectRef<number>>();
    expect(all.remote(1, ray.put(2))).type.toBe<ray.ObjectRef<number>>();
    expect(all.remote()).type.toBe<ray.ObjectRef<number>>();
    expect(fixed.remote(1, "a")).type.toBe<ray.ObjectRef<1 | 2>>();
    expect(all.remote).type.not.toBeCallableWith("1");
    expect(fixed.remote).type.not.toBeCallableWith();
    class Sum {
      readonly names: readonly string[];
      constructor(...names: readonly string[]) {
        this.names = names;
      }
      add(...xs: readonly number[]): number {
        return xs.length;
      }
    }
    const sum = ray.remote(Sum).remote("a", ray.put("b"));
    expect(sum.add.remote(1, ray.put(2))).type.toBe<ray.ObjectRef<number>>();
    expect(sum.add.remote).type.not.toBeCallableWith("1");
  });

  test("give one ref for each value with numReturns", () => {
    const two = ray.remote((): [number, string] => [1, "a"], { numReturns: 2 });
    expect(two.remote()).type.toBe<[ray.ObjectRef<number>, ray.ObjectRef<string>]>();
  });

  test("know their options", () => {
    expect(ray.remote).type.not.toBeCallableWith(() => 1, { isolation: "thread" });
  });
});

describe("get, put and wait", () => {
  test("infer values", () => {
    const ref = ray.put({ a: 1 });
    expect(ray.get(ref)).type.toBe<Promise<{ a: number }>>();
    expect(ray.get([ray.put(1), ray.put("a")])).type.toBe<Promise<[number, string]>>();
    expect(ray.getSync(ref)).type.toBe<{ a: number }>();
    expect(ray.wait([ray.put(1)])).type.toBe<
      Promise<[ready: ray.ObjectRef<number>[], notReady: ray.ObjectRef<number>[]]>
    >();
  });

  test("memory() lists objects", () => {
    expect(ray.memory({ timeoutMs: 1 })).type.toBe<Promise<ray.ObjectMemory[]>>();
    expect(ray.memory).type.not.toBeCallableWith({ collect: true });
  });

  test("refs are covariant in their value", () => {
    expect<ray.ObjectRef<number | string>>().type.toBeAssignableFrom<ray.ObjectRef<number>>();
    expect<ray.ObjectRef<number>>().type.not.toBeAssignableFrom<ray.ObjectRef<number | string>>();
  });
});

describe("actors", () => {
  const counter = ray.remote(Counter).remote(10);

  test("handles show the public methods and nothing else", () => {
    expect(counter.add.remote(1)).type.toBe<ray.ObjectRef<number>>();
    expect(counter.slow.remote("a")).type.toBe<ray.ObjectRef<string>>();
    expect(counter.add.remote(ray.put(1))).type.toBe<ray.ObjectRef<number>>();
    expect(counter.add.remote).type.not.toBeCallableWith("1");
    expect(counter).type.not.toHaveProperty("hidden");
    expect(counter).type.not.toHaveProperty("field");
    expect(counter).type.not.toHaveProperty("n");
  });

  test("check the constructor's arguments", () => {
    expect(ray.remote(Counter).remote).type.not.toBeCallableWith("10");
  });

  test("getActor takes the class's type", () => {
    expect(ray.getActor<Counter>("c").add.remote(1)).type.toBe<ray.ObjectRef<number>>();
  });
});
