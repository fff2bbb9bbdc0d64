import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { PeerId } from "../../packages/runtime/dist/core/ids.js";
import { ThreadStarts } from "../../packages/runtime/dist/node/thread-starts.js";

/** Far longer than a pool waits before it starts a thread that nobody waits for. */
const LONG_MS = 10_000;

describe("starts of threads", () => {
  let started: PeerId[];
  let starts: ThreadStarts;

  beforeEach(() => {
    vi.useFakeTimers();
    started = [];
    starts = new ThreadStarts(() => {
      const workerId: PeerId = `worker_${started.length + 1}`;
      started.push(workerId);
      return workerId;
    });
  });
  afterEach(() => vi.useRealTimers());

  const ready = (workerId: PeerId | undefined): void => {
    if (workerId === undefined) throw new Error("no thread was started");
    starts.online(workerId);
    starts.settled(workerId);
  };

  it("fill the pool one after another, each when the one before has loaded", () => {
    starts.now();
    starts.later();
    starts.later();
    vi.advanceTimersByTime(LONG_MS);
    expect(started).toHaveLength(1);
    for (const count of [2, 3, 3]) {
      ready(started.at(-1));
      vi.advanceTimersByTime(LONG_MS);
      expect(started).toHaveLength(count);
    }
  });

  it("are at once when requests wait for more threads than come", () => {
    starts.now();
    starts.later();
    starts.later();
    starts.needed(1);
    expect(started).toHaveLength(1);
    starts.needed(2);
    expect(started).toHaveLength(2);
    starts.online("worker_1"); // it has work: the request still waits
    starts.needed(2);
    expect(started).toHaveLength(3);
    starts.needed(9);
    expect(started).toHaveLength(3);
  });

  it("go on when a thread has ended before it was ready", () => {
    starts.now();
    starts.later();
    starts.settled("worker_1");
    vi.advanceTimersByTime(LONG_MS);
    expect(started).toHaveLength(2);
  });

  it("do not stop when one fails", () => {
    const failing = new ThreadStarts(() => {
      started.push("none");
      return undefined;
    });
    failing.now();
    failing.later();
    vi.advanceTimersByTime(LONG_MS);
    expect(started).toHaveLength(2);
  });
});
