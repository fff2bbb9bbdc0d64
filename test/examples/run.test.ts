import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

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
});

describe("Ctrl-C in pbt-digits", () => {
  it("ends it with what was learnt so far, and begins no other experiment", async () => {
    const child = spawn(process.execPath, [RUN, "pbt-digits", "--trials", "4", "--epochs", "100000"]);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        // All trials have reported when the first one is perturbed.
        if (!output.includes("\nperturbed ") && (output + text).includes("\nperturbed "))
          child.kill("SIGINT");
        output += text;
      });
    }
    expect(await once(child, "close")).toEqual([130, null]);
    expect(output).toMatch(/Population Based Training: +[\d.]+ %/);
    expect(output).toContain("Interrupted: no random search to compare with.");
    expect(output).not.toContain("digits-random");
  });
});

describe("pbt-digits with MNIST_DIR", () => {
  const { train, test } = drawDigits(1, { train: 900, validation: 0, test: 200 });
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "manta-mnist-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (isZipped: boolean) => {
    for (const [part, data] of [
      ["train", train],
      ["t10k", test],
    ] as const) {
      const [images, labels] = idxFiles(data);
      const [end, pack] = isZipped ? [".gz", gzipSync] : ["", (file: Buffer) => file];
      writeFileSync(join(folder, `${part}-images-idx3-ubyte${end}`), pack(images));
      writeFileSync(join(folder, `${part}-labels-idx1-ubyte${end}`), pack(labels));
    }
  };
  const run = (...options: readonly string[]) =>
    example(["pbt-digits", "--quiet", ...options], { MNIST_DIR: folder });

  it.each([
    ["gzipped", true],
    ["plain", false],
  ])("trains on %s files of 28 x 28 pixels", async (_, isZipped) => {
    write(isZipped);
    const { code, stdout, stderr } = await run("--trials", "4", "--epochs", "8");
    expect(stderr).toBe("");
    expect(stdout).toContain(
      `Data: IDX files of ${folder}; 750 + 150 + 200 images to train, validate and test`,
    );
    // A tenth is chance.
    const accuracy = Number(/Population Based Training: +([\d.]+) %/.exec(stdout)?.[1]);
    expect(accuracy).toBeGreaterThan(30);
    expect(code).toBe(0);
  });

  it("ends with the file's name and what is wrong with it", async () => {
    write(true);
    const path = join(folder, "train-images-idx3-ubyte.gz");
    const whole = readFileSync(path);
    for (const [broken, reason] of [
      [
        gzipSync(Buffer.from("P5 28 28 255")),
        "not an IDX file of unsigned bytes: it begins with 80 53 32 50",
      ],
      [gzipSync(gunzipSync(whole).subarray(0, 1000)), "an IDX file of 900 x 28 x 28 has 984 values"],
      [whole.subarray(0, whole.length / 2), "unexpected end of file"],
    ] as const) {
      writeFileSync(path, broken);
      const { code, stdout, stderr } = await run();
      expect(stderr).toContain(`${path} cannot be read`);
      expect(stderr).toContain(reason);
      expect([code, stdout]).toEqual([1, expect.stringContaining("A population of 8 networks")]);
    }
  });
});

/** The files of images and labels as MNIST publishes them, each pixel drawn as four. */
function idxFiles({ images, labels }: LabelledImages): readonly [images: Buffer, labels: Buffer] {
  const header = (...dimensions: readonly number[]) => {
    const bytes = Buffer.alloc(4 + 4 * dimensions.length);
    bytes.set([0, 0, 8, dimensions.length]);
    dimensions.forEach((size, at) => bytes.writeUInt32BE(size, 4 + 4 * at));
    return bytes;
  };
  const side = 2 * DIGIT_SIDE;
  const pixels = Uint8Array.from({ length: labels.length * side * side }, (_, at) => {
    const [image, row, column] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side];
    return images[(image * DIGIT_SIDE + (row >> 1)) * DIGIT_SIDE + (column >> 1)] ?? 0;
  });
  return [
    Buffer.concat([header(labels.length, side, side), pixels]),
    Buffer.concat([header(labels.length), labels]),
  ];
}
