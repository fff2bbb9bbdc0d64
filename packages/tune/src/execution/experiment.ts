/**
 * One experiment from its options to its record: puts controller, executor, files, callbacks and reporter together,
 * runs the loop, and always writes everything before it says how it went. Loaded by `run` when it is called, because
 * what it imports must not load inside workers.
 */
import { hostname } from "node:os";

import * as ray from "@mantajs/runtime";

import { TrialHistory } from "../analysis/trial-history.ts";
import type { ExperimentRecord } from "../analysis/types.ts";
import { CallbackDispatcher } from "../callbacks/dispatcher.ts";
import { asError, TuneError } from "../errors.ts";
import { randomStream } from "../random.ts";
import { toStopper } from "../stoppers/to-stopper.ts";
import { checkpointFiles } from "../storage/checkpoint-files.ts";
import { ExperimentFiles } from "../storage/experiment-files.ts";
import { trialIds } from "../trial/naming.ts";
import type { TrialView } from "../trial/types.ts";
import { ActorExecutor } from "./actor-executor.ts";
import { TrialController } from "./controller.ts";
import { placeOf, reporterOf, schedulerOf, searcherOf } from "./defaults.ts";
import type { ExperimentEvent } from "./effects.ts";
import { Interrupts } from "./interrupts.ts";
import { runLoop } from "./loop.ts";
import { boundTrainable, type FilledOptions } from "./options.ts";
import { ProgressFeed } from "./progress-feed.ts";
import { searcherSource, totalTrials } from "./searcher-source.ts";
import type { AnyTrainable } from "./trainable.ts";
import type { CheckpointStore, TrialExecutor } from "./types.ts";

/** What runs the trials of an experiment, and where their checkpoints are kept. */
export interface ExperimentBackend {
  readonly executor: TrialExecutor;
  readonly checkpoints: CheckpointStore;
}

/** What came of an experiment. */
export interface ExperimentOutcome {
  readonly record: ExperimentRecord;
  /** What `run` rejects with; undefined when all is well. */
  readonly error: Error | undefined;
}

/** With random or grid search many trials are created ahead; other searchers learn between two of them. */
const maxPendingTrials = 200;

/**
 * Runs an experiment. Rejects only for options that cannot be; what goes wrong later is in the outcome.
 * @param backend makes what runs the trials; default: actors of the runtime, and directories
 */
export async function runExperiment(
  options: FilledOptions,
  backend: (trainable: AnyTrainable) => ExperimentBackend | Promise<ExperimentBackend> = () =>
    actors(options),
): Promise<ExperimentOutcome> {
  const scheduler = schedulerOf(options);
  scheduler.setSearchProperties(options.metric, options.mode);
  const metric = options.metric ?? scheduler.metric;
  const mode = options.mode ?? scheduler.mode;
  const stopper = toStopper(options.stop);
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  const random = randomStream(seed);
  const searcher = searcherOf(options);
  const { config: space, numSamples } = options;
  const warnings: string[] = [];
  let warn = (message: string): void => void warnings.push(message);
  const searchRandom = random.derive("search");
  searcher.setSearchProperties({
    metric,
    mode,
    space,
    numSamples,
    random: searchRandom,
    warn: (text) => warn(text),
  });
  const reporter = reporterOf(options);
  const { name, path } = placeOf(options);

  const { executor, checkpoints } = await backend(boundTrainable(options));
  const startedAt = executor.now();
  const files = new ExperimentFiles(path);
  const total = executor.resources().total;
  const controller = new TrialController(
    {
      experimentName: name,
      experimentPath: path,
      trainableName: options.trainableName,
      metric,
      scheduler,
      source: searcherSource(searcher, space, numSamples),
      stopper,
      random: random.derive("scheduler"),
      trialId: trialIds(random.derive("ids")),
      trialName: options.trialNameCreator,
      resources: options.resources,
      checkpointConfig: options.checkpointConfig,
      maxFailures: options.maxFailures,
      failFast: options.failFast,
      maxConcurrentTrials: options.maxConcurrentTrials ?? Infinity,
      maxPendingTrials:
        options.searchAlg === undefined ? Math.max(maxPendingTrials, 1.1 * (total["CPU"] ?? 0)) : 1,
      maxParkedTrials: options.maxParkedTrials,
      timeBudgetS: options.timeBudgetS,
      gracePeriodS: options.gracePeriodS,
      place: { hostname: hostname(), nodeIp: "127.0.0.1" },
    },
    executor,
  );
  const trials = (): readonly TrialView[] => controller.population.trials;
  const feed = new ProgressFeed(
    reporter,
    {
      experimentName: name,
      experimentPath: path,
      metric,
      mode,
      totalTrials: totalTrials(searcher, numSamples),
      trials,
      resources: () => executor.resources(),
      elapsedSeconds: () => executor.now() - startedAt,
      schedulerText: () => scheduler.summary().text,
    },
    options.verbose,
  );
  warn = (message) => feed.message(`Warning: ${message}`);
  const callbacks = new CallbackDispatcher(options.callbacks, warn);
  const histories = new Map<string, TrialHistory>();
  const facts = (): Record<string, unknown> => ({
    name,
    metric,
    mode,
    seed,
    numSamples,
    startedAt,
    now: executor.now(),
    scheduler: { name: scheduler.name, state: scheduler.save() },
    searcher: { name: searcher.name, state: searcher.save() },
    stopper: stopper.save(),
  });
  const notify = async (event: ExperimentEvent): Promise<void> => {
    files.notify(event, executor.now());
    if (event.type === "trialAdd") histories.set(event.trial.id, new TrialHistory());
    else if (event.type === "trialResult") histories.get(event.trial.id)?.add(event.row);
    else if (event.type === "perturbation" && logsPolicy(scheduler)) files.policy(event.order);
    feed.notify(event);
    await tell(callbacks, event);
  };

  const interrupts = new Interrupts({
    signal: options.signal,
    onInterrupt: () =>
      feed.message("Interrupted: trials stop at their next report. Press Ctrl-C again to end at once."),
  });
  let failure: Error | undefined;
  try {
    await feed.setup();
    for (const message of warnings) warn(message);
    await callbacks.call("onExperimentStart", { name, path, metric, mode, numSamples, seed });
    await runLoop({
      controller,
      executor,
      checkpoints,
      deterministic: options.deterministic,
      signal: interrupts.signal,
      hooks: {
        journal: (entries) => files.journal(entries),
        notify,
        step: async () => {
          files.snapshotIfDue(executor.now(), trials(), facts);
          feed.progress(false);
          await callbacks.call("onStep", trials());
        },
      },
    });
  } catch (thrown) {
    failure = asError(thrown);
  }
  // From here on nothing keeps what was learnt from being written and returned.
  const attempts: (() => void | Promise<void>)[] = [
    () => executor.shutdown(),
    () => files.snapshot(trials(), facts()),
    () => files.close(),
    () => callbacks.call("onExperimentEnd", trials()),
    () => feed.progress(true),
  ];
  for (const attempt of attempts) {
    try {
      await attempt();
    } catch (thrown) {
      failure ??= asError(thrown);
    }
  }
  interrupts[Symbol.dispose]();
  const record: ExperimentRecord = {
    trials: trials().map((trial) => ({
      trial,
      history: histories.get(trial.id) ?? new TrialHistory(),
      checkpoints: controller.checkpoints.checkpoints(trial.id),
    })),
    metric,
    mode,
    experimentPath: path,
    elapsedSeconds: executor.now() - startedAt,
  };
  const raises = options.raiseOnFailedTrial && controller.endReason !== "interrupt";
  return { record, error: controller.fatalError ?? failure ?? (raises ? failedTrials(trials()) : undefined) };
}

async function actors(options: FilledOptions): Promise<ExperimentBackend> {
  if (!ray.isInitialized()) await ray.init();
  const { trainable, parameters, resources, trialIsolation } = options;
  const executor = new ActorExecutor({ trainable, parameters, resources, isolation: trialIsolation });
  return { executor, checkpoints: checkpointFiles };
}

/** Whether the scheduler keeps a log of its policy, as Population Based Training does unless told not to. */
function logsPolicy(scheduler: object): boolean {
  return "policyLog" in scheduler && Array.isArray(scheduler.policyLog) && scheduler.policyLog.length > 0;
}

function failedTrials(trials: readonly TrialView[]): TuneError | undefined {
  const failed = trials.filter((trial) => trial.status === "ERROR");
  if (failed.length === 0) return undefined;
  const lines = failed
    .slice(0, 10)
    .map((trial) => `  ${trial.name}: ${trial.error?.message ?? "unknown error"}`);
  if (failed.length > lines.length) lines.push(`  and ${failed.length - lines.length} more`);
  const errors = failed.map((trial) => trial.error ?? new Error(`trial ${trial.name} failed`));
  return new TuneError(
    `${failed.length} of ${trials.length} trials did not complete:\n${lines.join("\n")}\n` +
      "Their error.txt has the stacks; with raiseOnFailedTrial: false run() returns the analysis all the same",
    { cause: new AggregateError(errors, "trials did not complete") },
  );
}

async function tell(callbacks: CallbackDispatcher, event: ExperimentEvent): Promise<void> {
  switch (event.type) {
    case "trialStart":
      return callbacks.call("onTrialStart", event.trial, event.restored);
    case "trialResult":
      return callbacks.call("onTrialResult", event.trial, event.result);
    case "trialSave":
      return callbacks.call("onTrialSave", event.trial, event.checkpoint);
    case "trialComplete":
      return callbacks.call("onTrialComplete", event.trial);
    case "trialError":
      return callbacks.call("onTrialError", event.trial, event.error, event.recovers);
    case "perturbation":
      return callbacks.call("onPerturbation", event.order);
    default:
      return undefined;
  }
}
