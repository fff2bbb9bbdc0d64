import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  headerLengthOf,
  isSealable,
  layoutOf,
  seal,
  SEAL_PREFIX_BYTES,
  unseal,
  verifyPart,
} from "../../../packages/runtime/dist/serialization/sealed.js";
import { allocate, decode, type Encoded, pack } from "./codec-harness.ts";
import { difference } from "./codec-same.ts";

const label = "object o1";
const options = { label, allocate };

const sealed = (encoded: Encoded): Uint8Array => new Uint8Array(Buffer.concat(seal(encoded, label)));

const samples: readonly unknown[] = [
  undefined,
  { kind: "call", args: [1, "text", new Uint8Array([1, 2, 3])] },
  new Map([["k", new Date(0)]]),
  { text: "x".repeat(200_000) },
  { a: new Float64Array(20_000).fill(0.5), b: new Uint8Array(70_001).fill(7) },
];

describe("a sealed value", () => {
  it("comes back the same", () => {
    for (const sample of samples) {
      expect(difference(sample, decode(unseal(sealed(pack(sample)), options)))).toBeUndefined();
    }
  });

  it("begins each part at a multiple of 64 and copies no buffer to do so", () => {
    const encoded = pack(samples.at(-1));
    const layout = layoutOf(sealed(encoded), label);
    expect([layout.envelope, ...layout.buffers].every(({ offset }) => offset % 64 === 0)).toBe(true);
    const memories = seal(encoded, label).map((chunk) => chunk.buffer);
    for (const buffer of encoded.buffers) expect(memories).toContain(buffer);
  });

  it("can be read piece by piece", () => {
    const encoded = pack(samples.at(-1));
    const file = sealed(encoded);
    const length = headerLengthOf(file.subarray(0, SEAL_PREFIX_BYTES), label);
    const { envelope, buffers } = layoutOf(file.subarray(0, length), label);
    for (const part of [envelope, ...buffers]) {
      const body = file.subarray(part.offset, part.offset + part.byteLength);
      verifyPart(part, body, label);
      expect(() => {
        verifyPart(part, body.subarray(1), label);
      }).toThrow(new RegExp(`its ${part.name} has`));
    }
  });

  it("keeps its live references with whoever sealed it", () => {
    const ref = { live: true };
    const encoded = { ...pack(1), tracked: [ref] };
    expect(unseal(sealed(encoded), { ...options, tracked: [ref] }).tracked).toEqual([ref]);
    expect(() => unseal(sealed(encoded), options)).toThrow(/sealed with 1 live references, and 0 are here/);
  });

  it("is refused when it shares memory with its sender, and not when its own copy lies in shared memory", () => {
    const encoded = pack({ memory: new SharedArrayBuffer(8) });
    expect(isSealable(encoded)).toBe(false);
    expect(() => seal(encoded, label)).toThrow(
      expect.objectContaining({ code: "MANTA_SERIALIZATION", path: label }),
    );
    expect(isSealable(pack(new Int32Array(new SharedArrayBuffer(8))))).toBe(false);
    expect(isSealable(pack(samples.at(-1)))).toBe(true);
  });
});

describe("damage of a sealed value is found and named:", () => {
  const encoded = pack({ a: new Uint8Array(70_000).fill(1), b: "the envelope", c: new Date(0) });
  const file = sealed(encoded);
  const { envelope, buffers } = layoutOf(file, label);
  const [buffer] = buffers;

  const without = (at: number): Uint8Array => {
    const copy = file.slice();
    copy[at] = (copy[at] ?? 0) ^ 0x10;
    return copy;
  };

  it("in its header, its envelope, a buffer", () => {
    expect(() => unseal(without(0), options)).toThrow(/object o1: the stored value is damaged: its header/);
    expect(() => unseal(without(12), options)).toThrow(/its header does not match its checksum/);
    expect(() => unseal(without(4), options)).toThrow(/version 17/);
    expect(() => unseal(without(envelope.offset + 20), options)).toThrow(
      /its envelope \(\d+ bytes from 64\)/,
    );
    expect(() => unseal(without((buffer?.offset ?? 0) + 69_999), options)).toThrow(
      /its buffer 0 \(70000 bytes/,
    );
  });

  it("by cutting or adding", () => {
    for (const length of [0, 10, 30, 100, file.length - 1])
      expect(() => unseal(file.subarray(0, length), options)).toThrow(
        expect.objectContaining({ code: "MANTA_SERIALIZATION" }),
      );
    expect(() => unseal(Buffer.concat([file, file]), options)).toThrow(/bytes instead of/);
  });

  it("without anything being allocated for it", () => {
    const allocated: number[] = [];
    const count = (byteLength: number): SharedArrayBuffer => {
      allocated.push(byteLength);
      return allocate(byteLength);
    };
    expect(() => unseal(without((buffer?.offset ?? 0) + 5), { label, allocate: count })).toThrow();
    expect(allocated).toEqual([]);
  });

  it("wherever up to four bytes change, unless they lie between the parts", () => {
    const small = samples.slice(0, 3).map((sample) => ({ sample, bytes: sealed(pack(sample)) }));
    const change = fc.record({ at: fc.nat(), flip: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(fc.nat(), fc.array(change, { minLength: 1, maxLength: 4 }), (which, changes) => {
        const { sample, bytes } = small[which % small.length] ?? { sample: 0, bytes: new Uint8Array() };
        const copy = bytes.slice();
        for (const { at, flip } of changes) copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ flip;
        let back: unknown;
        try {
          back = decode(unseal(copy, options));
        } catch (error) {
          expect(error).toMatchObject({ code: "MANTA_SERIALIZATION" });
          return;
        }
        expect(difference(sample, back)).toBeUndefined();
      }),
      { numRuns: 3000, seed: 7 },
    );
  });
});
