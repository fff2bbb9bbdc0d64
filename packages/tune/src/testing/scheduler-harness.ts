/**
 * Drives a scheduler without a controller, threads or files: fake trials, a context that records what was ordered and
 * refuses what is illegal, and a loop that trains a population with a user's step function. Everything is
 * deterministic.
 */
import { randomStream, type RandomStream } from "../random.ts";
import { formatTag } from "../search-space/tags.ts";
import type {
  ExploitOrder,
  SchedulerContext,
  SchedulerDecision,
  TrialScheduler,
} from "../schedulers/types.ts";
import {
  isLive,
  type Checkpointing,
  type CheckpointView,
  type Config,
  type Metrics,
  type TrialResult,
  type TrialStatus,
  type TrialView,
} from "../trial/types.ts";

/** How to make a fake trial. */
export interface HarnessTrialOptions {
  /** Default: `{}`. */
  readonly config?: Config;
  /** Default: `"none"`. */
  readonly checkpointing?: Checkpointing;
  /** Default: `"PENDING"`. */
  readonly status?: TrialStatus;
  /** What the trial's training holds and its checkpoints carry; structured-cloneable. Default: undefined. */
  readonly state?: unknown;
}

/** A fake trial. Its fields may be set by tests. */
export class HarnessTrial implements TrialView {
  readonly id: string;
  readonly name: string;
  readonly index: number;
  status: TrialStatus;
  config: Config;
  experimentTag: string;
  readonly evaluatedParams: Readonly<Record<string, unknown>> = {};
  readonly resources: Readonly<Record<string, number>> = { cpu: 1 };
  lastResult: TrialResult | undefined = undefined;
  checkpointing: Checkpointing;
  checkpoint: CheckpointView | undefined = undefined;
  numFailures = 0;
  error: Error | undefined = undefined;
  readonly path = "";
  /** What training changes. */
  state: unknown;
  /** State and iteration when a checkpoint was last asked for. */
  saved: { readonly state: unknown; readonly iteration: number } | undefined = undefined;
  /** Number of the latest report; goes on from the donor's after an exploit by checkpoint. */
  iteration = 0;

  constructor(index: number, options: HarnessTrialOptions) {
    this.index = index;
    this.id = `trial_${String(index).padStart(5, "0")}`;
    this.name = `harness_${this.id}`;
    this.status = options.status ?? "PENDING";
    this.config = options.config ?? {};
    this.checkpointing = options.checkpointing ?? "none";
    this.state = options.state;
    const params = Object.entries(this.config).map(([key, value]) => ({
      path: [key],
      value,
      isFloat: false,
    }));
    this.experimentTag = params.length === 0 ? String(index) : `${index}_${formatTag(params)}`;
  }
}

/** Options of `SchedulerHarness`. */
export interface SchedulerHarnessOptions {
  /** Default: 1. */
  readonly seed?: number;
  /** What `run` would be given; left out when the scheduler has a metric of its own. */
  readonly metric?: string;
  readonly mode?: "min" | "max";
}

/** How to train a population. */
export interface TrainOptions {
  /** One report of a trial: changes `trial.state`, reads `trial.config`, returns metrics. */
  readonly step: (trial: HarnessTrial) => Metrics;
  /** A trial ends when its iteration reaches this. */
  readonly iterations: number;
  /** How many trials run at a time. Default: all. */
  readonly slots?: number;
  /** Which of the running trials reports next. Default: the one that has waited longest. */
  readonly next?: (running: readonly HarnessTrial[]) => HarnessTrial;
}

/** A scheduler with fake trials around it. Throws when the scheduler breaks the contract of `schedulers/types.ts`. */
export class SchedulerHarness {
  readonly scheduler: TrialScheduler;
  readonly trials: HarnessTrial[] = [];
  /** What the scheduler ordered, oldest first. */
  readonly exploits: ExploitOrder[] = [];
  /** Ids of trials that it asked checkpoints of, oldest first. */
  readonly checkpoints: string[] = [];
  readonly warnings: string[] = [];
  readonly random: RandomStream;
  readonly context: SchedulerContext;

  constructor(scheduler: TrialScheduler, options: SchedulerHarnessOptions = {}) {
    this.scheduler = scheduler;
    this.random = randomStream(options.seed ?? 1);
    const needsMetric = scheduler.metric === undefined;
    scheduler.setSearchProperties(
      needsMetric ? (options.metric ?? "score") : undefined,
      scheduler.mode === undefined ? (options.mode ?? "max") : undefined,
    );
    this.context = {
      trials: this.trials,
      random: this.random,
      exploit: (order) => this.#exploit(order),
      checkpoint: (trial) => this.#checkpoint(trial),
      setConfig: (trial, config) => {
        this.#own(trial).config = config;
      },
      warn: (message) => {
        if (!this.warnings.includes(message)) this.warnings.push(message);
      },
    };
  }

  add(options: HarnessTrialOptions = {}): HarnessTrial {
    const trial = new HarnessTrial(this.trials.length, options);
    this.trials.push(trial);
    this.scheduler.onTrialAdd(this.context, trial);
    return trial;
  }

  /** The trial reports; its status becomes what the scheduler decided. */
  report(trial: HarnessTrial, metrics: Metrics): SchedulerDecision {
    trial.status = "RUNNING";
    trial.iteration += 1;
    const result = resultOf(trial, metrics);
    trial.lastResult = result;
    const ordered = this.exploits.length;
    const decision = this.scheduler.onTrialResult(this.context, trial, result);
    if (!["CONTINUE", "PAUSE", "STOP"].includes(decision)) {
      throw new Error(`${this.scheduler.name} decided ${JSON.stringify(decision)} about ${trial.id}`);
    }
    const isExploited = this.exploits.slice(ordered).some((order) => order.trial.id === trial.id);
    if (decision === "STOP") trial.status = "TERMINATED";
    else if (decision === "PAUSE" || isExploited) trial.status = "PAUSED";
    return decision;
  }

  /** The trial ends by itself, with a last report if metrics are given. */
  complete(trial: HarnessTrial, metrics?: Metrics): void {
    if (metrics !== undefined) trial.lastResult = resultOf(trial, metrics);
    this.scheduler.onTrialComplete(this.context, trial, trial.lastResult);
    trial.status = "TERMINATED";
  }

  /** The trial fails for good. */
  fail(trial: HarnessTrial): void {
    trial.status = "ERROR";
    trial.numFailures += 1;
    this.scheduler.onTrialError(this.context, trial);
  }

  /** A failed trial starts again. */
  recover(trial: HarnessTrial): void {
    trial.status = "PENDING";
    this.scheduler.onTrialAdd(this.context, trial);
  }

  /** A waiting trial is taken away. */
  remove(trial: HarnessTrial): void {
    this.scheduler.onTrialRemove(this.context, trial);
    trial.status = "TERMINATED";
  }

  /** The trial that gets the next slot; it runs from now on. */
  choose(): HarnessTrial | undefined {
    const chosen = this.scheduler.chooseTrialToRun(this.context);
    if (chosen === undefined) return undefined;
    const trial = this.#own(chosen);
    if (trial.status !== "PENDING" && trial.status !== "PAUSED") {
      throw new Error(`${this.scheduler.name} chose ${trial.id}, which is ${trial.status}`);
    }
    trial.status = "RUNNING";
    return trial;
  }

  /** Trains until all trials are over; throws when the scheduler lets nobody run although some are left. */
  train({ step, iterations, slots = Infinity, next = ([first]) => present(first) }: TrainOptions): void {
    let running: readonly HarnessTrial[] = this.trials.filter(({ status }) => status === "RUNNING");
    for (;;) {
      while (running.length < slots) {
        const chosen = this.choose();
        if (chosen === undefined) break;
        running = [...running, chosen];
      }
      if (running.length === 0) break;
      const trial = next(running);
      const metrics = step(trial);
      running = running.filter((other) => other !== trial);
      if (trial.iteration + 1 >= iterations) {
        trial.iteration += 1;
        this.complete(trial, metrics);
      } else if (this.report(trial, metrics) === "CONTINUE" && trial.status === "RUNNING") {
        running = [...running, trial];
      }
    }
    const left = this.trials.filter(isLive);
    if (left.length > 0) throw new Error(`nothing runs, but ${left.map(({ id }) => id).join(", ")} are left`);
  }

  #exploit(order: ExploitOrder): void {
    const trial = this.#own(order.trial);
    const donor = this.#own(order.donor);
    if (trial === donor) throw new Error(`${trial.id} was exploited from itself`);
    for (const party of [trial, donor]) {
      if (!isLive(party)) throw new Error(`an exploit names ${party.id}, which is ${party.status}`);
    }
    this.exploits.push(order);
    trial.config = order.config;
    trial.experimentTag = order.experimentTag;
    trial.status = "PAUSED";
    if (trial.checkpointing === "none" || donor.checkpointing === "none") return;
    if (donor.saved === undefined) throw new Error(`${donor.id} has no checkpoint for ${trial.id} to take`);
    trial.state = structuredClone(donor.saved.state);
    trial.iteration = donor.saved.iteration;
  }

  #checkpoint(view: TrialView): void {
    const trial = this.#own(view);
    if (!isLive(trial)) throw new Error(`a checkpoint was asked of ${trial.id}, which is ${trial.status}`);
    trial.saved = { state: structuredClone(trial.state), iteration: trial.iteration };
    this.checkpoints.push(trial.id);
  }

  #own(view: TrialView): HarnessTrial {
    const trial = this.trials[view.index];
    if (trial?.id !== view.id) throw new Error(`${view.id} is not a trial of this experiment`);
    return trial;
  }
}

/** A whole result from what a test wants to say about it; `training_iteration` counts by itself unless given. */
export function resultOf(trial: HarnessTrial, metrics: Metrics): TrialResult {
  return {
    training_iteration: trial.iteration,
    reports_total: trial.iteration,
    time_this_iter_s: 1,
    time_total_s: trial.iteration,
    time_since_restore: trial.iteration,
    iterations_since_restore: trial.iteration,
    done: false,
    trial_id: trial.id,
    trial_name: trial.name,
    date: "1970-01-01_00-00-00",
    timestamp: 0,
    pid: 0,
    hostname: "harness",
    node_ip: "127.0.0.1",
    config: trial.config,
    ...metrics,
  };
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("no trial is running");
  return value;
}
