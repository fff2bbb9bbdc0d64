/**
 * The IDX files in which MNIST and Fashion-MNIST are published, gzipped or not: a magic number (two zero bytes, the
 * type of the values, the number of dimensions), the size of each dimension as a big-endian 32-bit number, and the
 * values. See the description at http://yann.lecun.com/exdb/mnist/.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { slice, type DataSet, type LabelledImages } from "./data-set.ts";

const UNSIGNED_BYTE = 0x08;
// More would cost time at every report and hardly judge better.
const MAX_VALIDATION_IMAGES = 2000;
const GZIP_MAGIC = [0x1f, 0x8b];

/** An array of bytes with its dimensions. */
export interface IdxArray {
  readonly dimensions: readonly number[];
  readonly values: Uint8Array;
}

/**
 * Reads an IDX file of unsigned bytes.
 * @param bytes the file, gzipped or not
 * @throws Error when it is not one or is cut short
 */
export function parseIdx(bytes: Uint8Array): IdxArray {
  const isZipped = GZIP_MAGIC.every((byte, at) => bytes[at] === byte);
  const data = isZipped ? new Uint8Array(gunzipSync(bytes)) : bytes;
  const [zero0, zero1, type, rank] = data;
  if (zero0 !== 0 || zero1 !== 0 || type !== UNSIGNED_BYTE || rank === undefined || rank === 0) {
    throw new Error(
      `not an IDX file of unsigned bytes: it begins with ${[...data.subarray(0, 4)].join(" ")}`,
    );
  }
  const headerLength = 4 + 4 * rank;
  if (data.length < headerLength) throw new Error(`the IDX header is cut short after ${data.length} bytes`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const dimensions = Array.from({ length: rank }, (_, at) => view.getUint32(4 + 4 * at));
  const count = dimensions.reduce((product, size) => product * size, 1);
  const values = data.subarray(headerLength);
  if (values.length !== count) {
    throw new Error(
      `an IDX file of ${dimensions.join(" x ")} has ${values.length} values instead of ${count}`,
    );
  }
  return { dimensions, values };
}

/**
 * Reads MNIST, or a data set published in the same four files (`train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
 * `t10k-images-idx3-ubyte`, `t10k-labels-idx1-ubyte`, each with or without `.gz`), from a folder.
 * The last sixth of the training images becomes the validation set, at most 2,000 of them.
 * @throws Error naming the file that is missing or not usable
 */
export function readMnist(folder: string): DataSet {
  const all = readImages(folder, "train");
  const count = all.labels.length;
  const validationStart = count - Math.min(MAX_VALIDATION_IMAGES, Math.floor(count / 6));
  return {
    name: `IDX files of ${folder}`,
    train: slice(all, 0, validationStart),
    validation: slice(all, validationStart, count),
    test: readImages(folder, "t10k"),
  };
}

function readImages(folder: string, part: "train" | "t10k"): LabelledImages {
  const images = readFile(folder, `${part}-images-idx3-ubyte`);
  const labels = readFile(folder, `${part}-labels-idx1-ubyte`);
  const [count = 0, rows = 0, columns = 0] = images.dimensions;
  if (images.dimensions.length !== 3 || labels.dimensions.length !== 1 || labels.dimensions[0] !== count) {
    const shapes = [images, labels].map(({ dimensions }) => dimensions.join(" x "));
    throw new Error(
      `${part} images (${shapes[0]}) and labels (${shapes[1]}) in ${folder} do not belong together`,
    );
  }
  return {
    images: images.values,
    labels: labels.values,
    pixels: rows * columns,
  };
}

function readFile(folder: string, name: string): IdxArray {
  const path = [join(folder, name), join(folder, `${name}.gz`)].find(existsSync);
  if (path === undefined) throw new Error(`${folder} has neither ${name} nor ${name}.gz`);
  try {
    return parseIdx(readFileSync(path));
  } catch (error) {
    throw new Error(`${path} cannot be read`, { cause: error });
  }
}
