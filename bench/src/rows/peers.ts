/** Other libraries, and Node's own messages, at the same work: two bytes back, one at a time and a thousand at once. */
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { BATCH, OK } from "../payload.ts";
import { startEcho } from "../process/raw-worker.ts";
import { rateRow, type Context, type Prepared, type Row, type Rows } from "./row.ts";

/** A peer that runs one call at a time or many at once. */
interface Peer {
  readonly call: () => Promise<unknown>;
  readonly close: () => unknown;
}

export const rows: Rows = (context) => [
  rateRow(context, {
    name: "raw postMessage ping-pong",
    recipe: "post 2 bytes to a worker, wait for the echo",
    unit: "round trips/s",
    async prepare() {
      const worker = await startEcho();
      const call = (): Promise<unknown> => {
        const echo = new Promise((resolve) => worker.once("message", resolve));
        worker.postMessage(OK);
        return echo;
      };
      return { call, close: () => worker.terminate() };
    },
  }),
  rateRow(context, {
    name: "raw postMessage batched",
    recipe: "post 1000 messages of 2 bytes to a worker, wait for the 1000 echoes",
    unit: "round trips/s",
    operations: BATCH,
    prepare: postMessageBatched,
  }),
  ...bothWays(context, "piscina", "run() of a function in a file, as many threads as cores", async () => {
    const { Piscina } = await import("piscina");
    const { cores } = context;
    const pool = new Piscina({ filename: fileOf("small-value.js"), minThreads: cores, maxThreads: cores });
    return { call: () => pool.run(undefined), close: () => pool.destroy() };
  }),
  ...bothWays(context, "tinypool", "run() of a function in a file, as many threads as cores", async () => {
    const { Tinypool } = await import("tinypool");
    const { cores } = context;
    const pool = new Tinypool({ filename: fileOf("small-value.js"), minThreads: cores, maxThreads: cores });
    return { call: () => pool.run(undefined), close: () => pool.destroy() };
  }),
  ...bothWays(context, "workerpool", "exec() of a named function, as many threads as cores", async () => {
    const { default: workerpool } = await import("workerpool");
    const { cores } = context;
    const options = { workerType: "thread", minWorkers: cores, maxWorkers: cores } as const;
    const pool = workerpool.pool(fileOf("workerpool-worker.js"), options);
    return { call: async () => pool.exec("smallValue"), close: () => pool.terminate() };
  }),
  ...bothWays(context, "comlink", "a method of one object in a worker", async () => {
    const { wrap } = await import("comlink");
    const { default: nodeEndpoint } = await import("comlink/dist/esm/node-adapter.mjs");
    const worker = new Worker(fileOf("comlink-worker.js"));
    const remote = wrap<{ smallValue(): string }>(nodeEndpoint(worker));
    return { call: async () => remote.smallValue(), close: () => worker.terminate() };
  }),
];

function bothWays(context: Context, name: string, recipe: string, start: () => Promise<Peer>): Row[] {
  const started = async (): Promise<Peer> => {
    const peer = await start();
    const result = await peer.call();
    if (result !== OK)
      throw new Error(`${name} returned ${JSON.stringify(result)} and not ${JSON.stringify(OK)}`);
    return peer;
  };
  return [
    rateRow(context, {
      name: `${name} sync`,
      recipe: `${recipe}; one call at a time`,
      unit: "calls/s",
      prepare: started,
    }),
    rateRow(context, {
      name: `${name} async`,
      recipe: `${recipe}; 1000 calls, wait for all`,
      unit: "calls/s",
      operations: BATCH,
      async prepare() {
        const { call, close } = await started();
        return { call: () => Promise.all(Array.from({ length: BATCH }, call)), close };
      },
    }),
  ];
}

async function postMessageBatched(): Promise<Prepared> {
  const worker = await startEcho();
  let missing = 0;
  let resolve: () => void = () => undefined;
  worker.on("message", () => {
    if (--missing === 0) resolve();
  });
  const call = (): Promise<void> => {
    missing = BATCH;
    const done = new Promise<void>((onDone) => (resolve = onDone));
    for (let i = 0; i < BATCH; i++) worker.postMessage(OK);
    return done;
  };
  return { call, close: () => worker.terminate() };
}

function fileOf(name: string): string {
  return fileURLToPath(new URL(`../peers/${name}`, import.meta.url));
}
