/** What waits in the scheduler, against a plain sorted list: the same order, the same who, whatever is taken out. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Waiting } from "../../packages/runtime/src/core/waiting-requests.ts";
import { ResourceSet } from "../../packages/runtime/dist/core/resources.js";
import { WaitingRequests, type Verdict } from "../../packages/runtime/dist/core/waiting-requests.js";

interface Plain {
  readonly id: number;
  readonly peer: string | undefined;
  readonly depth: number;
  readonly shape: string;
}

const step = fc.record({
  act: fc.constantFrom("lease", "lease", "actor", "shared", "remove", "visit"),
  pick: fc.nat(100),
});

describe("requests that wait", () => {
  it("are looked at deepest first, then in order of arrival; those like one that cannot be served are passed over", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const waiting = new WaitingRequests();
        let plain: Plain[] = [];
        for (const [index, { act, pick }] of steps.entries()) {
          const id = index;
          const depth = pick % 3;
          const resources = ResourceSet.of({ CPU: pick % 2 });
          const common = { resources, pool: undefined, depth, name: "work" };
          const shape = `${act}${depth}${pick % 2}`;
          if (act === "lease") {
            const peer = `driver_${pick % 2}`;
            waiting.add({ kind: "lease", request: { ...common, requestId: `${id}`, peer } });
            plain.push({ id, peer, depth, shape });
          } else if (act === "actor" || act === "shared") {
            const isolation = act === "actor" ? "thread" : "shared";
            waiting.add({
              kind: "actor",
              request: { ...common, address: id, placement: resources, isolation },
            });
            plain.push({ id, peer: undefined, depth, shape });
          } else if (act === "remove") {
            const gone = plain[pick % Math.max(1, plain.length)];
            if (gone === undefined) continue;
            if (gone.peer === undefined) waiting.removeActor(gone.id);
            else waiting.removeLease(`${gone.id}`);
            plain = plain.filter((other) => other !== gone);
          } else {
            // Serve one of three; shut what is like one of five.
            const seen: number[] = [];
            const judge = (n: number): Verdict => (n % 3 === 0 ? "served" : n % 5 === 0 ? "shut" : "waits");
            waiting.visit((entry) => {
              seen.push(idOf(entry));
              return judge(seen.length + pick);
            });
            const expected: number[] = [];
            const shut = new Set<string>();
            const served = new Set<Plain>();
            for (const entry of sorted(plain)) {
              if (shut.has(entry.shape)) continue;
              expected.push(entry.id);
              const verdict = judge(expected.length + pick);
              if (verdict === "served") served.add(entry);
              if (verdict === "shut") shut.add(entry.shape);
            }
            plain = plain.filter((entry) => !served.has(entry));
            expect(seen).toEqual(expected);
          }
          expect(waiting.list().map(idOf)).toEqual(sorted(plain).map((entry) => entry.id));
          expect(waiting.isEmpty).toBe(plain.length === 0);
          const peers = new Set(plain.map(({ peer }) => peer));
          const [peer] = peers;
          const one = peers.size === 1 && peer !== undefined;
          expect(waiting.whoWaits).toEqual(
            plain.length === 0 ? { is: "nobody" } : one ? { is: "one", peer } : { is: "many" },
          );
        }
      }),
      { numRuns: 500 },
    );
  });
});

const sorted = (plain: readonly Plain[]): Plain[] => plain.toSorted((a, b) => b.depth - a.depth);
const idOf = (entry: Waiting): number =>
  entry.kind === "lease" ? Number(entry.request.requestId) : entry.request.address;
