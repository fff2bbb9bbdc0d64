import zlib from "node:zlib";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { SegmentPool } from "../../packages/runtime/dist/objects/segment-pool.js";
import { capacityFor } from "../../packages/runtime/dist/objects/size-classes.js";
import { checksum } from "../../packages/runtime/dist/objects/spill-files.js";

const MIB = 1024 * 1024;

describe("capacities", () => {
  it("fit, are multiples of 64, waste at most a fifth, and never fall as sizes grow", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 * 1024 * MIB }), (size) => {
        const capacity = capacityFor(size);
        expect(capacity).toBeGreaterThanOrEqual(size);
        expect(capacity % 64).toBe(0);
        if (size >= 256) expect(capacity - size).toBeLessThanOrEqual(capacity / 5);
        expect(capacityFor(size + 1)).toBeGreaterThanOrEqual(capacity);
        expect(capacityFor(capacity)).toBe(capacity);
      }),
    );
  });
});

describe("the pool of free segments", () => {
  const segment = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);

  it("gives back what it was given, or something slightly longer", () => {
    const pool = new SegmentPool(MIB);
    const [small, large] = [segment(1024), segment(1280)];
    pool.give(large);
    pool.give(small);
    expect(pool.take(1024)).toBe(small);
    expect(pool.take(1024)).toBe(large);
    expect(pool.take(1024)).toBeUndefined();
    pool.give(segment(2048));
    expect(pool.take(1024)).toBeUndefined();
  });

  it("keeps at most its bytes, and lets the sizes go first that were not asked for lately", () => {
    const pool = new SegmentPool(3072);
    for (const bytes of [1024, 2048]) expect(pool.give(segment(bytes))).toBe(0);
    const kept = pool.take(1024);
    expect(kept).toBeDefined();
    if (kept !== undefined) pool.give(kept);
    expect(pool.give(segment(512))).toBe(2048);
    expect(pool.bytes).toBe(1536);
    expect(pool.give(segment(4096))).toBe(4096);
    expect(pool.trim(Infinity)).toBe(1536);
    expect(pool.bytes).toBe(0);
  });
});

describe("the checksum of spill files", () => {
  it("is CRC-32, however it is cut, and covers each byte", () => {
    const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index * 7);
    for (const pieceBytes of [1, 7, 100, 999, 1000, 1001])
      expect(checksum(bytes, pieceBytes)).toBe(zlib.crc32(bytes));
    expect(checksum(new Uint8Array(0), 7)).toBe(0);
    for (const at of [0, 99, 100, 500, 999]) {
      const damaged = bytes.with(at, 255 - Number(bytes[at]));
      expect(checksum(damaged, 100), `byte ${at}`).not.toBe(checksum(bytes, 100));
    }
  });
});
