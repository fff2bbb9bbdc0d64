import { describe, expect, it } from "vitest";
import { allocate, decode, encode, pack, roundTrip } from "./codec-harness.ts";

const LARGE = 64 * 1024;

describe("large buffers", () => {
  it("leave the envelope and come out as a view on the shared memory", () => {
    const source = new Float32Array(LARGE / 4).map((_, n) => n);
    const encoded = pack({ source });
    expect(encoded.bytes.byteLength).toBeLessThan(200);
    expect(encoded.buffers.map((buffer) => buffer.byteLength)).toEqual([LARGE]);
    const back = decode(encoded) as { source: Float32Array };
    expect(back.source.buffer).toBe(encoded.buffers[0]);
    expect(back.source).toEqual(source);
  });

  it("stay inside it below 64 KiB", () => {
    const encoded = pack(new Uint8Array(LARGE - 1));
    expect(encoded.buffers).toEqual([]);
    expect((decode(encoded) as Uint8Array).buffer).toBeInstanceOf(ArrayBuffer);
  });

  it("are allocated once however many views share them", () => {
    const memory = new ArrayBuffer(2 * LARGE);
    const sizes: number[] = [];
    const value = [
      new Uint8Array(memory, 0, LARGE),
      new Float64Array(memory, LARGE, 8),
      new DataView(memory),
    ];
    const encoded = encode(value, {
      label: "args",
      allocate: (byteLength) => {
        sizes.push(byteLength);
        return allocate(byteLength);
      },
    });
    expect(sizes).toEqual([2 * LARGE]);
    const back = decode(encoded) as typeof value;
    expect(new Set(back.map((view) => view.buffer)).size).toBe(1);
  });

  it("may lie in segments that are longer and dirty", () => {
    const dirty = (byteLength: number): SharedArrayBuffer => {
      const segment = new SharedArrayBuffer(byteLength + 4096);
      new Uint8Array(segment).fill(0xff);
      return segment;
    };
    const memory = new ArrayBuffer(LARGE + 16);
    const value = { a: new Uint8Array(memory, 3), b: "x".repeat(200_000) };
    const encoded = encode(value, { label: "args", allocate: dirty });
    const back = decode(encoded) as typeof value;
    expect(back).toEqual(value);
    expect(back.a.byteOffset).toBe(3);
    expect(new Uint8Array(back.a.buffer, 0, 3)).toEqual(new Uint8Array(3));
  });

  it("come out as an ArrayBuffer where the value has one", () => {
    const memory = new Uint8Array(LARGE).fill(7).buffer;
    const back = roundTrip({ memory, view: new Uint8Array(memory, 8, 8) });
    expect(back.memory).toBeInstanceOf(ArrayBuffer);
    expect(back.view.buffer).toBe(back.memory);
    expect(back.view.byteOffset).toBe(8);
  });

  it("pass the error of the allocator on", () => {
    const full = new Error("full");
    const allocateNothing = (): never => {
      throw full;
    };
    expect(() => encode(new Uint8Array(LARGE), { label: "args", allocate: allocateNothing })).toThrow(full);
  });
});

describe("a long envelope", () => {
  it("goes into shared memory itself", () => {
    const text = "é".repeat(100 * 1024);
    for (const value of [{ text }, { text, date: new Date(0) }]) {
      const encoded = pack(value);
      expect(encoded.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
      expect(decode(encoded)).toEqual(value);
    }
  });

  it("keeps many strings of all lengths when it is read from there", () => {
    const value = Object.fromEntries(
      Array.from({ length: 3000 }, (_, n) => [
        `ключ ${n}`,
        ["x".repeat(n % 300), "日".repeat(n % 70), n, `${n}😀`],
      ]),
    );
    expect(roundTrip(value)).toEqual(value);
    expect(roundTrip([value, -0])).toEqual([value, -0]);
  });
});

describe("views", () => {
  it("that share an ArrayBuffer share it afterwards", () => {
    const memory = new ArrayBuffer(32);
    const back = roundTrip({ a: new Uint8Array(memory), b: new Float64Array(memory, 8, 2) });
    back.b[0] = 1;
    expect([...back.a.subarray(8, 16)]).toEqual([0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
  });

  it("take along only the span that they cover", () => {
    const memory = new Uint8Array(1_000_000).fill(9);
    const encoded = pack({ a: memory.subarray(500_003, 500_010), b: memory.subarray(500_020, 500_030) });
    expect(encoded.buffers).toEqual([]);
    const back = decode(encoded) as { a: Uint8Array; b: Uint8Array };
    expect(back.a).toEqual(new Uint8Array(7).fill(9));
    expect(back.a.buffer.byteLength).toBe(30);
    expect([...new Uint8Array(back.a.buffer, 0, 3)]).toEqual([0, 0, 0]);
  });

  it("from Node's pool do not take their neighbours along", () => {
    Buffer.from("secret neighbour");
    const back = roundTrip(Buffer.from("x"));
    expect(back.buffer.byteLength).toBeLessThanOrEqual(8);
    expect(back.toString()).toBe("x");
  });

  it("of every element type keep their class, also of a subclass", () => {
    class Samples extends Float64Array {
      mean(): number {
        return this.reduce((sum, x) => sum + x, 0) / this.length;
      }
    }
    const back = roundTrip(new Samples([1, 2, 3]));
    expect(back).toBeInstanceOf(Samples);
    expect(back.mean()).toBe(2);
  });

  it("on a resizable ArrayBuffer leave it resizable", () => {
    const Resizable = ArrayBuffer as unknown as new (n: number, o: { maxByteLength: number }) => ArrayBuffer;
    const memory = new Resizable(8, { maxByteLength: 64 });
    const back = roundTrip({ memory });
    expect(back.memory).toMatchObject({ resizable: true, maxByteLength: 64, byteLength: 8 });
  });
});

describe("a SharedArrayBuffer", () => {
  it("is shared and not copied", () => {
    const memory = new SharedArrayBuffer(8);
    const encoded = pack({ memory, counter: new Int32Array(memory, 4, 1), again: memory });
    expect(encoded.buffers).toEqual([memory]);
    const back = decode(encoded) as {
      memory: SharedArrayBuffer;
      counter: Int32Array;
      again: SharedArrayBuffer;
    };
    expect(back.memory).toBe(memory);
    expect(back.again).toBe(memory);
    Atomics.store(back.counter, 0, 42);
    expect(new Int32Array(memory)[1]).toBe(42);
  });
});
