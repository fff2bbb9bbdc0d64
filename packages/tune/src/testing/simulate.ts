/**
 * Runs a scheduler over a population on the simulated executor, with the real controller and no files: what tests of
 * schedulers, stoppers and searchers need. Everything that happened is in what it resolves to.
 */
import type { CheckpointConfig } from "../checkpoints/config.ts";
import { TrialController } from "../execution/controller.ts";
import type { EndReason } from "../execution/ending.ts";
import type { ExperimentEvent, JournalEntry } from "../execution/effects.ts";
import { runLoop } from "../execution/loop.ts";
import type { AnyTrainable } from "../execution/trainable.ts";
import type { TrialSource } from "../execution/trial-source.ts";
import { randomStream } from "../random.ts";
import type { ExploitOrder, TrialScheduler } from "../schedulers/types.ts";
import type { Stopper } from "../stoppers/types.ts";
import { flatten } from "../trial/metrics.ts";
import { trialIds } from "../trial/naming.ts";
import type { Config, TrialResult, TrialView } from "../trial/types.ts";
import { SimulatedExecutor, type SimulationOptions } from "./simulated-executor.ts";

/** Options of `simulate`; all but `trainable`, `configs` and `scheduler` have the defaults of `run`. */
export interface SimulateOptions extends Partial<SimulationOptions> {
  readonly trainable: AnyTrainable;
  /** The configuration of each trial, or a source of them. */
  readonly configs: readonly Config[] | TrialSource;
  readonly scheduler: TrialScheduler;
  readonly stopper?: Stopper;
  readonly metric?: string;
  readonly seed?: number;
  readonly deterministic?: boolean;
  readonly resources?: Readonly<Record<string, number>>;
  readonly checkpointConfig?: CheckpointConfig;
  readonly maxFailures?: number;
  readonly failFast?: boolean | "raise";
  readonly maxConcurrentTrials?: number;
  readonly maxPendingTrials?: number;
  readonly maxParkedTrials?: number;
  readonly timeBudgetS?: number;
  readonly gracePeriodS?: number;
  readonly signal?: AbortSignal;
  /** Told of every event as it happens. */
  readonly onEvent?: (event: ExperimentEvent) => void;
  /** After each round of the loop. */
  readonly onStep?: (controller: TrialController) => void;
}

/** What happened in a simulation. */
export interface Simulation {
  readonly trials: readonly TrialView[];
  /** What each trial's `result.json` would hold, by trial index. */
  readonly rows: readonly (readonly TrialResult[])[];
  readonly perturbations: readonly ExploitOrder[];
  readonly warnings: readonly string[];
  readonly journal: readonly JournalEntry[];
  readonly controller: TrialController;
  readonly executor: SimulatedExecutor;
  /** Largest number of trials that were RUNNING at once. */
  readonly maxRunning: number;
  /** Virtual time at the end, in seconds. */
  readonly seconds: number;
  readonly endReason: EndReason | undefined;
  /** What `run` would reject with, besides failed trials. */
  readonly error: Error | undefined;
}

/**
 * Runs a population to its end in virtual time.
 *
 * @example
 * const { trials } = await simulate({ trainable, configs: [{ lr: 1 }, { lr: 2 }], scheduler, capacity: { CPU: 2 } });
 */
export async function simulate(options: SimulateOptions): Promise<Simulation> {
  const { trainable, scheduler, capacity = { CPU: 1 }, duration } = options;
  const executor = new SimulatedExecutor(trainable, {
    capacity,
    ...(duration === undefined ? {} : { duration }),
  });
  const random = randomStream(options.seed ?? 0);
  const controller = new TrialController(
    {
      experimentName: "simulation",
      experimentPath: "/simulation",
      trainableName: trainable.name === "" ? "trainable" : trainable.name,
      metric: options.metric,
      scheduler,
      source: isSource(options.configs) ? options.configs : listSource(options.configs),
      stopper: options.stopper,
      random: random.derive("scheduler"),
      trialId: trialIds(random.derive("ids")),
      trialName: undefined,
      resources: options.resources ?? { CPU: 1 },
      checkpointConfig: options.checkpointConfig ?? {},
      maxFailures: options.maxFailures ?? 0,
      failFast: options.failFast ?? false,
      maxConcurrentTrials: options.maxConcurrentTrials ?? Infinity,
      maxPendingTrials: options.maxPendingTrials ?? 1000,
      maxParkedTrials: options.maxParkedTrials ?? Infinity,
      timeBudgetS: options.timeBudgetS,
      gracePeriodS: options.gracePeriodS ?? 3,
      place: { hostname: "simulation", nodeIp: "127.0.0.1" },
    },
    executor,
  );
  const rows: TrialResult[][] = [];
  const perturbations: ExploitOrder[] = [];
  const warnings: string[] = [];
  const journal: JournalEntry[] = [];
  let maxRunning = 0;
  await runLoop({
    controller,
    executor,
    checkpoints: executor.checkpoints,
    deterministic: options.deterministic ?? false,
    signal: options.signal,
    hooks: {
      journal: (entries) => void journal.push(...entries),
      notify: (event) => {
        if (event.type === "trialAdd") rows[event.trial.index] = [];
        else if (event.type === "trialResult") rows[event.trial.index]?.push(event.row);
        else if (event.type === "perturbation") perturbations.push(event.order);
        else if (event.type === "warning") warnings.push(event.message);
        else if (event.type === "trialStart")
          maxRunning = Math.max(maxRunning, controller.population.running);
        options.onEvent?.(event);
      },
      step: () => {
        maxRunning = Math.max(maxRunning, controller.population.running);
        options.onStep?.(controller);
      },
    },
  });
  await executor.shutdown();
  return {
    trials: controller.population.trials,
    rows,
    perturbations,
    warnings,
    journal,
    controller,
    executor,
    maxRunning,
    seconds: executor.now(),
    endReason: controller.endReason,
    error: controller.fatalError,
  };
}

const isSource = (configs: readonly Config[] | TrialSource): configs is TrialSource => "next" in configs;

/** A source that gives the configurations of a list, one after another. */
export function listSource(configs: readonly Config[]): TrialSource {
  let next = 0;
  return {
    next: () => {
      const config = configs[next++];
      return config === undefined ? "finished" : { config, evaluatedParams: flatten(config) };
    },
    tag: (index) => String(index),
    onTrialResult: () => undefined,
    onTrialComplete: () => undefined,
  };
}
