/** Objects, waiting and placement groups, under Ray's names and recipes. */
import * as ray from "@mantajs/runtime";

import { BATCH, MIB } from "../payload.ts";
import { putLarge, putSmall, refsInside, smallValue, times } from "../workload.ts";
import { rateRow, type Rows } from "./row.ts";
import { LARGE_STORE, withSession } from "./session.ts";

const PUTTERS = 10;
const SMALL_PUTS = 100;
const REFS_INSIDE = 10_000;
const GROUPS = 100;
const US_20 = 1 / 20e-6;

export const rows: Rows = (context) => [
  rateRow(context, {
    name: "single client get calls (Plasma Store)",
    recipe: "get of the same put(0)",
    unit: "gets/s",
    targets: [{ kind: "value", atLeast: 1_000_000 }],
    prepare: () =>
      withSession(() => {
        const ref = ray.put(0);
        return { call: () => ray.get(ref) };
      }),
  }),
  rateRow(context, {
    name: "single client put calls (Plasma Store)",
    recipe: "put(0)",
    unit: "puts/s",
    targets: [{ kind: "value", atLeast: 300_000 }],
    prepare: () => withSession(() => ({ call: () => ray.put(0) })),
  }),
  rateRow(context, {
    name: "multi client put calls (Plasma Store)",
    recipe: "10 tasks, each 100 times put(0); get all",
    unit: "puts/s",
    operations: PUTTERS * SMALL_PUTS,
    prepare: () =>
      withSession(async () => {
        const task = ray.remote(putSmall);
        await ray.get(task.remote(1));
        return { call: () => ray.get(times(PUTTERS, () => task.remote(SMALL_PUTS))) };
      }),
  }),
  rateRow(context, {
    name: "single client put gigabytes",
    recipe: "put 800 MiB of zeros, counted as 0.8 GB as Ray does; freed at once",
    unit: "GB/s",
    operations: 0.8,
    targets: [{ kind: "speed", than: "memcpy 64 MiB" }],
    prepare: () =>
      withSession(() => {
        const zeros = new BigInt64Array(100 * MIB);
        return { call: () => putOnce(zeros) };
      }, LARGE_STORE),
  }),
  rateRow(context, {
    name: "multi client put gigabytes",
    recipe: "10 tasks, each 10 puts of 80 MiB of zeros, freed at once; counted as 8 GB",
    unit: "GB/s",
    operations: 8,
    targets: [{ kind: "speed", than: "memcpy 64 MiB" }],
    prepare: () =>
      withSession(async () => {
        const task = ray.remote(putLarge);
        await ray.get(task.remote(1, 8));
        return { call: () => ray.get(times(PUTTERS, () => task.remote(10, 80 * MIB))) };
      }, LARGE_STORE),
  }),
  rateRow(context, {
    name: "single client put 64 MiB",
    recipe: "put the same 64 MiB again and again, freed at once",
    unit: "GB/s",
    operations: (64 * MIB) / 1e9,
    targets: [
      { kind: "speed", than: "memcpy 64 MiB", atLeast: 0.8 },
      { kind: "speed", than: "memcpy 64 MiB into fresh shared memory" },
    ],
    prepare: () =>
      withSession(() => {
        const bytes = new Uint8Array(64 * MIB).fill(1);
        return { call: () => putOnce(bytes) };
      }, LARGE_STORE),
  }),
  ...[1, 64, 800].map((size) =>
    rateRow(context, {
      name: `single client get ${size} MiB`,
      recipe: `get of the same ${size} MiB array; must come out on shared memory, without a copy`,
      unit: "gets/s",
      targets: [{ kind: "value", atLeast: US_20 }],
      prepare: () =>
        withSession(async () => {
          const ref = ray.put(new Uint8Array(size * MIB));
          const value = await ray.get(ref);
          if (!(value.buffer instanceof SharedArrayBuffer)) throw new Error("get() copied the array");
          return { call: () => ray.get(ref) };
        }, LARGE_STORE),
    }),
  ),
  rateRow(context, {
    name: "single client get object containing 10k refs",
    recipe: "get of one object, a list of 10,000 refs that a task made with put(1)",
    unit: "gets/s",
    prepare: () =>
      withSession(async () => {
        const ref = ray.remote(refsInside).remote(REFS_INSIDE);
        const refs = await ray.get(ref);
        if (refs.length !== REFS_INSIDE) throw new Error(`the object held ${refs.length} refs`);
        return { call: () => ray.get(ref) };
      }),
  }),
  rateRow(context, {
    name: "single client wait 1k refs",
    recipe: "1000 tasks, then 1000 times wait for one of those left; counted in rounds",
    unit: "rounds/s",
    prepare: () =>
      withSession(async () => {
        const task = ray.remote(smallValue);
        await ray.get(task.remote());
        return {
          async call() {
            let left = times(BATCH, () => task.remote());
            while (left.length > 0) [, left] = await ray.wait(left);
          },
        };
      }),
  }),
  rateRow(context, {
    name: "placement group create/removal",
    recipe: "create 100 groups of one bundle {custom: 0.001}, wait for each, remove all",
    unit: "groups/s",
    operations: GROUPS,
    prepare: () =>
      withSession(
        () => ({
          async call() {
            const groups = times(GROUPS, () => ray.placementGroup([{ custom: 0.001 }]));
            for (const group of groups) await ray.get(group.ready(), { timeoutMs: 30_000 });
            for (const group of groups) ray.removePlacementGroup(group);
          },
        }),
        { resources: { custom: 100 } },
      ),
  }),
];

function putOnce(value: ArrayBufferView): string {
  using ref = ray.put(value);
  return ref.id;
}
