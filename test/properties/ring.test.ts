/** The byte ring: whatever is written comes out whole and in order, wherever the positions stand. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  isAttached,
  isMore,
  longestFrame,
  makeRing,
  RingReader,
  RingWriter,
} from "../../packages/runtime/dist/transport/ring.js";

/** Words of the ring's header. */
const HEAD = 0;
const TAIL = 16;

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant("write" as const),
      length: fc.nat(140),
      more: fc.boolean(),
      attached: fc.boolean(),
    }),
  },
  ...(["publish", "read", "release", "wait"] as const).map((act) => fc.record({ act: fc.constant(act) })),
);

interface Frame {
  readonly bytes: Buffer;
  readonly more: boolean;
  readonly attached: boolean;
  /** Where the next one begins. */
  readonly end: number;
}

/** What the ring must do, with positions that go on for ever. */
class Model {
  readonly #capacity: number;
  readonly written: Frame[] = [];
  readonly visible: Frame[] = [];
  head: number;
  published: number;
  /** How far the reader has read, has given room back, and how much of that the writer knows. */
  read: number;
  released: number;
  known: number;
  waits = false;

  constructor(capacity: number, start: number) {
    this.#capacity = capacity;
    this.head = this.published = this.read = this.released = this.known = start;
  }

  /** Where a frame would end: in one piece, so at the start of the ring when it does not fit before its end. */
  endOf(length: number): number {
    const needed = 4 + 4 * Math.ceil(length / 4);
    const left = this.#capacity - (this.head % this.#capacity);
    return this.head + needed + (needed > left ? left : 0);
  }

  hasRoom(end: number): boolean {
    if (end - this.known > this.#capacity) this.known = this.released;
    return end - this.known <= this.#capacity;
  }
}

/** Positions around the ends of signed and unsigned words, and any other. */
const anyStart = fc
  .oneof(
    fc.nat(2 ** 30 - 1),
    fc.nat(200).map((n) => 2 ** 29 - n),
    fc.nat(200).map((n) => 2 ** 30 - 1 - n),
  )
  .map((words) => 4 * words);

describe("a ring", () => {
  it("gives back exactly what was published, in order, for any interleaving, wherever it begins", () => {
    let refused = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(64, 128, 256),
        anyStart,
        fc.array(step, { maxLength: 400 }),
        (capacity, start, steps) => {
          const memory = makeRing(capacity);
          const header = new Int32Array(memory);
          header[HEAD] = header[TAIL] = start | 0;
          const writer = new RingWriter(memory);
          const reader = new RingReader(memory);
          const model = new Model(capacity, start);
          let seed = 1;
          for (const each of steps) {
            switch (each.act) {
              case "write": {
                const { more, attached } = each;
                const length = Math.min(each.length, longestFrame(memory));
                const bytes = Buffer.from(Array.from({ length }, () => (seed = (seed * 7 + 3) % 256)));
                const end = model.endOf(length);
                const room = model.hasRoom(end);
                if (model.head === model.released) expect(room).toBe(true); // an empty ring takes any frame
                expect(writer.write(bytes, 0, length, { more, attached })).toBe(room);
                if (!room) {
                  refused++;
                  break;
                }
                model.head = end;
                model.written.push({ bytes, more, attached, end });
                break;
              }
              case "publish":
                expect(writer.publish()).toBe(model.written.length > 0);
                model.visible.push(...model.written.splice(0));
                model.published = model.head;
                break;
              case "read": {
                const expected = model.visible.shift();
                let seen: Omit<Frame, "end"> | undefined;
                const got = reader.read((bytes, from, to, flags) => {
                  const copy = Buffer.from(bytes.subarray(from, to));
                  seen = { bytes: copy, more: isMore(flags), attached: isAttached(flags) };
                });
                expect(got).toBe(expected !== undefined);
                if (expected === undefined) break;
                const { end, ...frame } = expected;
                expect(seen).toEqual(frame);
                model.read = end;
                break;
              }
              case "release":
                model.released = model.read;
                expect(reader.release()).toBe(model.waits);
                model.waits = false;
                break;
              case "wait":
                expect(writer.waitForRoom()).toBe(model.known !== model.released);
                model.known = model.released;
                model.waits = true;
            }
            expect(writer.unpublished).toBe(model.head - model.published);
          }
        },
      ),
      { numRuns: 1000 },
    );
    expect(refused).toBeGreaterThan(0);
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

  it("refuses sizes that are no powers of two", () => {
    for (const capacity of [0, 63, 100, 32]) expect(() => makeRing(capacity)).toThrow(RangeError);
  });
});
