import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Attention } from "../../packages/runtime/dist/transport/attention.js";

const LOOK_MS = 0.05;
/** What looking may cost between two messages, at most. */
const LONGEST_MS = 4 * LOOK_MS;
const STEP_MS = 0.005;

/** A thread that answers `afterMs` after each message, as seen by one that waits for it. */
class Conversation {
  readonly attention = new Attention(LOOK_MS);
  now = 100;
  lookedMs = 0;

  /** Waits for one message; says how it came. */
  next(afterMs: number, hasCore = true): "found" | "called" {
    this.attention.expect();
    const comesAt = this.now + afterMs;
    const began = this.now;
    while (this.attention.lookOn(this.now, hasCore)) {
      this.now += STEP_MS;
      if (this.now < comesAt) continue;
      this.lookedMs += this.now - began;
      this.attention.found(this.now);
      return "found";
    }
    this.lookedMs += this.now - began;
    this.now = Math.max(this.now, comesAt);
    this.attention.called(this.now);
    return "called";
  }

  /** The same thread where the other one cannot run before this one sleeps. */
  nextOnSameCore(workMs: number): "found" | "called" {
    this.attention.expect();
    const began = this.now;
    while (this.attention.lookOn(this.now, true)) this.now += STEP_MS;
    this.lookedMs += this.now - began;
    this.now += workMs;
    this.attention.called(this.now);
    return "called";
  }
}

const many = (count: number, one: () => string): string[] => Array.from({ length: count }, one);

describe("attention", () => {
  it("finds every message of a quick conversation", () => {
    const talk = new Conversation();
    expect(new Set(many(1000, () => talk.next(0.01)))).toEqual(new Set(["found"]));
  });

  it("looks longer for a thread that answers just after it fell asleep, and then finds all messages", () => {
    const talk = new Conversation();
    const how = many(100, () => talk.next(LOOK_MS + 0.02));
    expect(how[0]).toBe("called");
    expect(new Set(how.slice(3))).toEqual(new Set(["found"]));
  });

  it("ends where the other thread needs the core, but for a try from time to time", () => {
    const talk = new Conversation();
    many(20, () => talk.nextOnSameCore(0.03));
    const before = talk.lookedMs;
    many(640, () => talk.nextOnSameCore(0.03));
    expect(talk.lookedMs - before).toBeGreaterThan(0);
    expect(talk.lookedMs - before).toBeLessThan(640 * 0.01);
  });

  it("begins again once the other thread has a core", () => {
    const talk = new Conversation();
    many(100, () => talk.nextOnSameCore(0.03));
    const how = many(1000, () => talk.next(0.03));
    expect(how[0]).toBe("called");
    expect(new Set(how.slice(70))).toEqual(new Set(["found"]));
  });

  it("gives every new conversation a chance", () => {
    const talk = new Conversation();
    many(100, () => talk.nextOnSameCore(0.03));
    talk.now += 1000;
    talk.attention.called(talk.now);
    expect(talk.next(0.01)).toBe("found");
  });

  it("does not look without a core, nor when it is switched off", () => {
    expect(new Conversation().next(0.01, false)).toBe("called");
    const off = new Attention(0);
    for (const now of [1, 2, 3]) {
      off.called(now);
      expect(off.pays).toBe(false);
      expect(off.lookOn(now, true)).toBe(false);
    }
  });

  it("never looks longer than four times its time, whatever comes when", () => {
    const waits = fc.array(fc.tuple(fc.double({ min: 0, max: 10, noNaN: true }), fc.boolean()), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(waits, (messages) => {
        const talk = new Conversation();
        for (const [afterMs, sameCore] of messages) {
          const before = talk.lookedMs;
          if (sameCore) talk.nextOnSameCore(afterMs);
          else talk.next(afterMs);
          expect(talk.lookedMs - before).toBeLessThanOrEqual(LONGEST_MS + STEP_MS);
        }
      }),
    );
  });
});
