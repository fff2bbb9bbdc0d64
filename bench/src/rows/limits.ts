/** Physical limits of the machine under Node, without a line of Manta: what no runtime on worker threads can beat. */
import { Worker } from "node:worker_threads";

import { pack, unpack } from "msgpackr";

import { openRingEnd, type RingEnd } from "../limits/ring-end.ts";
import { makeRing } from "../limits/ring.ts";
import { BATCH, MIB } from "../payload.ts";
import { runProbe } from "../process/probe-run.ts";
import { nextMessage, startMs } from "../process/raw-worker.ts";
import { rateRow, timeRow, type Prepared, type Row, type Rows } from "./row.ts";

const GB_OF_64_MIB = (64 * MIB) / 1e9;

export const rows: Rows = (context) => [
  rateRow(context, {
    name: "raw ring echo sync",
    recipe: "2 bytes there and back over two raw rings between two threads, one at a time",
    unit: "round trips/s",
    prepare: () => ringEcho(1),
  }),
  rateRow(context, {
    name: "raw ring echo async",
    recipe: "1000 frames of 2 bytes, wait for the 1000 echoes",
    unit: "round trips/s",
    operations: BATCH,
    prepare: () => ringEcho(BATCH),
  }),
  rateRow(context, {
    name: "batched msgpackr echo",
    recipe: "1000 calls packed by msgpackr into one postMessage; the worker unpacks and answers likewise",
    unit: "calls/s",
    operations: BATCH,
    prepare: msgpackrEcho,
  }),
  rateRow(context, {
    name: "memcpy 64 MiB",
    recipe: "copy 64 MiB into shared memory that was touched before",
    unit: "GB/s",
    operations: GB_OF_64_MIB,
    prepare() {
      const from = new Uint8Array(64 * MIB).fill(1);
      const to = new Uint8Array(new SharedArrayBuffer(64 * MIB)).fill(2);
      return { call: () => to.set(from) };
    },
  }),
  firstTouch(context),
  timeRow(context, {
    name: "raw new Worker to first message, fresh process",
    recipe: "new Worker of a minimal module, up to its first message; one sample a process",
    prepare: () => ({ sample: () => runProbe("raw-worker") }),
  }),
  timeRow(context, {
    name: "raw new Worker to first message, warm process",
    recipe: "the same, again and again in one process",
    samples: 15,
    async prepare() {
      await startMs();
      return { sample: async () => ({ ms: await startMs() }) };
    },
  }),
];

function firstTouch(context: Parameters<Rows>[0]): Row {
  return rateRow(context, {
    name: "memcpy 64 MiB into fresh shared memory",
    recipe: "copy 64 MiB into a new SharedArrayBuffer: every page is touched for the first time",
    unit: "GB/s",
    operations: GB_OF_64_MIB,
    prepare() {
      const from = new Uint8Array(64 * MIB).fill(1);
      return {
        async call() {
          new Uint8Array(new SharedArrayBuffer(64 * MIB)).set(from);
          // Dropped memory is given back between turns only.
          await new Promise((resolve) => setImmediate(resolve));
        },
      };
    },
  });
}

/** A call sends `count` frames and waits for as many echoes. */
async function ringEcho(count: number): Promise<Prepared> {
  const there = makeRing(64 * 1024);
  const back = makeRing(64 * 1024);
  const worker = new Worker(new URL("../limits/ring-worker.js", import.meta.url), {
    workerData: { incoming: there, outgoing: back },
  });
  const payload = Uint8Array.of(0x6f, 0x6b); // "ok"
  let missing = 0;
  let resolve: () => void = () => undefined;
  const failed = new Promise<never>((_, reject) => worker.once("error", reject));
  failed.catch(() => undefined); // seen by whoever awaits a call
  const end: RingEnd = openRingEnd(
    worker,
    { incoming: back, outgoing: there },
    () => {
      if (--missing === 0) resolve();
    },
    () => undefined,
  );
  const call = (): Promise<void> => {
    missing = count;
    const done = new Promise<void>((onDone) => (resolve = onDone));
    for (let i = 0; i < count; i++) end.send(payload);
    end.ring();
    return done;
  };
  await Promise.race([call(), failed]);
  return { call, close: () => worker.terminate() };
}

async function msgpackrEcho(): Promise<Prepared> {
  const worker = new Worker(new URL("../limits/msgpackr-worker.js", import.meta.url));
  const calls = Array.from({ length: BATCH }, (_, id) => [id, "smallValue", "ok"]);
  const call = async (): Promise<void> => {
    worker.postMessage(pack(calls));
    const results = unpack((await nextMessage(worker)) as Uint8Array) as unknown[]; // packed by the worker
    if (results.length !== BATCH) throw new Error(`${BATCH} calls gave ${results.length} results`);
  };
  await call();
  return { call, close: () => worker.terminate() };
}
