import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { checkpointFiles } from "../../packages/tune/dist/storage/checkpoint-files.js";
import { CsvTable } from "../../packages/tune/dist/storage/csv.js";
import { ExperimentFiles } from "../../packages/tune/dist/storage/experiment-files.js";
import { fromJson, toJson } from "../../packages/tune/dist/storage/json.js";
import { logPolicy } from "../../packages/tune/dist/storage/policy-log.js";
import { TrialFiles } from "../../packages/tune/dist/storage/trial-files.js";
import { maxDirnameLength, trialDirname } from "../../packages/tune/dist/trial/naming.js";
import type { TrialResult, TrialView } from "../../packages/tune/dist/trial/types.js";

const root = mkdtempSync(join(tmpdir(), "manta-storage-"));
afterAll(() => rmSync(root, { recursive: true }));
const fresh = () => mkdtempSync(join(root, "t-"));
const lines = (path: string) => readFileSync(path, "utf8").trimEnd().split("\n");
// Files are written from whatever keys a result has.
const row = (values: Record<string, unknown>) => values as TrialResult;

describe("JSON of results", () => {
  it("writes numbers that are not finite as Ray does, and reads them again", () => {
    const value = { a: NaN, b: [Infinity, -Infinity], text: "NaN and -Infinity \\" };
    expect(toJson(value)).toBe('{"a":NaN,"b":[Infinity,-Infinity],"text":"NaN and -Infinity \\\\"}');
    expect(fromJson(toJson(value))).toEqual(value);
    expect(fromJson('{"a":1}')).toEqual({ a: 1 });
    expect(() => fromJson("{nope}")).toThrow(SyntaxError);
  });

  it("has a form for everything a trainable may report", () => {
    const cyclic: Record<string, unknown> = {};
    cyclic["self"] = cyclic;
    expect(
      JSON.parse(
        toJson({ big: 5n, huge: 2n ** 70n, map: new Map([["a", 1]]), typed: new Float32Array([1, 2]) }),
      ),
    ).toEqual({
      big: 5,
      huge: "1180591620717411303424",
      map: [["a", 1]],
      typed: [1, 2],
    });
    expect(JSON.parse(toJson({ ok: 1, cyclic, run: () => 1 }))).toEqual({
      ok: 1,
      cyclic: expect.stringContaining("not written"),
      run: "[function run]",
    });
  });
});

describe("progress.csv", () => {
  it("flattens nested metrics, and keeps the columns of the first result", () => {
    const table = new CsvTable();
    const text =
      table.line({ loss: 0.5, eval: { acc: NaN }, config: { lr: 0.1 }, note: 'say "a, b"', done: false }) +
      table.line({ loss: Infinity, later: 3, done: true });
    expect(text.split("\n")).toEqual([
      "loss,eval/acc,config/lr,note,done",
      '0.5,nan,0.1,"say ""a, b""",false',
      "inf,,,,true",
      "",
    ]);
  });
});

describe("the files of a trial", () => {
  it("are buffered, and written when flushed", () => {
    const path = fresh();
    const files = new TrialFiles(path);
    files.params({ b: 1, a: { d: 1, c: 2 } });
    files.result(row({ loss: 1 }));
    files.result(row({ loss: NaN }));
    expect(readdirSync(path)).toEqual(["params.json"]);
    files.flush();
    files.flush();
    expect(lines(join(path, "result.json"))).toEqual(['{"loss":1}', '{"loss":NaN}']);
    expect(lines(join(path, "progress.csv"))).toEqual(["loss", "1", "nan"]);
    expect(readFileSync(join(path, "params.json"), "utf8")).toBe(
      '{\n  "a": {\n    "c": 2,\n    "d": 1\n  },\n  "b": 1\n}\n',
    );
  });

  it("do not let the buffer grow without bound", () => {
    const path = fresh();
    const files = new TrialFiles(path);
    for (let index = 0; index < 10; index++) files.result(row({ index, text: "x".repeat(10_000) }));
    expect(lines(join(path, "result.json")).length).toBeGreaterThan(5);
  });

  it("hold every failure with its stack", () => {
    const path = fresh();
    const files = new TrialFiles(path);
    files.error(new TypeError("first", { cause: new Error("deep") }), 1, "d1");
    files.error(new Error("second"), 2, "d2");
    const text = readFileSync(join(path, "error.txt"), "utf8");
    expect(text).toMatch(/Failure # 1 \(occurred at d1\)\nTypeError: first\n +at /);
    expect(text).toContain("Error: deep");
    expect(text).toContain("Failure # 2 (occurred at d2)");
  });
});

describe("the files of an experiment", () => {
  it("journal is on disk as soon as it is appended", () => {
    const path = fresh();
    const files = new ExperimentFiles(path);
    files.journal([{ type: "complete", trial: "a" }]);
    expect(lines(join(path, "journal.jsonl"))).toEqual(['{"type":"complete","trial":"a"}']);
    files.close();
  });

  it("journal of an earlier run of that name is kept beside the new one", () => {
    const path = fresh();
    for (const trial of ["a", "b"]) {
      const files = new ExperimentFiles(path);
      files.journal([{ type: "complete", trial }]);
      files.close();
    }
    expect(readdirSync(path).toSorted()).toEqual([
      expect.stringMatching(/^journal-\d+\.jsonl$/),
      "journal.jsonl",
    ]);
    expect(lines(join(path, "journal.jsonl"))).toEqual(['{"type":"complete","trial":"b"}']);
  });

  it("snapshot shows a running trial as PENDING and replaces the one before", () => {
    const path = fresh();
    const files = new ExperimentFiles(path);
    // Only what a snapshot holds.
    const trial = {
      id: "a",
      status: "RUNNING",
      lastResult: { loss: NaN },
      config: {},
    } as unknown as TrialView;
    files.snapshot([trial], { seed: 1 });
    files.snapshot([trial], { seed: 2 });
    files.close();
    const [text = ""] = lines(join(path, "experiment_state.json"));
    expect(fromJson(text)).toMatchObject({
      version: 1,
      seed: 2,
      trials: [{ id: "a", status: "PENDING", lastResult: { loss: NaN } }],
    });
    expect(readdirSync(path).toSorted()).toEqual(["experiment_state.json", "journal.jsonl"]);
  });

  it("snapshots are at least ten seconds apart", () => {
    const path = fresh();
    const files = new ExperimentFiles(path);
    const written: number[] = [];
    for (const now of [0.5, 5, 11, 12, 30]) files.snapshotIfDue(now, [], () => (written.push(now), {}));
    files.close();
    expect(written).toEqual([11, 30]);
  });
});

describe("the policy log", () => {
  it("gives a trial its donor's lineage", () => {
    const path = fresh();
    const trial = (id: string, tag: string, iteration: number) =>
      // Only what the log holds.
      ({
        id,
        experimentTag: tag,
        config: { lr: id },
        lastResult: { training_iteration: iteration },
      }) as unknown as TrialView;
    const [a, b, c] = [
      trial("a", "0_lr=1", 4),
      trial("b", "1_lr=2@perturbed[lr=3]", 6),
      trial("c", "2_lr=3", 8),
    ];
    const order = (target: TrialView, donor: TrialView) => ({
      trial: target,
      donor,
      config: { lr: 9 },
      operations: {},
      experimentTag: "t",
    });
    logPolicy(path, order(a, b));
    logPolicy(path, order(c, a));
    const first = '["0_lr=1","1_lr=2",4,6,{"lr":"b"},{"lr":9}]';
    const second = '["2_lr=3","0_lr=1",8,4,{"lr":"a"},{"lr":9}]';
    expect(lines(join(path, "pbt_global.txt"))).toEqual([first, second]);
    expect(lines(join(path, "pbt_policy_a.txt"))).toEqual([first]);
    expect(lines(join(path, "pbt_policy_c.txt"))).toEqual([first, second]);
  });
});

describe("checkpoints on disk", () => {
  it("that were made to be handed over are moved, a user's directory is copied", async () => {
    const path = fresh();
    const scratch = join(path, ".checkpoint-1");
    const users = fresh();
    writeFileSync(join(users, "w"), "1");
    await checkpointFiles.adopt(users, scratch);
    await checkpointFiles.adopt(scratch, join(path, "checkpoint_000000"));
    expect(readdirSync(path)).toEqual(["checkpoint_000000"]);
    expect(readdirSync(users)).toEqual(["w"]);
    await checkpointFiles.remove(join(path, "checkpoint_000000"));
    expect(readdirSync(path)).toEqual([]);
  });
});

describe("the directory of a trial", () => {
  it("is named by trial, tag and date, and at most 130 characters long", () => {
    expect(trialDirname("train_a_00000", "0_lr=0.1", 0)).toMatch(
      /^train_a_00000_0_lr=0\.1_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d$/,
    );
    const long = trialDirname("train_a_00000", `0_${"x".repeat(500)}`, 0);
    expect(long).toHaveLength(maxDirnameLength);
    expect(trialDirname("a/b", "c d", 0)).toMatch(/^a_b_c_d_/);
  });
});
