/** Calls of actors, under Ray's names and recipes. Ray's release machine has 64 cores; `servers` follows the cores of this one. */
import * as ray from "@mantajs/runtime";

import { BATCH } from "../payload.ts";
import { ArgClient, AsyncServer, Client, Server, times, work } from "../workload.ts";
import { rateRow, type Context, type Prepared, type Row, type Rows } from "./row.ts";
import type { Target } from "../report/targets.ts";
import { withSession } from "./session.ts";

const CALLS = 5000;
const CALLERS = 4;
const ARG_CALLS = 1000;

interface Callable {
  readonly smallValue: { remote(): ray.ObjectRef };
}

export const rows: Rows = (context) => {
  const servers = Math.max(1, Math.floor(context.cores / 2));
  const fanOut = `${servers} actor${servers === 1 ? "" : "s"} (half as many as cores)`;
  return [
    one(context, "1:1 actor calls sync", () => ray.remote(Server).remote(), [
      { kind: "speed", than: "raw postMessage ping-pong", atLeast: 5 },
      { kind: "time", of: "raw ring echo sync", atMost: 3 },
      { kind: "speed", than: "piscina sync", atLeast: 5 },
      { kind: "speed", than: "comlink sync" },
    ]),
    many(context, "1:1 actor calls async", () => ray.remote(Server).remote(), [
      {
        kind: "any",
        of: [
          { kind: "value", atLeast: 300_000 },
          { kind: "speed", than: "batched msgpackr echo", atLeast: 0.4 },
        ],
      },
      { kind: "speed", than: "piscina async", atLeast: 15 },
      { kind: "speed", than: "comlink async" },
      { kind: "speed", than: "raw postMessage batched" },
      { kind: "speed", than: "raw ring echo async" },
    ]),
    many(
      context,
      "1:1 actor calls concurrent",
      () => ray.remote(Server, { maxConcurrency: 16 }).remote(),
      [{ kind: "speed", than: "1:1 actor calls async" }],
      "1000 calls on one actor of maxConcurrency 16, get the list",
    ),
    oneToMany(context, "1:n actor calls async", servers, fanOut),
    manyToMany(context, "n:n actor calls async", servers, fanOut, Server),
    rateRow(context, {
      name: "n:n actor calls with arg async",
      recipe: `${servers} clients, each with an actor of its own and 1000 calls with a ref as argument`,
      unit: "calls/s",
      operations: ARG_CALLS * servers,
      prepare: () =>
        withSession(async () => {
          const clients = times(servers, () =>
            ray.remote(ArgClient, { numCpus: 0 }).remote(ray.remote(Server, { numCpus: 0 }).remote()),
          );
          const call = (): Promise<unknown> =>
            ray.get(clients.map((client) => client.smallValueBatchArg.remote(ARG_CALLS)));
          await call();
          return { call };
        }),
    }),
    one(context, "1:1 async-actor calls sync", () => ray.remote(AsyncServer).remote(), [
      { kind: "speed", than: "1:1 actor calls sync" },
    ]),
    many(context, "1:1 async-actor calls async", () => ray.remote(AsyncServer).remote(), [
      { kind: "speed", than: "1:1 actor calls async" },
    ]),
    rateRow(context, {
      name: "1:1 async-actor calls with args async",
      recipe: "1000 calls with a number as argument, get the list",
      unit: "calls/s",
      operations: BATCH,
      targets: [{ kind: "speed", than: "1:1 async-actor calls async" }],
      prepare: () =>
        withSession(async () => {
          const actor = ray.remote(AsyncServer).remote();
          await ray.get(actor.smallValueWithArg.remote(0));
          return {
            call: () => ray.get(Array.from({ length: BATCH }, (_, i) => actor.smallValueWithArg.remote(i))),
          };
        }),
    }),
    oneToMany(context, "1:n async-actor calls async", servers, fanOut, AsyncServer),
    manyToMany(context, "n:n async-actor calls async", servers, fanOut, AsyncServer),
  ];
};

function one(context: Context, name: string, make: () => Callable, targets: readonly Target[]): Row {
  return rateRow(context, {
    name,
    recipe: "get(actor.smallValue.remote())",
    unit: "calls/s",
    targets,
    prepare: () =>
      withSession(async () => {
        const actor = make();
        await ray.get(actor.smallValue.remote());
        return { call: () => ray.get(actor.smallValue.remote()) };
      }),
  });
}

function many(
  context: Context,
  name: string,
  make: () => Callable,
  targets: readonly Target[],
  recipe = "1000 calls on one actor, get the list",
): Row {
  return rateRow(context, {
    name,
    recipe,
    unit: "calls/s",
    operations: BATCH,
    targets,
    prepare: () =>
      withSession(async () => {
        const actor = make();
        await ray.get(actor.smallValue.remote());
        return { call: () => ray.get(times(BATCH, () => actor.smallValue.remote())) };
      }),
  });
}

function oneToMany(
  context: Context,
  name: string,
  servers: number,
  fanOut: string,
  Kind: typeof Server | typeof AsyncServer = Server,
): Row {
  return rateRow(context, {
    name,
    recipe: `one client actor makes 5000 calls on each of ${fanOut}`,
    unit: "calls/s",
    operations: CALLS * servers,
    targets: [{ kind: "speed", than: "1:1 actor calls async" }],
    showThreads: true,
    prepare: () =>
      withSession(async (): Promise<Prepared> => {
        const Servers = ray.remote(Kind, { numCpus: 0 });
        const client = ray.remote(Client, { numCpus: 0 }).remote(times(servers, () => Servers.remote()));
        await ray.get(client.smallValueBatch.remote(1));
        return { call: () => ray.get(client.smallValueBatch.remote(CALLS)) };
      }),
  });
}

function manyToMany(
  context: Context,
  name: string,
  servers: number,
  fanOut: string,
  Kind: typeof Server | typeof AsyncServer,
): Row {
  return rateRow(context, {
    name,
    recipe: `4 tasks make 5000 calls each, in turn on ${fanOut}`,
    unit: "calls/s",
    operations: CALLERS * CALLS,
    // With two cores a single caller and its actor fill the machine already: more of them must not be slower.
    targets: [{ kind: "speed", than: "1:1 actor calls async", atLeast: servers }],
    showThreads: true,
    prepare: () =>
      withSession(async (): Promise<Prepared> => {
        const Servers = ray.remote(Kind, { numCpus: 0 });
        const actors = times(servers, () => Servers.remote());
        const task = ray.remote(work);
        await ray.get(task.remote(actors, servers));
        return { call: () => ray.get(times(CALLERS, () => task.remote(actors, CALLS))) };
      }),
  });
}
