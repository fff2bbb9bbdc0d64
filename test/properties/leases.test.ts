/** What holders, workers and the node agree on in shared words: exactly one of them gets each task and each lease. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Pipeline } from "../../packages/runtime/dist/peer/pipeline.js";
import { LeaseBoard, makeLeaseBoard } from "../../packages/runtime/dist/transport/lease-board.js";
import { Place } from "../../packages/runtime/dist/transport/place.js";

describe("a pipeline", () => {
  it("has each task begun or taken back, never both and never neither", () => {
    const act = fc.constantFrom("push", "push", "begin", "begin", "finish", "takeBack");
    fc.assert(
      fc.property(fc.integer(), fc.array(act, { maxLength: 200 }), (first, acts) => {
        const place = new Place(Int32Array.of(first), 0);
        const pipeline = new Pipeline<{ place: number }>(place.begun, { averageUs: 1 });
        const sent: { place: number }[] = []; // what the worker still has in its ring
        const begun: { place: number }[] = [];
        const ended = new Set<{ place: number }>();
        let pushed = 0;
        for (const each of acts) {
          if (each === "push") {
            const task = { place: 0 };
            pipeline.push(task);
            sent.push(task);
            pushed++;
          } else if (each === "begin") {
            // The worker passes over what it may not begin.
            for (let task = sent.shift(); task !== undefined; task = sent.shift()) {
              if (!place.claim(task.place)) continue;
              expect(ended.has(task)).toBe(false);
              begun.push(task);
              break;
            }
          } else if (each === "finish") {
            const task = begun.shift();
            if (task === undefined) continue;
            pipeline.finished(task, 10);
            ended.add(task);
          } else {
            for (const task of pipeline.takeBack((next) => place.takeBack(next))) {
              expect(begun).not.toContain(task);
              expect(ended.has(task)).toBe(false);
              ended.add(task);
            }
            expect(pipeline.length).toBe(begun.length);
          }
        }
        expect(ended.size + pipeline.length).toBe(pushed);
      }),
    );
  });

  it("gives short tasks room by doubling, and long tasks none ahead", () => {
    const pipeline = new Pipeline<{ place: number }>(0, { averageUs: undefined });
    const rooms: number[] = [];
    for (let n = 0; n < 12; n++) {
      const tasks: { place: number }[] = [];
      while (pipeline.hasRoom) {
        const task = { place: 0 };
        tasks.push(task);
        pipeline.push(task);
      }
      rooms.push(pipeline.length);
      for (const task of tasks) pipeline.finished(task, n < 9 ? 2 : 100_000);
    }
    expect(rooms.slice(0, 3)).toEqual([1, 2, 8]);
    expect(rooms[9]).toBe(256);
    expect(rooms[11]).toBe(1);
  });
});

describe("the board of parked leases", () => {
  it("lets holder or node have a parked lease, whoever is first, and ignores whoever means an older one", () => {
    const memory = makeLeaseBoard(8);
    const node = new LeaseBoard(memory, 0);
    const holder = new LeaseBoard(memory, 3);
    node.grant(5, "lease_a_1");
    expect(node.isParked(5, "lease_a_1")).toBe(false);
    expect(node.reclaim(5, "lease_a_1")).toBe(false);
    expect(holder.park(5, "lease_a_1")).toBe(true);
    expect(node.isParked(5, "lease_a_1")).toBe(true);
    expect(holder.resume(5, "lease_a_1")).toBe(true);
    expect(node.reclaim(5, "lease_a_1")).toBe(false);
    expect(holder.park(5, "lease_a_1")).toBe(true);
    expect(node.reclaim(5, "lease_a_1")).toBe(true);
    expect(holder.resume(5, "lease_a_1")).toBe(false);
    node.grant(5, "lease_a_2");
    expect(holder.park(5, "lease_a_1")).toBe(false);
    expect(holder.resume(5, "lease_a_1")).toBe(false);
    expect(node.isParked(5, "lease_a_2")).toBe(false);
  });

  it("lets nobody park while others wait, but the only one who waits", () => {
    const memory = makeLeaseBoard(8);
    const node = new LeaseBoard(memory, 0);
    const holder = new LeaseBoard(memory, 3);
    node.grant(5, "lease_a_1");
    expect(node.setWaiting("many")).toBe(true);
    expect(node.setWaiting("many")).toBe(false);
    expect(holder.park(5, "lease_a_1")).toBe(false);
    node.setWaiting(4);
    expect(holder.park(5, "lease_a_1")).toBe(false);
    node.setWaiting(3);
    expect(holder.park(5, "lease_a_1")).toBe(true);
  });
});
