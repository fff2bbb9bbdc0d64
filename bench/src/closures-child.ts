/**
 * One fresh process of `closures.ts`: what the captures of functions cost, from the first on, and how fast shipped code
 * runs beside the same code that was never shipped. Prints one line of JSON; times are in microseconds.
 */
import { basename } from "node:path";

import { decode, encode } from "../../packages/runtime/dist/serialization/codec.js";
import { warmUp } from "../../packages/runtime/dist/serialization/functions/warm-up.js";

const allocate = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
const capture = (fn: Function): ReturnType<typeof encode> => encode(fn, { label: "fn", allocate });

function micros(run: () => unknown): number {
  const start = performance.now();
  run();
  return (performance.now() - start) * 1000;
}

/** Median over fresh inputs. */
function median<T>(inputs: readonly T[], run: (input: T) => unknown): number {
  const times = inputs.map((input) => micros(() => run(input))).toSorted((a, b) => a - b);
  return times[times.length >> 1] ?? NaN;
}

const base = 10;
const helper = (x: number): number => x * 2 + base;
const simple = (x: number): number => x + base;
const transitive = (x: number): number => helper(x) + simple(x);
const imports = (x: string): string => basename(x);
class Counter {
  #n = base;
  add(by: number): number {
    return (this.#n += by);
  }
}
const makeAdder = (by: number) => (x: number) => x + by;

const warmUpStart = performance.now();
if (process.argv[2] === "warm") await warmUp(() => false);
const warmUpMicros = (performance.now() - warmUpStart) * 1000;
const first = micros(() => capture(simple));
const next = micros(() => capture(transitive));
const nextClass = micros(() => capture(Counter));
const again = Array.from({ length: 200 }, (_, at) => makeAdder(at));
const warm = median(again, capture);
const encodedImports = capture(imports);
const encoded = capture(simple);
const firstRehydration = micros(() => decode(encoded));
const rehydration = median(Array.from({ length: 200 }), () => decode(encoded));

// Both are called through one loop for each, so that neither meets a call site that the other has spoilt.
const loopOver = (fn: (x: number) => number): (() => number) =>
  // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- a loop of its own for each function
  new Function(
    "fn",
    "return () => { let sum = 0; for (let i = 0; i < 5e6; i++) sum = (sum + fn(i)) | 0; return sum; }",
  )(fn) as () => number;
const native = loopOver(transitive);
const shipped = loopOver(decode(capture(transitive)) as typeof transitive);
const best = { native: Infinity, shipped: Infinity };
for (let round = 0; round < 12; round++) {
  best.native = Math.min(best.native, micros(native));
  best.shipped = Math.min(best.shipped, micros(shipped));
}

console.log(
  JSON.stringify({
    warmUp: warmUpMicros,
    first,
    next,
    nextClass,
    warm,
    firstRehydration,
    rehydration,
    callRatio: best.shipped / best.native,
    payloadBytes: encoded.bytes.byteLength,
    payloadImportsBytes: encodedImports.bytes.byteLength,
  }),
);
