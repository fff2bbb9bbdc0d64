/** What a run prints. */
import { describe, expect, it } from "vitest";

import type { Judged } from "../../bench/src/report/result.ts";
import { formatSummary, formatTable } from "../../bench/src/report/table.ts";
import type { ListedRow, Subject } from "../../bench/src/rows/index.ts";
import type { Row } from "../../bench/src/rows/row.ts";

const MIB = 2 ** 20;

function listed(subject: Subject, name: string, row: Partial<Row> = {}): ListedRow {
  const measure = (): never => {
    throw new Error("a table measures nothing");
  };
  return { subject, name, recipe: "", kind: "rate", unit: "calls/s", measure, ...row };
}

const results: Judged[] = [
  {
    row: listed("peers", "peer sync"),
    outcome: {
      ok: true,
      sample: {
        value: 20_000,
        deviation: 1000,
        operations: 40_000,
        usage: { rssDeltaBytes: 3 * MIB, rssPeakBytes: 80 * MIB, cpuMs: 2000, elapsedMs: 2000 },
      },
    },
    verdicts: [],
  },
  {
    row: listed("actors", "calls async", { showThreads: true }),
    outcome: {
      ok: true,
      sample: {
        value: 0.5,
        operations: 1,
        usage: { rssDeltaBytes: -MIB, rssPeakBytes: 100 * MIB, cpuMs: 2000, elapsedMs: 1000 },
        bytesEach: 812.4,
        threadCpuMs: [1000, 900, 100],
        facts: { "ms to submit": 1234 },
      },
    },
    verdicts: [
      { text: "6.00x peer sync (>= 5) ✓", ratio: 6, met: true },
      { text: ">= 1 calls/s ✗", met: false },
      { text: "?x other: no result", met: undefined },
    ],
  },
  {
    row: listed("actors", "calls that fail"),
    outcome: { ok: false, error: "Error: no workers\n    at line 1" },
    verdicts: [],
  },
];

describe("the table", () => {
  it("has a block for each subject, and comparisons, notes and failures under their rows", () => {
    expect(formatTable(results).split("\n")).toEqual([
      "peers            measured    ±  unit        CPU/op  cores   RSS +  RSS peak   each",
      "peer sync          20,000  5 %  calls/s    50.0 us   1.00   3 MiB    80 MiB",
      "",
      "actors           measured    ±  unit        CPU/op  cores   RSS +  RSS peak   each",
      "calls async         0.500       calls/s  2000.0 ms   2.00  -1 MiB   100 MiB  812 B",
      "    6.00x peer sync (>= 5) ✓",
      "    >= 1 calls/s ✗",
      "    ?x other: no result",
      "    1,234 ms to submit",
      "    busiest threads: 50 %, 45 %, 5 % of the CPU time",
      "calls that fail",
      "    FAILED: Error: no workers",
    ]);
  });

  it("counts targets and gives failures in full", () => {
    expect(formatSummary(results)).toBe(
      "calls that fail failed: Error: no workers\n    at line 1\n1 targets met, 1 missed, 1 rows failed",
    );
  });
});
