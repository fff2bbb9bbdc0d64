/** Calls to one actor from several callers: each caller's in its order, whatever the interleaving. */
import * as ray from "@mantajs/runtime";
import { expectNothingLeft } from "@mantajs/runtime/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

class Recorder {
  readonly seen: [caller: number, call: number][] = [];
  record(caller: number, call: number): void {
    this.seen.push([caller, call]);
  }
  all(): [number, number][] {
    return this.seen;
  }
}

/** One caller: a task that makes its calls, waiting for some results and not for others. */
const caller = ray.remote(async (actor: ray.ActorHandle<Recorder>, id: number, waits: boolean[]) => {
  const open: ray.ObjectRef[] = [];
  for (const [call, wait] of waits.entries()) {
    const ref = actor.record.remote(id, wait && call % 2 === 0 ? ray.put(call) : call);
    if (wait) await ray.get(ref);
    else open.push(ref);
  }
  await ray.get(open);
});

describe("ordering of actor calls", () => {
  beforeAll(() => ray.init({ numCpus: 2, logToDriver: false }));
  afterAll(async () => {
    await expectNothingLeft();
    await ray.shutdown();
  });

  for (const isolation of ["thread", "shared"] as const) {
    it(`keeps each caller's order (${isolation})`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 4 }),
          async (callers) => {
            const actor = ray.remote(Recorder, { isolation }).remote();
            await ray.get(callers.map((waits, id) => caller.remote(actor, id, waits)));
            const seen = await ray.get(actor.all.remote());
            ray.kill(actor);
            callers.forEach((waits, id) => {
              const own = seen.filter(([from]) => from === id).map(([, call]) => call);
              expect(own).toEqual(waits.map((_, call) => call));
            });
          },
        ),
        { numRuns: 25 },
      );
    });
  }
});
