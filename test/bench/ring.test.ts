/** The raw ring of the limits: frames come out as they went in, wherever the indices stand. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { drain, fallAsleep, makeRing, mustWake, push, type RingMemory } from "../../bench/src/limits/ring.ts";

function drained(ring: RingMemory): number[][] {
  const frames: number[][] = [];
  drain(ring, (payload) => frames.push([...payload]));
  return frames;
}

describe("the raw ring", () => {
  it("keeps frames in order under any interleaving of writes and reads, past the wrap of its indices", () => {
    const payload = fc.uint8Array({ maxLength: 4 });
    const command = fc.oneof(payload, fc.constant("drain" as const));
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), fc.integer(), (commands, start) => {
        const ring = makeRing(64);
        const aligned = (start << 3) | 0;
        ring.words[0] = aligned; // written
        ring.words[16] = aligned; // read
        let inside: number[][] = [];
        for (const each of commands) {
          if (each === "drain") {
            expect(drained(ring)).toEqual(inside);
            inside = [];
          } else {
            const room = inside.length < 8;
            expect(push(ring, each)).toBe(room);
            if (room) inside.push([...each]);
          }
        }
        expect(drained(ring)).toEqual(inside);
      }),
    );
  });

  it("does not sleep on a frame that came in meanwhile, and is woken once", () => {
    const ring = makeRing(64);
    push(ring, Uint8Array.of(1));
    expect(fallAsleep(ring)).toBe(false);
    expect(mustWake(ring)).toBe(false);
    drained(ring);
    expect(fallAsleep(ring)).toBe(true);
    push(ring, Uint8Array.of(2));
    expect([mustWake(ring), mustWake(ring)]).toEqual([true, false]);
  });

  it("refuses capacities and payloads that it cannot hold", () => {
    expect(() => makeRing(48)).toThrow(RangeError);
    expect(() => push(makeRing(8), new Uint8Array(5))).toThrow(RangeError);
  });
});
