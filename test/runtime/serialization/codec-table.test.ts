import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import * as ray from "@mantajs/runtime";
import { owned, useSession } from "../session.ts";
import { carried } from "./codec-cases.ts";
import { refused, refusedSomehow } from "./codec-cases-refused.ts";
import { Echo, refusal, roundTrip } from "./codec-harness.ts";
import { difference } from "./codec-same.ts";
import { pagePath, renderPage } from "./codec-table.ts";

const cases = carried.flatMap(({ cases }) => cases);

function expectSame(back: unknown, sent: unknown): void {
  expect(difference(sent, back)).toBeUndefined();
}

describe("a round trip keeps what the table says:", () => {
  for (const { value, examples, check = expectSame } of cases) {
    for (const [name, make] of Object.entries(examples)) {
      it(`${value}: ${name}`, () => {
        const sent = make();
        check(roundTrip(sent), sent);
      });
      it(`${value}: ${name}, beside things that need the graph form`, () => {
        const sent = make();
        const back = roundTrip([{ nested: sent }, new Map([["k", 1]])]);
        check((back[0] as { nested: unknown }).nested, sent);
      });
    }
  }
});

describe("another thread sends back what it was sent:", () => {
  const echo = new Echo();
  afterAll(() => echo.close());
  // What each thread has of its own is not the same object there, but the way home ends at this thread's.
  for (const { value, examples, check = expectSame } of cases) {
    if (Object.keys(examples).length === 0) continue;
    it(value, async () => {
      for (const make of Object.values(examples)) {
        const sent = make();
        const [back] = (await echo.send([sent])) as [unknown];
        check(back, sent);
      }
    });
  }
});

describe("in a session", () => {
  useSession({ numCpus: 1 });

  it("ObjectRef and ActorHandle inside a value arrive as what they are", async () => {
    class Counter {
      count = 0;
      add(): number {
        return ++this.count;
      }
    }
    const counter = owned(ray.remote(Counter).remote());
    const on = { nested: [{ ref: ray.put("kept") }], handles: new Map([["counter", counter]]) };
    const use = ray.remote(async ({ nested, handles }: typeof on) => [
      await Promise.all(nested.map(({ ref }) => ray.get(ref))),
      await Promise.all([...handles.values()].map((handle) => ray.get(handle.add.remote()))),
    ]);
    expect(await ray.get(use.remote(on))).toEqual([["kept"], [1]]);
    expect(await ray.get(counter.add.remote())).toBe(2);
  });
});

describe("a value that cannot be carried is refused with its path:", () => {
  for (const { hint, examples } of refused) {
    for (const [name, [make, what]] of Object.entries(examples)) {
      it(name, () => {
        const { path, message, code } = refusal([{ held: make() }]);
        expect({ path, code }).toEqual({ path: "args[0].held", code: "MANTA_SERIALIZATION" });
        expect(message.startsWith("args[0].held: cannot be sent to another thread: ")).toBe(true);
        expect(message).toMatch(what);
        expect(message).toContain(hint);
      });
    }
  }
  for (const [name, make] of Object.entries(refusedSomehow)) {
    it(name, () => {
      expect(refusal([{ held: make() }]).path).toBe("args[0].held");
    });
  }
  it("a module namespace", async () => {
    const namespace: unknown = await import("node:path");
    expect(refusal({ namespace }).path).toBe("args.namespace");
  });
});

it("docs/serialization.md is what write-codec-table.ts writes", async () => {
  expect(readFileSync(pagePath, "utf8")).toBe(await renderPage());
});
