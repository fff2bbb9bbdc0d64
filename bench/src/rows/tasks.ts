/** Tasks, under Ray's names and recipes. */
import * as ray from "@mantajs/runtime";

import { BATCH, MIB } from "../payload.ts";
import { firstByte, smallValue, TaskClient, times } from "../workload.ts";
import { rateRow, type Rows } from "./row.ts";
import { withSession } from "./session.ts";

const MULTI_CLIENTS = 4;
const MULTI_TASKS = 10_000;

export const rows: Rows = (context) => [
  rateRow(context, {
    name: "single client tasks sync",
    recipe: "get(smallValue.remote())",
    unit: "tasks/s",
    targets: [
      { kind: "speed", than: "piscina sync", atLeast: 3 },
      { kind: "speed", than: "tinypool sync" },
      { kind: "speed", than: "workerpool sync" },
      { kind: "speed", than: "raw postMessage ping-pong" },
    ],
    prepare: () =>
      withSession(async () => {
        const task = ray.remote(smallValue);
        await ray.get(task.remote());
        return { call: () => ray.get(task.remote()) };
      }),
  }),
  rateRow(context, {
    name: "single client tasks async",
    recipe: "1000 tasks, get the list",
    unit: "tasks/s",
    operations: BATCH,
    targets: [
      { kind: "speed", than: "piscina async", atLeast: 10 },
      { kind: "speed", than: "tinypool async" },
      { kind: "speed", than: "workerpool async" },
      { kind: "speed", than: "batched msgpackr echo" },
    ],
    prepare: () =>
      withSession(async () => {
        const task = ray.remote(smallValue);
        await ray.get(task.remote());
        return { call: () => ray.get(times(BATCH, () => task.remote())) };
      }),
  }),
  rateRow(context, {
    name: "single client tasks and get batch",
    recipe: "1000 tasks, one get of the list; counted in batches",
    unit: "batches/s",
    prepare: () =>
      withSession(async () => {
        const task = ray.remote(smallValue);
        await ray.get(task.remote());
        return { call: () => ray.get(times(BATCH, () => task.remote())) };
      }),
  }),
  rateRow(context, {
    name: "multi client tasks async",
    recipe: "4 actors submit 10,000 tasks each and get them",
    unit: "tasks/s",
    operations: MULTI_CLIENTS * MULTI_TASKS,
    targets: [{ kind: "speed", than: "single client tasks async" }],
    prepare: () =>
      withSession(async () => {
        const Clients = ray.remote(TaskClient, { numCpus: 0 });
        const clients = times(MULTI_CLIENTS, () => Clients.remote());
        await ray.get(clients.map((client) => client.smallValueBatch.remote(1)));
        return {
          call: () => ray.get(clients.map((client) => client.smallValueBatch.remote(MULTI_TASKS))),
        };
      }),
  }),
  rateRow(context, {
    name: "single client tasks sync, 64 MiB ref argument",
    recipe: "get(firstByte.remote(ref)) with one 64 MiB object: what reading without a copy costs",
    unit: "tasks/s",
    targets: [{ kind: "speed", than: "single client tasks sync" }],
    prepare: () =>
      withSession(async () => {
        const task = ray.remote(firstByte);
        const ref = ray.put(new Uint8Array(64 * MIB).fill(7));
        const first = await ray.get(task.remote(ref));
        if (first !== 7) throw new Error(`the task read ${first} where 7 was put`);
        return { call: () => ray.get(task.remote(ref)) };
      }),
  }),
];
