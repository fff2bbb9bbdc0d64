/** Calls between two workers are the affair of the two: no other thread has a message from it. */
import * as ray from "@mantajs/runtime";
import { expectNothingLeft } from "@mantajs/runtime/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { bellWords } from "./bell-counts.ts";

/** Words of each thread's line; the first counts what was handed to the thread. */
const STRIDE = 16;

class Callee {
  echo(n: number): number {
    return n;
  }
}

class Caller {
  /** Makes the calls, in three ways. Returns how often each thread was rung meanwhile, most first. */
  async call(callee: ray.ActorHandle<Callee>, times: number): Promise<number[]> {
    const words = bellWords();
    const before = words.slice();
    for (let n = 0; n < times; n++) {
      if ((await ray.get(callee.echo.remote(n))) !== n) throw new Error("another answer");
    }
    await ray.get(Array.from({ length: times }, (_, n) => callee.echo.remote(n)));
    for (let n = 0; n < times; n++) ray.getSync(callee.echo.remote(n));
    const rung: number[] = [];
    for (let at = 0; at < words.length; at += STRIDE) rung.push(Atomics.load(words, at) - (before[at] ?? 0));
    return rung.toSorted((a, b) => b - a);
  }
}

beforeAll(() => ray.init({ numCpus: 2, logToDriver: false }));
afterAll(() => ray.shutdown());

describe("calls from worker to worker", () => {
  it("pass through no third thread", async () => {
    const callee = ray.remote(Callee).remote();
    const caller = ray.remote(Caller).remote();
    await ray.get(caller.call.remote(callee, 10)); // the two get to know each other
    const [one = 0, other = 0, ...others] = await ray.get(caller.call.remote(callee, 1000));
    expect(Math.min(one, other)).toBeGreaterThanOrEqual(2000); // one by one, each is a ring at least
    // A worker that starts or ends meanwhile rings a few times; calls that pass through a thread ring it thousands.
    expect(others.reduce((sum, count) => sum + count)).toBeLessThan(100);
    ray.kill(caller);
    ray.kill(callee);
    await expectNothingLeft();
  });
});
