/** How far things go: Ray's scalability envelope of one machine. Each row is one shot in a process of its own. */
import * as ray from "@mantajs/runtime";
import { collectGarbage, expectNothingLeft } from "@mantajs/runtime/testing";

import { snapshot, usageSince } from "../measure/usage.ts";
import {
  bytesOf,
  hold,
  LIST_LENGTH,
  Looker,
  manyLists,
  ones,
  refsInside,
  Server,
  smallValue,
  sum,
  sumLists,
  times,
} from "../workload.ts";
import type { Context, Row, Rows, Sample } from "./row.ts";
import { LARGE_STORE } from "./session.ts";
import type { Target } from "../report/targets.ts";

const GIB = 2 ** 30;

export const rows: Rows = (context) => [
  shot(context, 10_000, 10, {
    name: (args) => `${args} args to one task`,
    recipe: "one task with lists of 10,000 ones as arguments, which returns their sum",
    async run(count) {
      const total = await ray.get(ray.remote(sumLists).remote(...times(count, ones)));
      expect("the sum", total, count * LIST_LENGTH);
    },
  }),
  shot(context, 3000, 10, {
    name: (returns) => `${returns} returns of one task`,
    recipe: "one task whose results are lists of 10,000 ones, each with a ref of its own; get each",
    async run(count) {
      const refs = ray.remote(manyLists, { numReturns: count }).remote(count);
      for (const ref of refs) expect("the length", (await ray.get(ref)).length, LIST_LENGTH);
    },
  }),
  shot(context, 10_000, 10, {
    name: (objects) => `get of ${objects} objects`,
    recipe: "put lists of 10,000 ones; one get of all",
    async run(count) {
      const lists = await ray.get(times(count, () => ray.put(ones())));
      expect("the number of lists", lists.filter(({ length }) => length === LIST_LENGTH).length, count);
    },
  }),
  shot(context, 10_000, 10, {
    name: (objects) => `get of ${objects} arrays`,
    recipe: "put arrays of 10,000 doubles, in shared memory; one get of all, without a copy",
    options: LARGE_STORE,
    async run(count) {
      const array = new Float64Array(LIST_LENGTH).fill(1);
      const arrays = await ray.get(times(count, () => ray.put(array)));
      const shared = arrays.filter(({ buffer }) => buffer instanceof SharedArrayBuffer);
      expect("the number of arrays on shared memory", shared.length, count);
    },
  }),
  shot(context, 10_000, 10, {
    name: (refs) => `an object holding ${refs} refs`,
    recipe: "a task puts as many objects and returns their refs in one list; get the list, get all",
    async run(count) {
      const refs = await ray.get(ray.remote(refsInside).remote(count));
      expect("the sum", sum(...(await ray.get(refs))), count);
    },
  }),
  queuedTasks(context),
  sharedActors(context),
  churn(context),
  shot(context, 2 * GIB, 8, {
    name: (bytes) => `a ${bytes}-byte object`,
    recipe: "put one array, get it, look at its first and last byte",
    options: LARGE_STORE,
    async run(bytes) {
      const array = new Uint8Array(bytes);
      array[0] = 1;
      array[bytes - 1] = 2;
      using ref = ray.put(array);
      const read = await ray.get(ref);
      expect("the length", read.length, bytes);
      expect("the first byte", read[0], 1);
      expect("the last byte", read[bytes - 1], 2);
    },
  }),
  shot(context, 500, 5, {
    name: (width) => `5 layers of ${width} tasks`,
    recipe: "each task depends on all tasks of the layer before; get the last layer",
    async run(width) {
      const task = ray.remote(sum);
      let layer = times(width, () => task.remote(1));
      // The last sums are width^4, which is still exact.
      for (let depth = 1; depth < 5; depth++) layer = times(width, () => task.remote(...layer));
      const results = await ray.get(layer);
      expect("the number of results", results.filter((value) => value === width ** 4).length, width);
    },
  }),
];

interface Shot {
  readonly name: (count: string) => string;
  readonly recipe: string;
  readonly options?: ray.InitOptions;
  readonly run: (count: number) => Promise<void>;
}

/** One run of something large; a quick one divides its size, and its name says so. */
function shot(context: Context, full: number, divisor: number, { name, recipe, options, run }: Shot): Row {
  const { count, scaled } = scale(context, full, divisor);
  return {
    name: `${name(count.toLocaleString("en-US"))}${scaled}`,
    recipe,
    kind: "time",
    unit: "ms",
    async measure() {
      await ray.init({ logToDriver: false, ...options });
      const before = snapshot();
      const start = performance.now();
      await run(count);
      const value = performance.now() - start;
      const usage = usageSince(before, before);
      await ray.shutdown();
      return { value, operations: count, usage };
    },
  };
}

function scale({ quick }: Context, full: number, divisor: number): { count: number; scaled: string } {
  return quick ? { count: full / divisor, scaled: ` (1/${divisor} scale)` } : { count: full, scaled: "" };
}

function queuedTasks(context: Context): Row {
  const { count, scaled } = scale(context, 1_000_000, 50);
  return made({
    name: `${count.toLocaleString("en-US")} queued tasks${scaled}`,
    recipe: "all workers held, submit tasks without work, let go, get all; bytes each while all are queued",
    unit: "tasks/s",
    // A million in 10 s.
    targets: [
      { kind: "value", atLeast: 100_000 },
      { kind: "each", atMostBytes: 1024 },
    ],
    async measure() {
      await ray.init({ logToDriver: false, numCpus: context.cores });
      const task = ray.remote(smallValue);
      await ray.get(task.remote());
      const gate = new Int32Array(new SharedArrayBuffer(8));
      const holder = ray.remote(hold);
      const held = times(context.cores, () => holder.remote(gate));
      for (;;) {
        const holding = Atomics.load(gate, 1);
        if (holding === context.cores) break;
        await Atomics.waitAsync(gate, 1, holding).value;
      }
      await collectGarbage();
      const before = snapshot();
      const start = performance.now();
      const refs = times(count, () => task.remote());
      const submitMs = performance.now() - start;
      // Collecting costs time of its own, which is not the runtime's.
      await collectGarbage();
      const queuedBytes = snapshot().rssBytes - before.rssBytes;
      const release = performance.now();
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      const results = await ray.get(refs);
      const drainMs = performance.now() - release;
      const usage = usageSince(before, before);
      expect("the number of results", results.filter((result) => result === "ok").length, count);
      await ray.get(held);
      await ray.shutdown();
      return {
        value: count / ((submitMs + drainMs) / 1000),
        operations: count,
        usage,
        bytesEach: queuedBytes / count,
        facts: { "ms to submit": submitMs, "ms to run": drainMs },
      };
    },
  });
}

function sharedActors(context: Context): Row {
  const { count, scaled } = scale(context, 100_000, 20);
  return made({
    name: `${count.toLocaleString("en-US")} shared actors${scaled}`,
    recipe: 'create actors of isolation "shared", all alive at once, up to the first result of each',
    unit: "actors/s",
    targets: [{ kind: "value", atLeast: 50_000 }],
    async measure() {
      await ray.init({ logToDriver: false });
      const Shared = ray.remote(Server, { isolation: "shared", numCpus: 0 });
      await ray.get(Shared.remote().smallValue.remote());
      await collectGarbage();
      const before = snapshot();
      const start = performance.now();
      const actors = times(count, () => Shared.remote());
      const submitMs = performance.now() - start;
      const results = await ray.get(actors.map((actor) => actor.smallValue.remote()));
      const elapsed = performance.now() - start;
      const usage = usageSince(before, before);
      expect("the number of results", results.filter((result) => result === "ok").length, count);
      await collectGarbage();
      const aliveBytes = snapshot().rssBytes - before.rssBytes;
      expect("the actors that are held", actors.length, count);
      await ray.shutdown();
      return {
        value: count / (elapsed / 1000),
        operations: count,
        usage,
        bytesEach: aliveBytes / count,
        facts: { "ms to submit": submitMs, "ms until all answered": elapsed },
      };
    },
  });
}

/** Memory does not grow with what passed through it: half of the rounds bring it to its plateau. */
function churn(context: Context): Row {
  const { count, scaled } = scale(context, 4000, 10);
  return made({
    name: `${count.toLocaleString("en-US")} rounds of churn${scaled}`,
    recipe:
      "put 1 MiB, an actor gets its ref and looks at it or not, a task makes 256 KiB more; nothing is disposed of. " +
      "Resident memory after half of the rounds and after all; the store must be empty at the end",
    unit: "rounds/s",
    targets: [],
    async measure() {
      await ray.init({ logToDriver: false, objectStoreMemory: GIB / 4 });
      const looker = ray.remote(Looker).remote();
      const make = ray.remote(bytesOf);
      const round = async (index: number): Promise<void> => {
        const ref = ray.put(new Uint8Array(2 ** 20));
        const looked = looker.look.remote({ ref }, index % 2 === 0);
        const made = await ray.get(make.remote(2 ** 18));
        expect("the length", made.length, 2 ** 18);
        await ray.get(looked);
      };
      const before = snapshot();
      for (let index = 0; index < count / 2; index++) await round(index);
      const half = snapshot();
      for (let index = count / 2; index < count; index++) await round(index);
      const end = snapshot();
      const usage = usageSince(before, before);
      await expectNothingLeft();
      await ray.shutdown();
      return {
        value: count / ((end.timeMs - before.timeMs) / 1000),
        operations: count,
        usage,
        facts: { "MiB after half": half.rssBytes / 2 ** 20, "MiB at the end": end.rssBytes / 2 ** 20 },
      };
    },
  });
}

interface Made {
  readonly name: string;
  readonly recipe: string;
  readonly unit: string;
  readonly targets: readonly Target[];
  readonly measure: () => Promise<Sample>;
}

function made(row: Made): Row {
  return { kind: "rate", ...row };
}

/** A run that gives a wrong result is a failure, whatever its speed. */
function expect(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what} is ${String(actual)} and should be ${String(expected)}`);
}
