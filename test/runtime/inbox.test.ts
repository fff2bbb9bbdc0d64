/** How one thread waits and comes to rest, on a clock of the test's own, without another thread. */
import { availableParallelism } from "node:os";

import { afterEach, describe, expect, it, vi } from "vitest";

import { makeBells, OwnBell, RemoteBell } from "../../packages/runtime/dist/transport/bells.js";
import { Inbox } from "../../packages/runtime/dist/transport/inbox.js";

/** Each reading of the clock takes so long. */
const READING_MS = 0.01;
const LATE_MS = 0.03;
/** Threads do not look for messages on one core, so there is nothing to learn. */
const hasCores = availableParallelism() > 1;

/** A thread that blocks, and what rings it: at a time of the clock, or only once it blocks. */
class BlockingThread {
  readonly #bell: RemoteBell;
  readonly #inbox: Inbox;
  #timeMs = 1000;
  #ringsAt = Infinity;
  #answered = false;
  blocks = 0;
  drains = 0;

  constructor(pollUs?: number) {
    const bells = makeBells();
    vi.spyOn(process, "hrtime").mockImplementation(() => this.#read());
    vi.spyOn(Atomics, "wait").mockImplementation((_words, _index, _seen, timeoutMs = Infinity) => {
      this.blocks++;
      this.#timeMs += Math.min(LATE_MS, timeoutMs);
      if (timeoutMs < LATE_MS) return "timed-out";
      this.#ring();
      return "ok";
    });
    this.#inbox = new Inbox({ bells, slot: 1, pollUs });
    this.#bell = new RemoteBell(bells, 1, () => undefined);
    this.#inbox.add({ flush: () => undefined, drain: () => (this.drains++, false) });
  }

  /** An answer that comes while the thread looks. */
  waitForQuick(afterMs: number): boolean {
    this.#ringsAt = this.#timeMs + afterMs;
    return this.#wait();
  }

  /** An answer of a thread that needs this core. */
  waitForLate(): boolean {
    this.#ringsAt = Infinity;
    return this.#wait();
  }

  waitInVain(forMs: number): boolean {
    this.#ringsAt = Infinity;
    return this.#inbox.waitSync(() => false, this.#timeMs + forMs);
  }

  #wait(): boolean {
    this.#answered = false;
    this.drains = 0;
    this.blocks = 0;
    return this.#inbox.waitSync(() => this.#answered);
  }

  #ring(): void {
    this.#answered = true;
    this.#ringsAt = Infinity;
    this.#bell.ring(true);
  }

  #read(): [number, number] {
    this.#timeMs += READING_MS;
    if (this.#timeMs >= this.#ringsAt) this.#ring();
    return [Math.floor(this.#timeMs / 1000), (this.#timeMs % 1000) * 1e6];
  }
}

afterEach(() => vi.restoreAllMocks());

describe.runIf(hasCores)("a thread that blocks on several cores", () => {
  it("finds quick answers without sleeping", () => {
    const thread = new BlockingThread();
    for (let n = 0; n < 100; n++) {
      expect(thread.waitForQuick(0.02)).toBe(true);
      expect(thread.blocks).toBe(0);
    }
  });

  it("sleeps at once where all answers come late, but for a try from time to time", () => {
    const thread = new BlockingThread();
    let looked = 0;
    for (let n = 0; n < 1000; n++) {
      expect(thread.waitForLate()).toBe(true);
      expect(thread.blocks).toBe(1);
      if (n >= 20 && thread.drains > 2) looked++; // before and after the sleep it looks anyway
    }
    expect(looked).toBeGreaterThan(0);
    expect(looked).toBeLessThan(50);
  });

  it("looks again once answers are quick again", () => {
    const thread = new BlockingThread();
    for (let n = 0; n < 100; n++) thread.waitForLate();
    let sleeps = 0;
    for (let n = 0; n < 1000; n++) {
      expect(thread.waitForQuick(0.02)).toBe(true);
      if (n >= 70) sleeps += thread.blocks;
    }
    expect(sleeps).toBe(0);
  });
});

describe("a thread that blocks", () => {
  it("sleeps at once when it may not look", () => {
    const thread = new BlockingThread(0);
    for (let n = 0; n < 10; n++) {
      expect(thread.waitForLate()).toBe(true);
      expect([thread.blocks, thread.drains]).toEqual([1, 2]);
    }
  });

  it("stops waiting at its deadline", () => {
    expect(new BlockingThread(0).waitInVain(0.02)).toBe(false);
    expect(new BlockingThread().waitInVain(0.02)).toBe(false);
  });
});

describe("a thread that nobody calls", () => {
  it.each([0, 50, 1000])("comes to rest and can be woken (looking for %i us)", (pollUs) => {
    const pending: (() => void)[] = [];
    const schedule = ((look: () => void) => pending.push(look)) as unknown as typeof setImmediate; // nobody clears them
    vi.spyOn(globalThis, "setImmediate").mockImplementation(schedule);
    const timer = vi.spyOn(globalThis, "setTimeout");
    let timeMs = 1000;
    vi.spyOn(process, "hrtime").mockImplementation(() => {
      timeMs += READING_MS;
      return [Math.floor(timeMs / 1000), (timeMs % 1000) * 1e6];
    });
    const bells = makeBells();
    const own = new OwnBell(bells, 2); // only to read how many are awake
    const inbox = new Inbox({ bells, slot: 1, pollUs });
    let handled = 0;
    const channel = { flush: () => undefined, drain: () => (handled++, false) };
    inbox.add(channel);
    let calls = 0;
    const bell = new RemoteBell(bells, 1, () => calls++);

    for (let conversation = 0; conversation < 3; conversation++) {
      expect(pending.length).toBeGreaterThan(0);
      expect(own.awakeThreads).toBe(1);
      let turns = 0;
      while (pending.length > 0) {
        for (const look of pending.splice(0)) look();
        expect(turns++).toBeLessThan(1000);
      }
      expect(own.awakeThreads).toBe(0);
      const before = handled;
      bell.ring(true); // only a sleeping thread is called
      bell.ring(true);
      expect(calls).toBe(conversation + 1);
      inbox.called();
      expect(handled).toBe(before + 1);
    }
    expect(timer).not.toHaveBeenCalled();
  });
});
