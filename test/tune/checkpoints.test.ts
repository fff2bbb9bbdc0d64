import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { Checkpoint } from "../../packages/tune/dist/checkpoints/checkpoint.js";
import type { CheckpointConfig } from "../../packages/tune/dist/checkpoints/config.js";
import { CheckpointManager } from "../../packages/tune/dist/checkpoints/manager.js";
import { TuneError } from "../../packages/tune/dist/errors.js";
import type { CheckpointView, TrialResult } from "../../packages/tune/dist/trial/types.js";

const directory = mkdtempSync(join(tmpdir(), "manta-checkpoints-"));
afterAll(() => rmSync(directory, { recursive: true }));

const made = (index: number, metrics: Record<string, unknown>): CheckpointView => ({
  path: `c${index}`,
  index,
  trialId: "t",
  // Retention looks at the metrics only.
  result: metrics as TrialResult,
});

/** Indices that are kept after each of the scores. */
function kept(scores: readonly number[], config: CheckpointConfig): number[][] {
  const manager = new CheckpointManager({ scoreAttribute: "score", ...config });
  return scores.map((score, index) => {
    manager.add(made(index, { score }));
    return manager.checkpoints("t").map((checkpoint) => checkpoint.index);
  });
}

describe("retention of checkpoints", () => {
  it("keeps the best by score, and always the latest", () => {
    expect(kept([5, 3, 4, 1, 2], { numToKeep: 2 })).toEqual([[0], [0, 1], [0, 2], [0, 2, 3], [0, 2, 4]]);
    expect(kept([5, 3, 4, 1, 2], { numToKeep: 2, scoreOrder: "min" })).toEqual([
      [0],
      [0, 1],
      [1, 2],
      [1, 3],
      [3, 4],
    ]);
  });

  it("ranks NaN below -Infinity below numbers, and of equals the later one first", () => {
    expect(kept([NaN, 1, NaN, -Infinity, 2], { numToKeep: 2 })).toEqual([
      [0],
      [0, 1],
      [1, 2],
      [1, 3],
      [1, 4],
    ]);
    expect(kept([1, 1, 1], { numToKeep: 2 })).toEqual([[0], [0, 1], [1, 2]]);
  });

  it("keeps the newest without a score, and all without a number", () => {
    const newest = new CheckpointManager({ numToKeep: 2 });
    const all = new CheckpointManager();
    for (let index = 0; index < 10; index++) {
      newest.add(made(index, {}));
      all.add(made(index, {}));
    }
    expect(newest.checkpoints("t").map((checkpoint) => checkpoint.index)).toEqual([8, 9]);
    expect(all.checkpoints("t")).toHaveLength(10);
  });

  it("finds a nested score", () => {
    const manager = new CheckpointManager({ numToKeep: 1, scoreAttribute: "nested/sub/attr" });
    const nested = (attr: number) => ({ nested: { sub: { attr } } });
    expect(manager.add(made(0, nested(5)))).toEqual([]);
    expect(manager.add(made(1, nested(3)))).toEqual([]);
    expect(manager.add(made(2, nested(4)))).toEqual(["c1"]);
    expect(manager.best("t")?.index).toBe(0);
  });

  it("does not delete a pinned checkpoint before its last pin is taken back", () => {
    const manager = new CheckpointManager({ numToKeep: 1 });
    const first = made(0, {});
    manager.add(first);
    manager.pin(first);
    manager.pin(first);
    expect(manager.add(made(1, {}))).toEqual([]);
    expect(manager.unpin(first)).toEqual([]);
    expect(manager.unpin(first)).toEqual(["c0"]);
  });
});

describe("a Checkpoint", () => {
  it("of a value gives fresh copies of what the value was", () => {
    const value = { epoch: 3, weights: new Float32Array([1, 2]), seen: new Map([["a", NaN]]) };
    const checkpoint = Checkpoint.fromValue(value);
    value.epoch = 4;
    expect(checkpoint.toValue()).toEqual({
      epoch: 3,
      weights: new Float32Array([1, 2]),
      seen: new Map([["a", NaN]]),
    });
    expect(checkpoint.toValue()).not.toBe(checkpoint.toValue());
    expect(checkpoint.path).toBeUndefined();
  });

  it("of views on shared memory is read back as they were", () => {
    const weights = new Float64Array(new SharedArrayBuffer(16));
    weights.set([1.5, -2.5]);
    expect(Checkpoint.fromValue({ weights }).toValue()).toEqual({ weights: new Float64Array([1.5, -2.5]) });
  });

  it("of a value survives as a directory", () => {
    const path = Checkpoint.fromValue([1, 2, 3]).toDirectory(join(directory, "value"));
    const read = Checkpoint.fromDirectory(path);
    expect(read).toMatchObject({ path, isValue: true });
    expect(read.toValue()).toEqual([1, 2, 3]);
  });

  it("of a directory keeps its files", () => {
    const source = mkdtempSync(join(directory, "source-"));
    writeFileSync(join(source, "weights.bin"), "abc");
    const copy = Checkpoint.fromDirectory(source).toDirectory(join(directory, "copy"));
    expect(readFileSync(join(copy, "weights.bin"), "utf8")).toBe("abc");
    expect(existsSync(join(source, "weights.bin"))).toBe(true);
  });

  it("says so when it cannot write a value, or holds none", () => {
    expect(() => Checkpoint.fromValue({ run: () => 1 })).toThrow(TuneError);
    expect(() => Checkpoint.fromDirectory(directory).toValue()).toThrow(/holds no value/);
  });
});
