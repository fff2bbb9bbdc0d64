/**
 * What a session costs while it does nothing, beside a process with as many bare threads: Node and the collector use
 * some CPU time themselves, so doing nothing means not using more than those.
 */
import { setTimeout } from "node:timers/promises";

import * as ray from "@mantajs/runtime";
import { collectGarbage, workers } from "@mantajs/runtime/testing";

import { busyThreads, snapshot, threadCpuMs, usageSince, type Snapshot } from "../measure/usage.ts";
import { startEcho } from "../process/raw-worker.ts";
import { Server, smallValue, times } from "../workload.ts";
import type { Context, Row, Rows, Sample } from "./row.ts";

/** Time for what was started to come to rest before it counts: V8 tidies its heaps 8 s after the last activity. */
const SETTLE_MS = 10_000;
/** The quietest of these counts: what a thread does all the time shows in each, a collection only in one. */
const WINDOWS = 5;
const WINDOW_MS = 2000;
/** A thread that looks around uses a thousand; bare threads one or two on a busy machine. */
const MOST_CPU_MS = 4;

export const rows: Rows = (context) => [
  idleRow(context, {
    name: "idle bare threads",
    recipe: "a process with as many echo workers as a session has threads",
    targets: [],
    async start() {
      const threads = await Promise.all(times(context.cores + 1, startEcho));
      return () => Promise.all(threads.map((thread) => thread.terminate()));
    },
  }),
  idleRow(context, {
    name: "idle session",
    recipe: "a session that has run 1000 tasks and 1000 calls of an actor that lives on",
    targets: [
      { kind: "value", atMost: MOST_CPU_MS },
      { kind: "time", of: "idle bare threads" },
    ],
    start: startSession,
  }),
];

interface IdleRow {
  readonly name: string;
  readonly recipe: string;
  readonly targets: NonNullable<Row["targets"]>;
  /** Starts what then does nothing, and says how to end it. */
  readonly start: () => Promise<() => Promise<unknown>>;
}

function idleRow({ quick }: Context, { name, recipe, targets, start }: IdleRow): Row {
  const windowMs = quick ? WINDOW_MS / 2 : WINDOW_MS;
  return {
    name,
    recipe: `${recipe}, the quietest of ${WINDOWS} times ${windowMs / 1000} s`,
    kind: "time",
    unit: "ms CPU per s",
    targets,
    async measure(): Promise<Sample> {
      const before = snapshot();
      const end = await start();
      try {
        await collectGarbage();
        await setTimeout(quick ? SETTLE_MS / 20 : SETTLE_MS);
        const windows: Sample[] = [];
        for (let n = 0; n < WINDOWS; n++) windows.push(await measureWindow(before, windowMs));
        return windows.reduce((quietest, next) => (next.value < quietest.value ? next : quietest));
      } finally {
        await end();
      }
    },
  };
}

async function measureWindow(before: Snapshot, windowMs: number): Promise<Sample> {
  const threads = threadCpuMs();
  const warm = snapshot(); // last before and first after: the readings cost CPU time themselves
  await setTimeout(windowMs);
  const usage = usageSince(before, warm);
  const after = threadCpuMs();
  return {
    value: usage.cpuMs / (usage.elapsedMs / 1000),
    operations: 1,
    usage,
    facts: { "MiB resident": Math.round(snapshot().rssBytes / 2 ** 20) },
    threadCpuMs: busyThreads(threads, after),
  };
}

async function startSession(): Promise<() => Promise<unknown>> {
  await ray.init({ logToDriver: false });
  const task = ray.remote(smallValue);
  const actor = ray.remote(Server).remote();
  await ray.get(times(1000, () => task.remote()));
  await ray.get(times(1000, () => actor.smallValue.remote()));
  if (!workers().some(({ state }) => state === "actor")) throw new Error("the actor does not live");
  return async () => {
    ray.kill(actor);
    await ray.shutdown();
  };
}
