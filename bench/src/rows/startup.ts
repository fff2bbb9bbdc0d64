/** Starting: the session, actors on warm and cold threads, and what imports cost. */
import * as ray from "@mantajs/runtime";
import { workers } from "@mantajs/runtime/testing";

import { BATCH } from "../payload.ts";
import { snapshot, usageSince } from "../measure/usage.ts";
import { runProbe, type ProbeName } from "../process/probe-run.ts";
import { Server, times } from "../workload.ts";
import { rateRow, timeRow, type Context, type PreparedTime, type Row, type Rows } from "./row.ts";
import type { Target } from "../report/targets.ts";
import { withSession } from "./session.ts";

const FRESH_WORKER = "raw new Worker to first message, fresh process";
const WARM_WORKER = "raw new Worker to first message, warm process";

export const rows: Rows = (context) => [
  probe(context, "init to first task result", "init", "init() and one task, up to its result", [
    { kind: "time", of: FRESH_WORKER, atMost: 2 },
  ]),
  ...[
    { cls: Local, which: "", travels: "whose class travels by value" },
    { cls: Server, which: ", imported class", travels: "whose class the worker imports from a module" },
  ].flatMap(({ cls, which, travels }) => [
    timeRow(context, {
      name: `thread actor from the warm pool${which}`,
      recipe: `an actor with a thread of its own, ${travels}, while an idle worker is ready, up to its first result`,
      samples: 15,
      targets: [
        { kind: "value", atMost: 2 },
        { kind: "time", of: WARM_WORKER },
      ],
      prepare: () => actorStarts(cls, untilIdleWorker),
    }),
    timeRow(context, {
      name: `thread actor cold${which}`,
      recipe: "the same while no worker is idle: a thread must be started for it",
      samples: 15,
      targets: [{ kind: "time", of: WARM_WORKER, atMost: 1.3 }],
      prepare: () => actorStarts(cls, untilNoIdleWorker),
    }),
  ]),
  rateRow(context, {
    name: "shared actor creation",
    recipe: '1000 actors of isolation "shared", up to the first result of each; then all are killed',
    unit: "actors/s",
    operations: BATCH,
    targets: [{ kind: "value", atLeast: 50_000 }],
    prepare: () =>
      withSession(async () => {
        const Shared = ray.remote(Server, { isolation: "shared", numCpus: 0 });
        const call = async (): Promise<void> => {
          const actors = times(BATCH, () => Shared.remote());
          await ray.get(actors.map((actor) => actor.smallValue.remote()));
          for (const actor of actors) ray.kill(actor);
        };
        await call();
        return { call };
      }),
  }),
  probe(context, "import @mantajs/runtime", "import-runtime", "the first import in the process", [
    { kind: "value", atMost: 25 },
  ]),
  probe(
    context,
    "import the worker entry",
    "import-worker-entry",
    "the first import of what a worker thread starts with, in a bare worker thread",
    [{ kind: "value", atMost: 15 }],
  ),
  probe(
    context,
    "import @mantajs/tune inside a worker",
    "import-tune",
    "the first import by a task in a worker of a running session",
    [{ kind: "value", atMost: 30 }],
  ),
];

function probe(
  context: Context,
  name: string,
  which: ProbeName,
  recipe: string,
  targets: readonly Target[],
): Row {
  return timeRow(context, {
    name,
    recipe: `${recipe}; one sample a process`,
    targets,
    prepare: () => ({ sample: () => runProbe(which) }),
  });
}

/** Not exported, so it travels by value, as the classes of a main script do. */
class Local {
  smallValue(): string {
    return "ok";
  }
}

type Started = new () => { smallValue(): string };
type Holders = ray.ActorHandle<InstanceType<Started>>[];

/** Times the start of one actor after `arrange` has brought the pool into the state in question. */
async function actorStarts(
  cls: Started,
  arrange: (holders: Holders) => Promise<void>,
): Promise<PreparedTime> {
  await ray.init({ logToDriver: false });
  const Actor = ray.remote(cls, { numCpus: 0 });
  const first = Actor.remote();
  await ray.get(first.smallValue.remote()); // the class has travelled
  ray.kill(first);
  return {
    async sample() {
      const holders: Holders = [];
      await arrange(holders);
      const before = snapshot();
      const actor = Actor.remote();
      await ray.get(actor.smallValue.remote());
      const { elapsedMs, cpuMs, rssPeakBytes } = usageSince(before, before);
      for (const each of [actor, ...holders]) ray.kill(each);
      return { ms: elapsedMs, cpuMs, rssPeakBytes };
    },
    close: () => ray.shutdown(),
  };
}

const idleWorkers = (): number => workers().filter(({ state }) => state === "idle").length;

/** A worker that is started for the pool reports itself; nothing here can hear it, so this looks now and then. */
async function untilIdleWorker(): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (idleWorkers() === 0) {
    if (performance.now() > deadline) throw new Error("no worker became idle within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Actors take the idle workers; where the pool is filled up meanwhile, more of them do. */
async function untilNoIdleWorker(holders: Holders): Promise<void> {
  const Holder = ray.remote(Server, { numCpus: 0 });
  while (idleWorkers() > 0) {
    if (holders.length > 64) throw new Error("the pool of idle workers was still filled after 64 actors");
    const more = times(idleWorkers(), () => Holder.remote());
    holders.push(...more);
    await ray.get(more.map((actor) => actor.smallValue.remote()));
  }
}
