/**
 * Small messages and the ways to copy them. Each call does a block of messages, so that awaiting it weighs nothing.
 */
import { isDeepStrictEqual } from "node:util";
import v8 from "node:v8";
import { decode, encode, encodeArguments } from "../../packages/runtime/dist/serialization/codec.js";
import type { Encoded } from "../../packages/runtime/dist/serialization/types.js";

export interface MessageRow {
  readonly name: string;
  readonly unit: string;
  /** Messages of one call. */
  readonly operations: number;
  readonly call: () => unknown;
  readonly against?: readonly string[];
}

const BLOCK = 1000;
const options = { label: "args", allocate: (byteLength: number) => new SharedArrayBuffer(byteLength) };

/** 130 bytes of msgpack, as in a call with options. */
const message = {
  id: "task-0123456789",
  kind: "call",
  method: "step",
  args: [1, 2.5, "abc", null, true],
  options: { retries: 3, name: "worker" },
  n: 42,
  text: "some more text here",
};

/** Lists of arguments, and results. */
const messages: Readonly<Record<string, unknown>> = {
  "[]": [],
  "[1]": [1],
  '["abc"]': ["abc"],
  "[{ a: 1, b: [1, 2] }]": [{ a: 1, b: [1, 2] }],
  "[130 bytes]": [message],
  "[Uint8Array(16)]": [new Uint8Array(16)],
  "[Float64Array(8)]": [new Float64Array(8)],
  "[100 floats]": [Array.from({ length: 100 }, (_, n) => n * 1.5 + 0.25)],
  "[Map]": [new Map([["a", 1]])],
  "result undefined": undefined,
  "result 0.5": 0.5,
  'result "ok"': "ok",
};

/** Four rows for each message; JSON only where it gives the same value back. */
export function messageRows(): readonly MessageRow[] {
  return Object.entries(messages).flatMap(([name, value]) => {
    const rivals: Record<string, (value: unknown) => unknown> = {
      structuredClone: (sent) => structuredClone(sent),
      "v8.serialize": (sent) => v8.deserialize(v8.serialize(sent)),
      ...(isJson(value) && { JSON: (sent: unknown) => JSON.parse(JSON.stringify(sent)) as unknown }),
    };
    const rows = Object.entries(rivals).map(([rival, copy]) => row(`${rival} ${name}`, () => copy(value)));
    const through = (sent: unknown): Encoded =>
      Array.isArray(sent) ? encodeArguments(sent, options) : encode(sent, options);
    const against = rows.map((each) => each.name);
    return [...rows, { ...row(`codec ${name}`, () => decode(received(through(value)))), against }];
  });
}

function row(name: string, once: () => unknown): MessageRow {
  return {
    name,
    unit: "messages/s",
    operations: BLOCK,
    call: () => {
      let last: unknown;
      for (let n = 0; n < BLOCK; n++) last = once();
      return last;
    },
  };
}

/** As it comes out of a channel: an object and bytes that no decoder has seen. */
function received({ bytes, buffers, tracked }: Encoded): Encoded {
  return { bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), buffers, tracked };
}

function isJson(value: unknown): boolean {
  return value !== undefined && isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
}
