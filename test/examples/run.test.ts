import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

import type { LabelledImages } from "../../packages/examples/dist/lib/data-set.js";
import { DIGIT_SIDE, drawDigits } from "../../packages/examples/dist/lib/digits.js";

const RUN = fileURLToPath(new URL("../../packages/examples/dist/run.js", import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function example(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [RUN, ...args],
      { env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
      },
    );
  });
}

describe("npm run example", () => {
  it("lists the examples when no name is given", async () => {
    const { code, stdout } = await example([]);
    expect(code).toBe(0);
    expect(stdout).toContain("Usage: npm run example -- <name> [options]");
    expect(stdout).toContain("pbt-digits        the main job:");
  });

  it("fails, and lists them, for a name that is none of theirs", async () => {
    const { code, stderr } = await example(["toString"]);
    expect(code).toBe(1);
    expect(stderr).toContain('There is no example "toString".\n\nUsage:');
  });

  it("fails for an option that does not exist or is no number", async () => {
    expect((await example(["pbt-toy", "--sedes", "3"])).code).toBe(1);
    const { code, stderr } = await example(["pbt-toy", "--seeds", "three"]);
    expect(code).toBe(1);
    expect(stderr).toContain('--seeds must be a whole number >= 1, got "three"');
  });

  it.each([
    ["actor-pool", [], "600851475143 = 71 * 839 * 1471 * 6857"],
    ["monte-carlo-pi", ["--samples", "20000"], "pi is about 3."],
    ["parameter-server", ["--steps", "40"], "after 40 gradients: distance to the true weights"],
    ["custom-scheduler", [], "Best config: "],
    ["pbt-toy", ["--seeds", "1"], "'0.3900'"],
    ["pbt-digits", ["--trials", "2", "--epochs", "2"], "Random search, the same budget:"],
  ])("runs %s", async (name, options, output) => {
    const { code, stdout, stderr } = await example([name, ...options]);
    expect(stderr).toBe("");
    expect(stdout).toContain(output);
    expect(code).toBe(0);
  });

  it("trains on the files in MNIST_DIR", async () => {
    const folder = mkdtempSync(join(tmpdir(), "manta-mnist-"));
    try {
      const { train, test } = drawDigits(1, { train: 300, validation: 0, test: 100 });
      writeIdx(folder, "train", train);
      writeIdx(folder, "t10k", test);
      const { code, stdout } = await example(["pbt-digits", "--trials", "2", "--epochs", "2"], {
        MNIST_DIR: folder,
      });
      expect(stdout).toContain(
        `Data: IDX files of ${folder}; 250 + 50 + 100 images to train, validate and test`,
      );
      expect(code).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function writeIdx(folder: string, part: string, { images, labels }: LabelledImages): void {
  const header = (...dimensions: readonly number[]) => {
    const bytes = Buffer.alloc(4 + 4 * dimensions.length);
    bytes.set([0, 0, 8, dimensions.length]);
    dimensions.forEach((size, at) => bytes.writeUInt32BE(size, 4 + 4 * at));
    return bytes;
  };
  const pixels = Uint8Array.from(images, (brightness) => Math.round(255 * brightness));
  const imageFile = Buffer.concat([header(labels.length, DIGIT_SIDE, DIGIT_SIDE), pixels]);
  writeFileSync(join(folder, `${part}-images-idx3-ubyte.gz`), gzipSync(imageFile));
  writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), Buffer.concat([header(labels.length), labels]));
}
