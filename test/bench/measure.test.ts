/** The arithmetic of measuring, without a real clock. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Clock } from "../../bench/src/measure/clock.ts";
import { measureRate } from "../../bench/src/measure/rate.ts";
import { deviation, mean, median } from "../../bench/src/measure/statistics.ts";
import { busyThreads } from "../../bench/src/measure/usage.ts";

/** A clock that moves only when a call takes time. */
class StepClock implements Clock {
  time = 0;
  breaths = 0;
  now(): number {
    return this.time;
  }
  async breathe(): Promise<void> {
    this.breaths++;
  }
}

const rule = { warmUpMs: 100, windowMs: 200, windows: 3 };

describe("statistics", () => {
  it("gives mean, population deviation and median", () => {
    expect(mean([2, 4, 9])).toBe(5);
    expect(deviation([2, 4, 4, 4, 5, 5, 7, 9])).toBe(2);
    expect(median([9, 1, 5])).toBe(5);
    expect(median([9, 1, 5, 7])).toBe(6);
    expect(median([3])).toBe(3);
  });

  it("refuses to make something of nothing", () => {
    expect(() => mean([])).toThrow(RangeError);
    expect(() => deviation([])).toThrow(RangeError);
    expect(() => median([])).toThrow(RangeError);
  });

  it("leaves as many values below the median as above it, in any order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });
});

describe("the timing rule", () => {
  it("finds the rate of calls that take a fixed time", async () => {
    const clock = new StepClock();
    const call = (): void => void (clock.time += 2);
    const rate = await measureRate(call, 1000, { rule, clock });
    expect(rate.mean).toBeCloseTo(500_000);
    expect(rate.deviation).toBeCloseTo(0);
  });

  it("makes blocks of a tenth of the warm-up's calls and one, and whole blocks only", async () => {
    const clock = new StepClock();
    let calls = 0;
    let callsWhenWarm = 0;
    const call = (): void => {
      calls++;
      clock.time += 2;
    };
    const onWarm = (): void => void (callsWhenWarm = calls);
    const rate = await measureRate(call, 1, { rule, clock, onWarm });
    expect(callsWhenWarm).toBe(50);
    // Blocks of 6 calls take 12 ms: 17 blocks are the first that last 200 ms.
    expect(calls - callsWhenWarm).toBe(3 * 17 * 6);
    expect(rate.operations).toBe(3 * 17 * 6);
  });

  it("awaits what a call returns", async () => {
    const clock = new StepClock();
    const call = async (): Promise<void> => {
      await Promise.resolve();
      clock.time += 10;
    };
    expect((await measureRate(call, 1, { rule, clock })).mean).toBeCloseTo(100);
  });

  it("reports the spread of windows of different speed", async () => {
    const clock = new StepClock();
    let step = 10;
    const slowing: Clock = {
      now: () => clock.time,
      breathe: async () => {
        if (clock.time >= 300) step = 20; // after the warm-up and the first window
      },
    };
    const call = (): void => void (clock.time += step);
    const rate = await measureRate(call, 1, { rule: { ...rule, windows: 2 }, clock: slowing });
    expect(rate.mean).toBeCloseTo(75);
    expect(rate.deviation).toBeCloseTo(25);
  });

  it("lets the event loop turn during a synchronous warm-up and after each block", async () => {
    const clock = new StepClock();
    let breathsWhenWarm = 0;
    const call = (): void => void (clock.time += 5);
    const onWarm = (): void => void (breathsWhenWarm = clock.breaths);
    await measureRate(call, 1, { rule, clock, onWarm });
    expect(breathsWhenWarm).toBe(10); // every 10 ms
    expect(clock.breaths - breathsWhenWarm).toBe(3 * 14); // blocks of 3 calls last 15 ms
  });

  it("passes on what a call throws", async () => {
    const call = (): never => {
      throw new Error("no connection");
    };
    await expect(measureRate(call, 1, { rule, clock: new StepClock() })).rejects.toThrow("no connection");
  });
});

describe("busyThreads", () => {
  it("sorts threads by what they used meanwhile, new ones included", () => {
    const before = new Map([
      ["1", 100],
      ["2", 50],
    ]);
    const after = new Map([
      ["1", 105],
      ["2", 50],
      ["3", 30],
    ]);
    expect(busyThreads(before, after)).toEqual([30, 5]);
    expect(busyThreads(undefined, undefined)).toEqual([]);
  });
});
