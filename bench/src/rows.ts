/** The rows: Manta's calls under Ray's names, their peers, and the physical limits, all in one process and one run. */
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import * as ray from "@mantajs/runtime";
import { Piscina } from "piscina";

/** One row of the table. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  /** Operations of one call. */
  readonly operations: number;
  readonly call: () => unknown;
  /** Rows that this one is compared with. */
  readonly against?: readonly string[];
}

/** Ends the peers' threads. */
export type Cleanup = () => Promise<unknown>;

const OK = "ok"; // two bytes, as in Ray's list
const BATCH = 1000;
const MIB = 1024 * 1024;

class Server {
  smallValue(): string {
    return OK;
  }
}

/** Sets everything up; the session must be running. */
export async function makeRows(): Promise<{ readonly rows: readonly Row[]; readonly cleanup: Cleanup }> {
  const task = ray.remote(() => OK);
  const actor = ray.remote(Server).remote();
  const asyncActor = ray.remote(Server, { maxConcurrency: 1000 }).remote();
  await ray.get([task.remote(), actor.smallValue.remote(), asyncActor.smallValue.remote()]);

  const echo = new Worker(new URL("./peers/echo.js", import.meta.url));
  const pool = makePool();
  await pool.run(undefined);

  const small = ray.put(0);
  const big = new Uint8Array(64 * MIB);
  const copy = new Uint8Array(64 * MIB);
  const batch = <T>(one: () => T): T[] => Array.from({ length: BATCH }, one);

  const rows: Row[] = [
    { name: "raw postMessage ping-pong", unit: "round trips/s", operations: 1, call: () => roundTrip(echo) },
    { name: "piscina run sync", unit: "calls/s", operations: 1, call: () => pool.run(undefined) },
    {
      name: "piscina run async",
      unit: "calls/s",
      operations: BATCH,
      call: () => Promise.all(batch(() => pool.run(undefined))),
    },
    {
      name: "1:1 actor calls sync",
      unit: "calls/s",
      operations: 1,
      call: () => ray.get(actor.smallValue.remote()),
      against: ["raw postMessage ping-pong", "piscina run sync"],
    },
    {
      name: "1:1 actor calls async",
      unit: "calls/s",
      operations: BATCH,
      call: () => ray.get(batch(() => actor.smallValue.remote())),
      against: ["piscina run async"],
    },
    {
      name: "1:1 actor calls concurrent",
      unit: "calls/s",
      operations: BATCH,
      call: () => ray.get(batch(() => asyncActor.smallValue.remote())),
      against: ["piscina run async"],
    },
    {
      name: "single client tasks sync",
      unit: "tasks/s",
      operations: 1,
      call: () => ray.get(task.remote()),
      against: ["raw postMessage ping-pong", "piscina run sync"],
    },
    {
      name: "single client tasks async",
      unit: "tasks/s",
      operations: BATCH,
      call: () => ray.get(batch(() => task.remote())),
      against: ["piscina run async"],
    },
    { name: "structuredClone", unit: "clones/s", operations: 1, call: () => structuredClone(0) },
    {
      name: "single client put calls",
      unit: "puts/s",
      operations: 1,
      call: () => ray.put(0),
      against: ["structuredClone"],
    },
    {
      name: "single client get calls",
      unit: "gets/s",
      operations: 1,
      call: () => ray.get(small),
      against: ["structuredClone"],
    },
    { name: "memcpy 64 MiB", unit: "GiB/s", operations: 1 / 16, call: () => copy.set(big) },
    {
      name: "single client put 64 MiB",
      unit: "GiB/s",
      operations: 1 / 16,
      call: () => {
        using ref = ray.put(big);
        return ref.id;
      },
      against: ["memcpy 64 MiB"],
    },
  ];
  return {
    rows,
    cleanup: () => {
      ray.kill(actor);
      ray.kill(asyncActor);
      return Promise.all([echo.terminate(), pool.destroy()]);
    },
  };
}

/** Milliseconds from nothing to the first result of the peer. */
export async function piscinaToFirstResult(): Promise<number> {
  const start = performance.now();
  const pool = makePool();
  await pool.run(undefined);
  const elapsed = performance.now() - start;
  await pool.destroy();
  return elapsed;
}

function makePool(): Piscina {
  const filename = fileURLToPath(new URL("./peers/small-value.js", import.meta.url));
  return new Piscina({ filename, maxThreads: 2, minThreads: 2 });
}

function roundTrip(worker: Worker): Promise<unknown> {
  return new Promise((resolve) => {
    worker.once("message", resolve);
    worker.postMessage(OK);
  });
}
