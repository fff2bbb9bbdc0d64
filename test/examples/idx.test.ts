import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { parseIdx, readMnist } from "../../packages/examples/dist/lib/idx.js";

/** A file as published: two zero bytes, type 8 (unsigned byte), rank, big-endian sizes, values. */
function idxFile(dimensions: readonly number[], values: Iterable<number>): Uint8Array {
  const sizes = dimensions.flatMap((size) => [
    size >>> 24,
    (size >>> 16) & 255,
    (size >>> 8) & 255,
    size & 255,
  ]);
  return Uint8Array.from([0, 0, 8, dimensions.length, ...sizes, ...values]);
}

describe("an IDX file", () => {
  it("is read whatever its dimensions are, gzipped or not", () => {
    const dimensions = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(dimensions, fc.boolean(), fc.infiniteStream(fc.nat(255)), (sizes, isZipped, stream) => {
        const count = sizes.reduce((product, size) => product * size, 1);
        const values = [...stream.take(count)];
        const file = idxFile(sizes, values);
        const read = parseIdx(isZipped ? gzipSync(file) : file);
        expect(read.dimensions).toEqual(sizes);
        expect([...read.values]).toEqual(values);
      }),
    );
  });

  it("is read from the middle of a larger buffer", () => {
    const file = idxFile([2], [7, 9]);
    const padded = Uint8Array.from([1, 2, 3, ...file]);
    expect([...parseIdx(padded.subarray(3)).values]).toEqual([7, 9]);
  });

  it.each([
    [
      "is not one",
      Uint8Array.from([80, 75, 3, 4]),
      "not an IDX file of unsigned bytes: it begins with 80 75 3 4",
    ],
    ["has floats", Uint8Array.from([0, 0, 13, 1, 0, 0, 0, 0]), "not an IDX file of unsigned bytes"],
    ["is empty", Uint8Array.from([]), "not an IDX file of unsigned bytes"],
    ["ends in its header", Uint8Array.from([0, 0, 8, 3, 0, 0]), "the IDX header is cut short after 6 bytes"],
    ["ends in its values", idxFile([2, 2], [1, 2, 3]), "an IDX file of 2 x 2 has 3 values instead of 4"],
  ])("that %s is refused", (_, file, message) => {
    expect(() => parseIdx(file)).toThrow(message);
  });
});

describe("a folder with MNIST's files", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "manta-idx-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const images = (count: number) =>
    idxFile(
      [count, 2, 2],
      Array.from({ length: count * 4 }, (_, at) => at % 256),
    );
  const labels = (count: number) =>
    idxFile(
      [count],
      Array.from({ length: count }, (_, at) => at % 10),
    );
  const write = (name: string, file: Uint8Array) => writeFileSync(join(folder, name), file);

  it("becomes training, validation and test images, byte for byte", () => {
    write("train-images-idx3-ubyte.gz", gzipSync(images(12)));
    write("train-labels-idx1-ubyte.gz", gzipSync(labels(12)));
    write("t10k-images-idx3-ubyte", images(3));
    write("t10k-labels-idx1-ubyte", labels(3));
    const data = readMnist(folder);
    expect([data.train, data.validation, data.test].map((part) => part.labels.length)).toEqual([10, 2, 3]);
    expect(data.train.pixels).toBe(4);
    expect([...data.validation.labels]).toEqual([0, 1]);
    expect([...data.test.images.subarray(0, 4)]).toEqual([0, 1, 2, 3]);
  });

  it("is refused when a file is missing, broken, or of another set", () => {
    expect(() => readMnist(folder)).toThrow("has neither train-images-idx3-ubyte nor");
    write("train-images-idx3-ubyte", images(3));
    write("train-labels-idx1-ubyte", labels(4));
    expect(() => readMnist(folder)).toThrow("train images (3 x 2 x 2) and labels (4) in");
    write("train-labels-idx1-ubyte", Uint8Array.from([1]));
    expect(() => readMnist(folder)).toThrow("train-labels-idx1-ubyte cannot be read");
  });
});
