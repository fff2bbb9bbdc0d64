/**
 * Pi by throwing darts: many tasks sample points, an actor counts their progress, the driver watches it. Options:
 * --tasks (8), --samples (2000000, of each task).
 */
import { parseArgs } from "node:util";

import * as ray from "@mantajs/runtime";

import { numberOption } from "./lib/options.ts";

const { values } = parseArgs({
  options: { tasks: { type: "string", default: "8" }, samples: { type: "string", default: "2000000" } },
});
const tasks = numberOption("tasks", values.tasks, 1);
const samples = numberOption("samples", values.samples, 1);

class Progress {
  #done = 0;
  readonly #wanted: number;
  #waiting: { share: number; wake: () => void }[] = [];

  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  add(count: number): void {
    this.#done += count;
    const share = this.#done / this.#wanted;
    for (const waiting of this.#waiting.filter((one) => share >= one.share)) waiting.wake();
    this.#waiting = this.#waiting.filter((one) => share < one.share);
  }

  /** Resolves when this share of the samples is done: an async method, which other calls may overtake. */
  async reached(share: number): Promise<number> {
    if (this.#done / this.#wanted < share) {
      await new Promise<void>((wake) => this.#waiting.push({ share, wake }));
    }
    return this.#done;
  }
}

const REPORTS_PER_TASK = 10;

const countHits = ray.remote((count: number, progress: ray.ActorHandle<Progress>): number => {
  let hits = 0;
  for (let report = 1; report <= REPORTS_PER_TASK; report++) {
    const part =
      Math.floor((count * report) / REPORTS_PER_TASK) - Math.floor((count * (report - 1)) / REPORTS_PER_TASK);
    for (let sample = 0; sample < part; sample++) {
      if (Math.random() ** 2 + Math.random() ** 2 <= 1) hits += 1;
    }
    progress.add.remote(part);
  }
  return hits;
});

await ray.init({ ignoreReinitError: true });

const total = tasks * samples;
const progress = ray.remote(Progress, { numCpus: 0 }).remote(total);
const results = Array.from({ length: tasks }, () => countHits.remote(samples, progress));
for (const share of [0.25, 0.5, 0.75, 1]) {
  await ray.get(progress.reached.remote(share));
  console.log(`${share * 100} % of ${total} samples`);
}
const hits = (await ray.get(results)).reduce((sum, count) => sum + count, 0);
console.log(`pi is about ${((4 * hits) / total).toFixed(4)}`);

await ray.shutdown();
