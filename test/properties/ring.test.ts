/** The byte ring: whatever is written comes out whole and in order, wherever the positions stand. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  longestFrame,
  makeRing,
  RingReader,
  RingWriter,
} from "../../packages/runtime/dist/transport/ring.js";

const step = fc.oneof(
  fc.record({ act: fc.constant("write" as const), length: fc.nat(140), attached: fc.boolean() }),
  fc.record({ act: fc.constant("publish" as const) }),
  fc.record({ act: fc.constant("read" as const) }),
  fc.record({ act: fc.constant("release" as const) }),
);

describe("a ring", () => {
  it("gives back exactly what was published, in order, for any interleaving around the end", () => {
    fc.assert(
      fc.property(fc.constantFrom(64, 128, 256), fc.array(step, { maxLength: 400 }), (capacity, steps) => {
        const memory = makeRing(capacity);
        const writer = new RingWriter(memory);
        const reader = new RingReader(memory);
        const written: { bytes: Buffer; attached: boolean }[] = [];
        const visible: { bytes: Buffer; attached: boolean }[] = [];
        let inRing = 0; // bytes of frames that the reader has not given back
        let readSince = 0;
        let seed = 1;
        for (const each of steps) {
          if (each.act === "write") {
            const bytes = Buffer.from(
              Array.from({ length: each.length }, () => (seed = (seed * 7 + 3) % 256)),
            );
            if (each.length > longestFrame(memory)) continue;
            const { attached } = each;
            if (writer.write(bytes, 0, bytes.length, { more: false, attached })) {
              written.push({ bytes, attached });
              inRing += 4 + Math.ceil(each.length / 4) * 4;
            } else expect(inRing).toBeGreaterThan(0); // an empty ring always takes a frame
          } else if (each.act === "publish") {
            expect(writer.publish()).toBe(written.length > 0);
            visible.push(...written.splice(0));
          } else if (each.act === "read") {
            const expected = visible.shift();
            const got = reader.read((bytes, start, end, flags) => {
              expect(Buffer.from(bytes.subarray(start, end))).toEqual(expected?.bytes);
              expect((flags & 0x4000_0000) !== 0).toBe(expected?.attached);
              readSince += 4 + Math.ceil((end - start) / 4) * 4;
            });
            expect(got).toBe(expected !== undefined);
          } else {
            reader.release();
            inRing -= readSince;
            readSince = 0;
          }
          expect(writer.unpublished > 0).toBe(written.length > 0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("tells a waiting writer of room exactly once", () => {
    const memory = makeRing(64);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    const frame = Buffer.alloc(24);
    while (writer.write(frame, 0, frame.length, { more: false, attached: false }));
    writer.publish();
    expect(writer.waitForRoom()).toBe(false);
    expect(reader.read(() => undefined)).toBe(true);
    expect(reader.release()).toBe(true);
    expect(reader.release()).toBe(false);
    expect(writer.write(frame, 0, frame.length, { more: false, attached: false })).toBe(true);
  });

  it("goes on where positions pass 2^31 and 2^32", () => {
    for (const start of [2 ** 31 - 96, 2 ** 32 - 96]) {
      const memory = makeRing(128);
      const header = new Int32Array(memory);
      header[0] = start | 0;
      header[16] = start | 0;
      const writer = new RingWriter(memory);
      const reader = new RingReader(memory);
      for (let n = 0; n < 40; n++) {
        const bytes = Buffer.alloc(1 + (n % 30), n);
        expect(writer.write(bytes, 0, bytes.length, { more: false, attached: false })).toBe(true);
        writer.publish();
        let seen = 0;
        reader.read((memory, from, to) => {
          expect(Buffer.from(memory.subarray(from, to))).toEqual(bytes);
          seen++;
        });
        expect(seen).toBe(1);
        reader.release();
      }
    }
  });

  it("refuses sizes that are no powers of two", () => {
    for (const capacity of [0, 63, 100, 32]) expect(() => makeRing(capacity)).toThrow(RangeError);
  });
});
