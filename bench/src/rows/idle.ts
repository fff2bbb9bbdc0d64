/**
 * What a session costs while it does nothing, beside a process with as many bare threads: Node and the collector use
 * some CPU time themselves, so doing nothing means not using more than those.
 */
import { setTimeout } from "node:timers/promises";

import * as ray from "@mantajs/runtime";
import { collectGarbage, whenIdle, workers } from "@mantajs/runtime/testing";

import { busyThreads, snapshot, threadCpuMs, usageSince } from "../measure/usage.ts";
import { startEcho } from "../process/raw-worker.ts";
import { Server, smallValue, times } from "../workload.ts";
import type { Context, Row, Rows, Sample } from "./row.ts";

/** Time for what was started to come to rest before it counts. */
const SETTLE_MS = 2000;

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
    recipe: "a session that has run 1000 tasks and 1000 actor calls",
    targets: [{ kind: "time", of: "idle bare threads", atMost: 1.5 }],
    async start() {
      await useSession();
      return ray.shutdown;
    },
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
  const spanMs = quick ? 2000 : 10_000;
  return {
    name,
    recipe: `${recipe}, over ${spanMs / 1000} s`,
    kind: "time",
    unit: "ms CPU per s",
    targets,
    async measure(): Promise<Sample> {
      const before = snapshot();
      const end = await start();
      try {
        await collectGarbage();
        await setTimeout(quick ? SETTLE_MS / 4 : SETTLE_MS);
        const threads = threadCpuMs();
        const warm = snapshot(); // last before and first after: the readings cost CPU time themselves
        await setTimeout(spanMs);
        const usage = usageSince(before, warm);
        const after = threadCpuMs();
        return {
          value: usage.cpuMs / (spanMs / 1000),
          operations: 1,
          usage,
          facts: { "MiB resident": Math.round(snapshot().rssBytes / 2 ** 20) },
          threadCpuMs: busyThreads(threads, after),
        };
      } finally {
        await end();
      }
    },
  };
}

async function useSession(): Promise<void> {
  await ray.init({ logToDriver: false });
  const task = ray.remote(smallValue);
  const actor = ray.remote(Server).remote();
  await ray.get(times(1000, () => task.remote()));
  await ray.get(times(1000, () => actor.smallValue.remote()));
  ray.kill(actor);
  await whenIdle();
  if (workers().length === 0) throw new Error("an idle session keeps its pool of workers, but has none");
}
