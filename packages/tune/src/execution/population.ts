/** The trials of an experiment: their creation from configurations, and the sets that the controller asks about. */
import { join } from "node:path";

import { trialDirname } from "../trial/naming.ts";
import { Trial, type Seat } from "../trial/trial.ts";
import { isLive, type Config } from "../trial/types.ts";
import type { ControllerOptions } from "./controller-options.ts";

/** All trials, and who is live, has an actor, runs or is parked. */
export class Population {
  /** In order of creation. */
  readonly trials: Trial[] = [];
  /** The order in which trials wait for a slot: that of creation, but a trial that failed goes to the end. */
  readonly queue: Trial[] = [];
  readonly live: Set<Trial> = new Set();
  /** Trials that have an actor. */
  readonly seated: Set<Trial> = new Set();
  readonly #byId = new Map<string, Trial>();
  readonly #options: ControllerOptions;
  readonly #now: () => number;
  #running = 0;
  #pending = 0;
  #parked = 0;
  #complete = false;

  constructor(options: ControllerOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
  }

  /** Whether no further trial will be created. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Number of RUNNING trials. */
  get running(): number {
    return this.#running;
  }

  /** Number of PAUSED trials that keep their actor. */
  get parked(): number {
    return this.#parked;
  }

  /** Experiment tag of a trial with this configuration. */
  tag(trial: Trial, config: Config): string {
    return this.#options.source.tag(trial.index, config);
  }

  get(trialId: string): Trial | undefined {
    return this.#byId.get(trialId);
  }

  /** Creates trials until enough are PENDING, or the source has none for now. */
  *fill(): Generator<Trial> {
    while (!this.#complete && this.#pending < this.#options.maxPendingTrials) {
      const index = this.trials.length;
      const id = this.#options.trialId(index);
      const suggestion = this.#options.source.next(id);
      if (suggestion === "wait") return;
      if (suggestion === "finished") {
        this.#complete = true;
        return;
      }
      const { trainableName, experimentPath, resources, maxFailures } = this.#options;
      const { config, evaluatedParams } = suggestion;
      const name = this.#options.trialName?.({ id, index }) ?? `${trainableName}_${id}`;
      const tag = this.#options.source.tag(index, config);
      const path = join(experimentPath, trialDirname(name, tag, this.#now()));
      const init = { id, name, index, config, evaluatedParams, experimentTag: tag };
      const trial = new Trial({ ...init, resources, path, maxFailures });
      this.trials.push(trial);
      this.queue.push(trial);
      this.live.add(trial);
      this.#byId.set(id, trial);
      this.#pending += 1;
      yield trial;
    }
  }

  /** Changes the status through the machine, and the counts with it. */
  happen(trial: Trial, type: Parameters<Trial["happen"]>[0]): void {
    this.#count(trial, -1);
    try {
      trial.happen(type);
    } finally {
      this.#count(trial, 1);
    }
  }

  seat(trial: Trial, seat: Seat): void {
    this.#count(trial, -1);
    trial.seat = seat;
    this.#count(trial, 1);
    if (seat === "none") this.seated.delete(trial);
    else this.seated.add(trial);
  }

  /** The trial is over. */
  leave(trial: Trial): void {
    if (!isLive(trial)) this.live.delete(trial);
  }

  moveToEnd(trial: Trial): void {
    this.queue.splice(this.queue.indexOf(trial), 1);
    this.queue.push(trial);
  }

  #count(trial: Trial, by: 1 | -1): void {
    if (trial.status === "RUNNING") this.#running += by;
    else if (trial.status === "PENDING") this.#pending += by;
    else if (trial.status === "PAUSED" && trial.seat === "parked") this.#parked += by;
  }
}
