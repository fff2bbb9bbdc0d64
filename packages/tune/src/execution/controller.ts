/**
 * The controller of an experiment: trial events in, effects out. It decides everything (which trial runs, parks,
 * stops, takes over whose hyperparameters) and does nothing itself: no files, clocks, timers or threads; of the
 * executor it only asks for slots. `loop.ts` performs the effects.
 */
import { CheckpointManager } from "../checkpoints/manager.ts";
import { asError } from "../errors.ts";
import type { TrialScheduler } from "../schedulers/types.ts";
import { isLive, type Metrics, type TrialResult } from "../trial/types.ts";
import type { Trial } from "../trial/trial.ts";
import { checkProgress, chooseTrial } from "./choice.ts";
import type { ControllerOptions } from "./controller-options.ts";
import { Effects, type Effect, type TrialDecision } from "./effects.ts";
import { Ending, type EndReason } from "./ending.ts";
import { Exploits } from "./exploits.ts";
import { MetricWatch } from "./metric-watch.ts";
import { Population } from "./population.ts";
import { ControllerContext } from "./scheduler-context.ts";
import type { TrialEvent, TrialExecutor } from "./types.ts";

type Report = Extract<TrialEvent, { type: "report" }>;

/** Runs the trials of one experiment. */
export class TrialController {
  readonly population: Population;
  readonly checkpoints: CheckpointManager;
  readonly #options: ControllerOptions;
  readonly #executor: Pick<TrialExecutor, "acquire" | "now">;
  readonly #scheduler: TrialScheduler;
  readonly #exploits: Exploits;
  readonly #context: ControllerContext;
  readonly #metric: MetricWatch;
  readonly #effects = new Effects();
  readonly #ending = new Ending();
  /** What happens to a trial when the checkpoint that it is writing is there; undefined: it stays parked. */
  readonly #afterSave = new Map<string, TrialDecision | undefined>();
  readonly #startedAt: number;

  constructor(options: ControllerOptions, executor: Pick<TrialExecutor, "acquire" | "now">) {
    this.#options = options;
    this.#executor = executor;
    this.#scheduler = options.scheduler;
    this.#startedAt = executor.now();
    this.checkpoints = new CheckpointManager(options.checkpointConfig);
    this.#exploits = new Exploits(this.checkpoints);
    this.#metric = new MetricWatch(options.metric, this.#effects);
    this.population = new Population(options, () => executor.now());
    this.#context = new ControllerContext({
      population: this.population,
      random: options.random,
      exploits: this.#exploits,
      effects: this.#effects,
      save: (trial) => this.#save(trial, undefined),
    });
  }

  /** Whether nothing is left to do. */
  get finished(): boolean {
    if (this.population.seated.size > 0) return false;
    return this.#ending.reason !== undefined || (this.population.complete && this.population.live.size === 0);
  }

  /** Why the experiment ended before its trials were complete; undefined when they are. */
  get endReason(): EndReason | undefined {
    return this.#ending.reason;
  }

  /** What a trial or the machinery threw that must end the run with an error, if anything. */
  get fatalError(): Error | undefined {
    return this.#ending.error ?? (this.#ending.reason === undefined ? this.#metric.missing() : undefined);
  }

  /** The time on the executor's clock at which `tick` has something to do. */
  nextWake(): number | undefined {
    if (this.#ending.reason !== undefined) return this.#ending.deadline;
    const { timeBudgetS } = this.#options;
    return timeBudgetS === undefined ? undefined : this.#startedAt + timeBudgetS;
  }

  /** Whether the trial owes an event: it trains, saves or cleans up. */
  isAwaited(trialId: string): boolean {
    const trial = this.population.get(trialId);
    return trial !== undefined && trial.seat !== "none" && trial.seat !== "parked";
  }

  /** The clock moved: ends the run when the time budget is used up, kills what outlives the grace period. */
  tick(): readonly Effect[] {
    return this.#step(() => {
      const wake = this.nextWake();
      if (wake !== undefined && this.#executor.now() >= wake) {
        if (this.#ending.reason === undefined) this.#end("budget");
        else this.#killAll();
      } else if (this.#ending.reason === undefined && this.#options.stopper?.stopAll() === true) {
        this.#end("stopper");
      }
    });
  }

  /** Ends the run: trials stop at their next report, and are killed after the grace period. */
  stop(reason: EndReason, error?: Error): readonly Effect[] {
    return this.#step(() => this.#end(reason, error));
  }

  /** Takes in what a trial did. */
  handle(event: TrialEvent): readonly Effect[] {
    const trial = this.population.get(event.trialId);
    if (trial === undefined || trial.seat === "none") return [];
    return this.#step(() => {
      switch (event.type) {
        case "started":
          trial.pid = event.pid;
          // A function counts as one that makes checkpoints once it made one, also after it was started again.
          if (event.checkpointing !== "none") trial.checkpointing = event.checkpointing;
          return;
        case "report":
          return this.#onReport(trial, event);
        case "saved":
          return this.#onSaved(trial, event.checkpointPath);
        case "warning":
          return this.#effects.warn(`${trial.name}: ${event.message}`, trial);
        case "ended":
          return this.#onEnded(trial, event.final);
        case "failed":
          return this.#onFailed(trial, event.error);
      }
    });
  }

  /** Creates trials, and starts and continues as many as the scheduler names and the slots allow. */
  schedule(): readonly Effect[] {
    return this.#step(() => {
      if (this.#ending.reason !== undefined) return;
      for (const trial of this.population.fill()) {
        this.#scheduler.onTrialAdd(this.#context, trial);
        // After the scheduler, which may fill in hyperparameters that the search space does not name.
        this.#effects.trialAdded(trial);
      }
      let waitsForSlot = false;
      while (!waitsForSlot && this.population.running < this.#options.maxConcurrentTrials) {
        const chosen = chooseTrial(this.#scheduler, this.#context, this.population, this.#exploits);
        if (chosen === undefined) break;
        waitsForSlot = !this.#executor.acquire(chosen.id, chosen.resources);
        if (!waitsForSlot) this.#run(chosen);
      }
      if (!waitsForSlot && !this.finished) checkProgress(this.#scheduler, this.population);
    });
  }

  #step(action: () => void): readonly Effect[] {
    try {
      action();
    } catch (thrown) {
      this.#end("fatal", asError(thrown));
    }
    return this.#effects.take();
  }

  #run(trial: Trial): void {
    trial.holdsSlot = true;
    const { pending, freed } = this.#exploits.take(trial.id);
    if (pending !== undefined) {
      trial.config = pending.order.config;
      trial.experimentTag = pending.order.experimentTag;
      if (pending.checkpoint !== undefined) trial.restoreFrom(pending.checkpoint.result);
    }
    if (trial.seat === "parked") {
      this.population.happen(trial, "RESUME");
      this.#effects.continue(trial, {
        config: trial.config,
        perturbed: pending !== undefined,
        ...(pending?.checkpoint === undefined ? {} : { checkpoint: { path: pending.checkpoint.path } }),
      });
    } else {
      const checkpoint = this.#exploits.restorePoint(trial);
      trial.restoreFrom(checkpoint?.result);
      trial.error = undefined;
      this.population.happen(trial, "START");
      this.#effects.start(trial, this.#options.experimentName, checkpoint);
    }
    this.population.seat(trial, "training");
    this.#effects.remove(freed);
  }

  #onReport(trial: Trial, event: Report): void {
    if (trial.seat !== "training") return;
    this.population.seat(trial, "parked");
    const result = trial.recordReport(event.metrics, event.timeSeconds, this.#place());
    if (event.checkpointPath !== undefined) {
      trial.checkpointing = "reported";
      this.#addCheckpoint(trial, event.checkpointPath);
    }
    this.#metric.see(trial, result);
    let decision: TrialDecision = "STOP";
    try {
      decision = this.#decide(trial, result);
    } finally {
      // Written also when a scheduler, searcher or stopper throws: a report is never lost.
      this.#effects.result(trial, result, decision);
    }
    this.#settle(trial, decision);
  }

  #decide(trial: Trial, result: TrialResult): TrialDecision {
    const { stopper, source } = this.#options;
    if (this.#ending.reason !== undefined) {
      if (this.#ending.completesTrials) this.#scheduler.onTrialComplete(this.#context, trial, result);
      return "STOP";
    }
    if (result.done || stopper?.onResult(trial.id, result) === true) {
      this.#scheduler.onTrialComplete(this.#context, trial, result);
      return "COMPLETE";
    }
    let decision: TrialDecision = this.#scheduler.onTrialResult(this.#context, trial, result);
    if (decision !== "STOP") {
      if (this.#exploits.pending(trial.id) !== undefined) decision = "PAUSE";
      source.onTrialResult(trial.id, result);
    }
    if (stopper?.stopAll() === true) this.#end("stopper");
    return decision;
  }

  /** Has the trial write a checkpoint first when one is due, then carries the decision out. */
  #settle(trial: Trial, decision: TrialDecision): void {
    const { frequency = 0, atEnd = false } = this.#options.checkpointConfig;
    const ends = decision === "STOP" || decision === "COMPLETE";
    const due =
      this.#context.takeSaveRequest(trial) ||
      (frequency > 0 && trial.iteration % frequency === 0) ||
      (atEnd && ends) ||
      (decision === "PAUSE" && this.population.parked >= this.#options.maxParkedTrials);
    if (due && trial.checkpointing === "on-demand" && !trial.isSaved) this.#save(trial, decision);
    else this.#carryOut(trial, decision);
  }

  #save(trial: Trial, afterwards: TrialDecision | undefined): void {
    this.#afterSave.set(trial.id, afterwards);
    this.population.seat(trial, "saving");
    this.#effects.command("save", trial);
  }

  #onSaved(trial: Trial, path: string): void {
    if (trial.seat !== "saving") return;
    this.population.seat(trial, "parked");
    this.#addCheckpoint(trial, path);
    this.#exploits.resolve(trial.id, trial.checkpoint);
    const decision = this.#afterSave.get(trial.id);
    this.#afterSave.delete(trial.id);
    if (decision !== undefined) this.#carryOut(trial, decision);
    else if (this.#ending.reason !== undefined) this.#leave(trial);
  }

  #addCheckpoint(trial: Trial, from: string): void {
    const checkpoint = trial.nextCheckpoint(this.checkpoints.nextIndex(trial.id));
    this.#effects.adopt(trial, from, checkpoint);
    this.#effects.remove(this.checkpoints.add(checkpoint));
    this.#effects.remove(this.#exploits.clearRestorePoint(trial.id));
    if (this.#context.takeOffer(trial)) this.#effects.remove(this.#exploits.offer(checkpoint));
  }

  #carryOut(trial: Trial, decision: TrialDecision): void {
    if (this.#ending.reason !== undefined) return this.#leave(trial);
    if (decision === "STOP" || decision === "COMPLETE") return this.#finish(trial);
    if (decision === "CONTINUE") {
      this.population.seat(trial, "training");
      return this.#effects.continue(trial, { config: trial.config, perturbed: false });
    }
    this.population.happen(trial, "PAUSE");
    this.#release(trial);
    if (trial.isSaved && this.population.parked > this.#options.maxParkedTrials) {
      this.population.seat(trial, "evicting");
      this.#effects.command("stop", trial);
    }
  }

  #onEnded(trial: Trial, final: Metrics | undefined): void {
    const { seat } = trial;
    this.population.seat(trial, "none");
    this.#release(trial);
    if (seat === "stopping" || seat === "evicting") return;
    if (final === undefined) {
      trial.markDone();
      this.#effects.journal({ type: "final", trial: trial.id, row: undefined });
    } else {
      const { result, row } = trial.recordFinal(final, this.#place());
      this.#metric.see(trial, result);
      this.#effects.final(trial, result, row);
    }
    if (!this.#ending.isFatal) this.#scheduler.onTrialComplete(this.#context, trial, trial.lastResult);
    this.#complete(trial);
    const missing = this.#metric.missingAfter(trial);
    if (missing !== undefined) this.#end("fatal", missing);
  }

  #onFailed(trial: Trial, error: Error): void {
    const { seat } = trial;
    this.population.seat(trial, "none");
    this.#release(trial);
    if (seat === "stopping" || seat === "evicting") {
      return this.#effects.warn(`${trial.name} failed in its cleanup: ${error.message}`, trial);
    }
    trial.error = error;
    this.population.happen(trial, "FAIL");
    this.#afterSave.delete(trial.id);
    this.#effects.remove(this.#exploits.drop(trial.id));
    this.#exploits.resolve(trial.id, trial.checkpoint);
    if (!this.#ending.isFatal) this.#scheduler.onTrialError(this.#context, trial);
    const recovers = this.#ending.reason === undefined && trial.mayRecover;
    this.#effects.failed(trial, error, recovers);
    if (recovers) {
      this.population.happen(trial, "RECOVER");
      this.population.moveToEnd(trial);
      this.#scheduler.onTrialAdd(this.#context, trial);
      return;
    }
    this.#forget(trial);
    this.#options.source.onTrialComplete(trial.id, trial.lastResult, error);
    if (this.#options.failFast === "raise") this.#end("failFast", error);
    else if (this.#options.failFast) this.#end("failFast");
  }

  #end(reason: EndReason, error?: Error): void {
    const deadline = this.#executor.now() + this.#options.gracePeriodS;
    if (!this.#ending.begin(reason, deadline, error)) return;
    this.#effects.journal({ type: "end", reason });
    for (const trial of this.population.live) {
      if (trial.seat === "none" || (trial.seat === "parked" && trial.status === "PAUSED")) {
        if (this.#ending.completesTrials) this.#scheduler.onTrialRemove(this.#context, trial);
        this.#leave(trial);
      } else if (trial.seat === "parked" && this.#ending.isFatal) {
        // Whoever was to decide about this report threw.
        this.#leave(trial);
      }
    }
  }

  /** The run ends: a trial that does not train now is over, or stays as it is for a later resume. */
  #leave(trial: Trial): void {
    if (this.#ending.completesTrials) return this.#finish(trial);
    if (trial.status === "RUNNING") this.population.happen(trial, "PAUSE");
    if (trial.seat === "parked") {
      this.population.seat(trial, "stopping");
      this.#effects.command("stop", trial);
    }
  }

  #killAll(): void {
    for (const trial of this.population.seated) {
      this.population.seat(trial, "none");
      this.#effects.command("kill", trial);
      this.#release(trial);
      if (isLive(trial)) this.#leave(trial);
    }
  }

  #finish(trial: Trial): void {
    trial.markDone();
    if (trial.seat === "parked") {
      this.population.seat(trial, "stopping");
      this.#effects.command("stop", trial);
    }
    this.#complete(trial);
  }

  #complete(trial: Trial): void {
    this.population.happen(trial, "TERMINATE");
    this.#forget(trial);
    this.#effects.completed(trial);
    this.#options.source.onTrialComplete(trial.id, trial.lastResult);
  }

  #forget(trial: Trial): void {
    this.population.leave(trial);
    this.#context.forget(trial);
    this.#effects.remove(this.#exploits.drop(trial.id));
    this.#effects.remove(this.#exploits.withdraw(trial.id));
    this.#effects.remove(this.#exploits.clearRestorePoint(trial.id));
  }

  #release(trial: Trial): void {
    if (!trial.holdsSlot) return;
    trial.holdsSlot = false;
    this.#effects.command("release", trial);
  }

  #place(): { hostname: string; nodeIp: string; now: number } {
    return { ...this.#options.place, now: this.#executor.now() };
  }
}
