/** Comparing rows, choosing rows, and the list itself. */
import { describe, expect, it } from "vitest";

import { judgeAll } from "../../bench/src/report/result.ts";
import { judge, rowsNeeded, type Measured } from "../../bench/src/report/targets.ts";
import { listRows } from "../../bench/src/rows/index.ts";
import { selectRows } from "../../bench/src/select.ts";

const rate = (value: number): Measured => ({ kind: "rate", unit: "calls/s", value });
const time = (value: number): Measured => ({ kind: "time", unit: "ms", value });
const none = (): undefined => undefined;

describe("judge", () => {
  it("holds a rate against another rate", () => {
    const target = { kind: "speed", than: "peer", atLeast: 5 } as const;
    expect(judge(rate(500), target, () => rate(100))).toMatchObject({ ratio: 5, met: true });
    const missed = judge(rate(499), target, () => rate(100));
    expect(missed).toEqual({ ratio: 4.99, met: false, text: "4.99x peer (>= 5) ✗" });
  });

  it("compares times as times and rates as times per operation", () => {
    const target = { kind: "time", of: "limit", atMost: 3 } as const;
    expect(judge(time(30), target, () => time(10))).toMatchObject({ ratio: 3, met: true });
    expect(judge(rate(100), target, () => rate(400))).toMatchObject({ ratio: 4, met: false });
    expect(judge(time(2), { kind: "speed", than: "peer" }, () => rate(1000)).ratio).toBeCloseTo(0.5);
  });

  it("says nothing about being met when nothing is asked or the other row failed", () => {
    expect(judge(rate(1), { kind: "speed", than: "peer" }, () => rate(2)).met).toBeUndefined();
    const unknown = judge(rate(1), { kind: "speed", than: "peer", atLeast: 1 }, none);
    expect(unknown).toEqual({ text: "?x peer: no result", met: undefined });
  });

  it("holds a value against bounds in its own unit", () => {
    const target = { kind: "value", atLeast: 300_000 } as const;
    expect(judge(rate(300_000), target, none)).toEqual({ text: ">= 300,000 calls/s ✓", met: true });
    expect(judge(rate(299_999), target, none).met).toBe(false);
    expect(judge(time(2.5), { kind: "value", atMost: 2 }, none)).toEqual({ text: "<= 2 ms ✗", met: false });
  });

  it("holds memory against a bound for each thing", () => {
    const target = { kind: "each", atMostBytes: 1024 } as const;
    expect(judge({ ...rate(1), bytesEach: 1024 }, target, none).met).toBe(true);
    expect(judge({ ...rate(1), bytesEach: 1025 }, target, none).met).toBe(false);
    expect(judge(rate(1), target, none).met).toBeUndefined();
  });

  it("is content with any of several, and misses only when all are missed", () => {
    const target = {
      kind: "any",
      of: [
        { kind: "value", atLeast: 1000 },
        { kind: "speed", than: "limit", atLeast: 0.4 },
      ],
    } as const;
    expect(judge(rate(500), target, () => rate(1000)).met).toBe(true);
    expect(judge(rate(2000), target, none).met).toBe(true);
    expect(judge(rate(300), target, () => rate(1000)).met).toBe(false);
    expect(judge(rate(300), target, none).met).toBeUndefined();
    expect(rowsNeeded([target])).toEqual(["limit"]);
  });
});

describe("selectRows", () => {
  const rows = [
    { name: "limit", subject: "limits" },
    { name: "peer", subject: "peers", targets: [{ kind: "speed", than: "limit" }] },
    { name: "calls sync", subject: "actors", targets: [{ kind: "speed", than: "peer" }] },
    { name: "calls async", subject: "actors" },
  ] as const;
  const chosen = (...only: string[]): string[] => selectRows(rows, only).map(({ name }) => name);

  it("takes everything without a text", () => {
    expect(chosen()).toEqual(["limit", "peer", "calls sync", "calls async"]);
  });

  it("takes rows by a part of their name, with all that they are compared with, in order", () => {
    expect(chosen("sync")).toEqual(["limit", "peer", "calls sync", "calls async"]);
    expect(chosen("calls async")).toEqual(["calls async"]);
    expect(chosen("calls async", "peer")).toEqual(["limit", "peer", "calls async"]);
  });

  it("takes a subject by its name", () => {
    expect(chosen("actors")).toEqual(["limit", "peer", "calls sync", "calls async"]);
  });

  it("refuses a text that matches nothing", () => {
    expect(() => chosen("peer", "quux")).toThrow('--only "quux" matches no row');
  });
});

describe("the list of rows", () => {
  it.each([true, false])("has unique names and compares with rows that exist (quick: %s)", async (quick) => {
    const rows = await listRows({ quick, cores: 4 });
    const names = rows.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { targets = [] } of rows)
      for (const needed of rowsNeeded(targets)) expect(names).toContain(needed);
  });

  it("has every row of Ray's list that has a meaning on one machine without a proxy", async () => {
    const names = (await listRows({ quick: false, cores: 2 })).map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        "single client get calls (Plasma Store)",
        "single client put calls (Plasma Store)",
        "multi client put calls (Plasma Store)",
        "single client put gigabytes",
        "single client tasks and get batch",
        "multi client put gigabytes",
        "single client get object containing 10k refs",
        "single client wait 1k refs",
        "single client tasks sync",
        "single client tasks async",
        "multi client tasks async",
        "1:1 actor calls sync",
        "1:1 actor calls async",
        "1:1 actor calls concurrent",
        "1:n actor calls async",
        "n:n actor calls async",
        "n:n actor calls with arg async",
        "1:1 async-actor calls sync",
        "1:1 async-actor calls async",
        "1:1 async-actor calls with args async",
        "1:n async-actor calls async",
        "n:n async-actor calls async",
        "placement group create/removal",
      ]),
    );
  });

  it("says the scale in the names of a quick envelope", async () => {
    const envelope = (await listRows({ quick: true, cores: 2 })).filter((row) => row.subject === "envelope");
    for (const { name } of envelope) expect(name).toMatch(/\(1\/\d+ scale\)$/);
  });
});

describe("beside Ray", () => {
  it("asks for fifty times the calls and four times the gigabytes, and of other rows nothing", async () => {
    const rows = await listRows({ quick: false, cores: 2 });
    const usage = { rssDeltaBytes: 0, rssPeakBytes: 0, cpuMs: 0, elapsedMs: 0 };
    const results = [
      "1:1 async-actor calls async",
      "single client put gigabytes",
      "single client wait 1k refs",
    ]
      .flatMap((name) => rows.filter((row) => row.name === name))
      .map((row) => ({ row, outcome: { ok: true, sample: { value: 200, operations: 1, usage } } as const }));
    const ray = Object.fromEntries(results.map(({ row }) => [row.name, { mean: 40, deviation: 1 }]));
    expect(judgeAll(results, ray).map(({ verdicts }) => verdicts.at(-1))).toEqual([
      { text: "5.00x Ray (>= 50) ✗", ratio: 5, met: false },
      { text: "5.00x Ray (>= 4) ✓", ratio: 5, met: true },
      { text: "5.00x Ray", ratio: 5, met: undefined },
    ]);
  });
});
