/** A session that has nothing to do: all of its threads sleep, and no timer of theirs will wake them. */
import { setImmediate } from "node:timers/promises";

import * as ray from "@mantajs/runtime";
import { expectNothingLeft } from "@mantajs/runtime/testing";
import { afterEach, describe, expect, it, vi } from "vitest";

import { awakeThreads } from "./bell-counts.ts";

/** Timers of this thread that have yet to go off, the unreferenced ones too. */
function watchTimers(): ReadonlySet<unknown> {
  const open = new Set<unknown>();
  const { setTimeout, clearTimeout } = globalThis;
  const set = (callback: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]): unknown => {
    const timer = setTimeout(() => (open.delete(timer), callback(...args)), delayMs);
    open.add(timer);
    return timer;
  };
  vi.spyOn(globalThis, "setTimeout").mockImplementation(set as typeof setTimeout);
  vi.spyOn(globalThis, "clearTimeout").mockImplementation((timer) => {
    open.delete(timer);
    clearTimeout(timer);
  });
  vi.spyOn(globalThis, "setInterval").mockImplementation(() => {
    throw new Error("an interval never rests");
  });
  return open;
}

class Living {
  timers(): number {
    return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  }
}

afterEach(async () => {
  await ray.shutdown();
  vi.restoreAllMocks();
});

describe("an idle session", () => {
  it.each([undefined, 0, 1000])("with a living actor sleeps on all threads (pollUs: %s)", async (pollUs) => {
    const timers = watchTimers();
    await ray.init({ numCpus: 2, logToDriver: false, ...(pollUs === undefined ? {} : { pollUs }) });
    const task = ray.remote((n: number) => n);
    const actor = ray.remote(Living).remote();
    await ray.get(Array.from({ length: 100 }, (_, n) => task.remote(n)));
    for (let n = 0; n < 100; n++) ray.getSync(task.remote(n));
    expect(await ray.get(actor.timers.remote())).toBe(0);
    // Leases linger for a moment. A thread that stays awake, or a timer that is set again and again, keeps the test from ending.
    while (awakeThreads() !== 0 || timers.size > 0) await setImmediate();
    expect(await ray.get(task.remote(7))).toBe(7);
    ray.kill(actor);
    await expectNothingLeft();
  });
});
