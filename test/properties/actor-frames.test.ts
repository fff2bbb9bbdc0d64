/** Messages about actors: the same after the wire as before, one by one and joined to runs. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Channel, Message } from "../../packages/runtime/src/transport/channel.ts";
import { EXITED, KILLED, OUT_OF_SCOPE } from "../../packages/runtime/dist/core/actor-deaths.js";
import { Outbox, type Run } from "../../packages/runtime/dist/transport/outbox.js";
import { scratch } from "../../packages/runtime/dist/transport/scratch.js";
import { decodeMessage, encodeMessage } from "../../packages/runtime/dist/transport/wire-format.js";

const u16 = fc.integer({ min: 1, max: 0xffff });
const u32 = fc.nat(0xffff_ffff);
const count = fc.maxSafeNat().map((n) => n % 2 ** 48);
const actorId = fc
  .tuple(fc.stringMatching(/^[a-z0-9]{8}$/), fc.nat(99), count)
  .map(([part, slot, n]) => `actor_${part}_0_${slot}_${n.toString(36)}`);
const workerId = fc.nat(10 ** 6).map((n) => `worker_abcdefgh_${n.toString(36)}_7`);
const bytes = fc.uint8Array({ maxLength: 200 });
const args = bytes.map((b) => ({ values: { b, s: [], r: [] }, slots: [] }));
const listed = fc.tuple(args, bytes, actorId).map(([{ values }, b, id]) => ({
  values: { ...values, r: [["o", id, "driver_1"]] },
  slots: [[1, { b, s: [], r: [] }]],
}));
const text = fc.option(fc.string(), { nil: undefined });
const error = fc.record({ name: fc.string(), message: fc.string(), stack: text });
const dead = { state: "DEAD", workerId: undefined, address: 0, incarnation: 0 };

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ t: fc.constant("actor.register"), template: u32, first: count, times: u16 }),
  fc.record({
    t: fc.constant("actor.place"),
    first: count,
    times: u16,
    workerId,
    address: u32,
    incarnation: u32,
  }),
  fc.record({
    t: fc.constant("actor.create"),
    template: u32,
    count,
    name: text,
    address: u32,
    incarnation: u32,
    args: fc.oneof(args, listed),
  }),
  fc.record({ t: fc.constant("actor.created"), first: u32, times: u16 }),
  fc.record({ t: fc.constant("actor.creationFailed"), address: u32, error }),
  fc.record({ t: fc.constant("actor.kill"), actorId, noRestart: fc.boolean() }),
  fc.record({ t: fc.constant("actor.release"), actorId, times: u32 }),
  fc.record({ t: fc.constantFrom("actor.drop", "actor.leave"), address: u32 }),
  fc.record({
    t: fc.constant("actor.exited"),
    address: u32,
    reason: fc.constantFrom("exited", "out-of-scope"),
  }),
  fc.record({
    t: fc.constant("actor.update"),
    update: fc.oneof(
      fc
        .record({ actorId, cause: fc.constantFrom(KILLED, OUT_OF_SCOPE, EXITED) })
        .map((u) => ({ ...dead, ...u })),
      fc
        .record({
          actorId,
          cause: fc.record({ kind: fc.constant("worker-died"), message: fc.string(), error }),
        })
        .map((u) => ({ ...dead, ...u })),
      fc.record({
        actorId,
        state: fc.constantFrom("ALIVE", "RESTARTING"),
        workerId,
        address: u32,
        incarnation: u32,
        cause: fc.constant(KILLED),
      }),
    ),
  }),
);

/** Bytes come back as Buffers; what they hold is what counts. */
const plain = (thing: unknown): unknown =>
  JSON.parse(
    JSON.stringify(thing, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value)),
    (_, value: unknown) =>
      typeof value === "object" && value !== null && "type" in value && "data" in value ? value.data : value,
  );

describe("messages about actors", () => {
  it("come out of their bytes as they went in, wherever they lie", () => {
    fc.assert(
      fc.property(message, fc.nat(50), (sent, offset) => {
        const length = encodeMessage(sent);
        const moved = Buffer.alloc(offset + length + 3, 0xff);
        scratch.bytes.copy(moved, offset, 0, length);
        expect(plain(decodeMessage(moved, offset, offset + length))).toEqual(plain(sent));
      }),
      { numRuns: 2000 },
    );
  });

  it("are the same one by one, however they were joined to runs", () => {
    const one = fc.oneof(
      fc.record({ t: fc.constant("run"), of: fc.nat(1), jump: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ t: fc.constant("other") }),
      fc.record({ t: fc.constant("flush") }),
    );
    interface Numbered extends Run {
      readonly of: number;
    }
    fc.assert(
      fc.property(fc.array(one, { maxLength: 300 }), (steps) => {
        const arrived: string[] = [];
        let flushes = 0;
        let longest = 0;
        const channel: Pick<Channel, "send" | "flush"> = {
          send: (sent) => {
            const { first, times, of } = sent as Numbered;
            if (sent.t !== "run") arrived.push("other");
            else for (let i = 0; i < times; i++) arrived.push(`${of}:${first + i}`);
            longest = Math.max(longest, times ?? 0);
          },
          flush: () => void flushes++,
        };
        const outbox = new Outbox<Message, Numbered>(
          channel as Channel,
          (run, times, next) => run.of === next.of && run.first + times === next.first,
        );
        const expected: string[] = [];
        let next = 0;
        for (const step of steps) {
          if (step.t === "flush") outbox.flush();
          else if (step.t === "other") {
            outbox.send({ t: "other" });
            expected.push("other");
          } else {
            const { of, jump } = step as { of: number; jump: number };
            next += jump > 9 ? jump : 1; // mostly neighbours
            outbox.join({ t: "run", of, first: next, times: 1 });
            expected.push(`${of}:${next}`);
          }
        }
        outbox.flush();
        expect(arrived).toEqual(expected);
        expect(longest).toBeLessThanOrEqual(64);
        expect(flushes).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });
});
