/**
 * Runs one trial's trainable wherever it is (a worker, a simulation): calls it, hands its reports over, parks it at
 * them, and carries the answers out: go on, go on with other hyperparameters, load a donor's checkpoint, save, end.
 * Loaded inside workers: it must import nothing heavy.
 */
import type { Checkpoint } from "../checkpoints/checkpoint.ts";
import { TuneError } from "../errors.ts";
import { withSession, type ReportAnswer, type ReportOptions, type TrialContext } from "../session.ts";
import type { Metrics } from "../trial/types.ts";
import { ClassRun, type ClassSession } from "./class-run.ts";
import { ConfigView } from "./config-view.ts";
import {
  checkMetrics,
  finalMetrics,
  isClassTrainable,
  makesCheckpoints,
  type AnyTrainable,
} from "./trainable.ts";
import type { TrialContinue, TrialEvent, TrialStart } from "./types.ts";

/** An event of a trial that waits for an answer. */
export type ParkingEvent = Extract<TrialEvent, { type: "report" | "saved" }>;

/** An event of a trial that goes on at once. */
export type PassingEvent = Extract<TrialEvent, { type: "started" | "warning" }>;

/** What a parked trial is told. */
export type Reply =
  | { readonly type: "continue"; readonly answer: TrialContinue }
  | { readonly type: "save" }
  | { readonly type: "stop" };

/** The way from a trial to its controller. */
export interface TrialLink {
  exchange(event: ParkingEvent): Promise<Reply>;
  exchangeSync(event: ParkingEvent): Reply;
  notify(event: PassingEvent): void;
  /** Keeps a checkpoint for the controller to take, and says where. */
  keepCheckpoint(checkpoint: Checkpoint): string;
  openCheckpoint(path: string): Checkpoint;
  /** Makes an empty directory for files of a checkpoint. */
  scratchDirectory(): string;
  /** Seconds on a clock that never goes back. */
  seconds(): number;
}

/** Thrown out of `report` to unwind a trainable; it must not be kept from passing. */
export class TrialInterruption extends Error {
  /** A donor's checkpoint is to be loaded: the trainable is called again. Otherwise the trial ends. */
  readonly restart: boolean;
  constructor(trialId: string, restart: boolean) {
    super(`trial ${trialId} leaves its training loop; let this error pass`);
    this.name = "TrialInterruption";
    this.restart = restart;
  }
}

/** One trial's run of its trainable. */
export class TrainableHost implements ClassSession {
  readonly context: TrialContext;
  readonly config: ConfigView;
  readonly #trainable: AnyTrainable;
  readonly #start: TrialStart;
  readonly #link: TrialLink;
  readonly #abort: AbortController = new AbortController();
  #checkpoint: Checkpoint | undefined;
  #iteration: number;
  #since: number;
  #interruption: TrialInterruption | undefined = undefined;
  /** Reports go out one after another, also when the trainable does not wait for them. */
  #reports: Promise<unknown> = Promise.resolve();
  #waitsForNotice = false;
  /** How the present trainable saves; undefined for functions. */
  #saver: (() => Promise<Checkpoint>) | undefined = undefined;

  constructor(trainable: AnyTrainable, start: TrialStart, link: TrialLink) {
    this.#trainable = trainable;
    this.#start = start;
    this.#link = link;
    this.config = new ConfigView(start.config);
    this.#checkpoint =
      start.checkpoint === undefined ? undefined : link.openCheckpoint(start.checkpoint.path);
    this.#iteration = start.iteration;
    this.#since = link.seconds();
    const iteration = (): number => this.#iteration;
    this.context = Object.freeze({
      trialId: start.trialId,
      trialName: start.trialName,
      trialDir: start.path,
      trialResources: start.resources,
      experimentName: start.experimentName,
      get iteration() {
        return iteration();
      },
      signal: this.#abort.signal,
    });
  }

  /** Runs the trainable to its end, and gives what it returned. Rejects with what it threw. */
  async run(pid: number): Promise<Metrics | undefined> {
    const trainable = this.#trainable;
    const isClass = isClassTrainable(trainable);
    const checkpointing = isClass && makesCheckpoints(trainable) ? "on-demand" : "none";
    this.#link.notify({ type: "started", trialId: this.#start.trialId, pid, checkpointing });
    return withSession(this, async () => {
      if (isClass) {
        const run = new ClassRun(trainable, this);
        this.#saver = () => run.save();
        await run.run();
        return undefined;
      }
      for (;;) {
        const returned = await this.#call(trainable);
        if (this.#interruption === undefined) return finalMetrics(returned);
        if (!this.#interruption.restart) return undefined;
        this.#interruption = undefined;
      }
    });
  }

  /** Calls the function until it returns, throws, or is unwound by an interruption. */
  async #call(trainable: Exclude<AnyTrainable, new () => unknown>): Promise<unknown> {
    try {
      const called: unknown = await trainable(this.config.view, this.context);
      const returned = isGenerator(called) ? await this.#drive(called) : called;
      await this.#reports;
      return returned;
    } catch (thrown) {
      // Whatever a function throws on its way out of an interruption, it is the interruption that ended it.
      if (this.#interruption === undefined) throw thrown;
      return undefined;
    }
  }

  async #drive(generator: AnyGenerator): Promise<unknown> {
    let step = await generator.next();
    while (step.done !== true) {
      let answer: ReportAnswer;
      try {
        answer = await this.report(checkMetrics("the value that the trainable yielded", step.value));
      } catch (thrown) {
        if (this.#interruption === undefined) step = await generator.throw(thrown);
        else return generator.return(undefined);
        continue;
      }
      step = await generator.next(answer);
    }
    return step.value;
  }

  report(metrics: Metrics, options: ReportOptions = {}): Promise<ReportAnswer> {
    const answer = this.#reports.then(() => this.#report(metrics, options));
    // Also keeps a report that nobody waits for from bringing the worker down when the trial is told to end.
    this.#reports = answer.catch(() => undefined);
    return answer;
  }

  reportSync(metrics: Metrics, options: ReportOptions = {}): ReportAnswer {
    const event = this.#event(metrics, options);
    const answer = this.#carryOut(this.#link.exchangeSync(event));
    if (answer === "save") {
      throw new TuneError(
        `trial ${this.#start.trialId}: reportSync() cannot save a class; return metrics from step()`,
      );
    }
    return answer;
  }

  getCheckpoint(): Checkpoint | undefined {
    return this.#checkpoint;
  }

  scratchDirectory(): string {
    return this.#link.scratchDirectory();
  }

  async #report(metrics: Metrics, options: ReportOptions): Promise<ReportAnswer> {
    // A loop that swallows the interruption would otherwise keep its thread busy for ever.
    if (this.#interruption !== undefined) await new Promise((resolve) => setImmediate(resolve));
    let reply = await this.#link.exchange(this.#event(metrics, options));
    for (;;) {
      const answer = this.#carryOut(reply);
      if (answer !== "save") return answer;
      if (this.#saver === undefined) throw new TuneError("a function cannot be asked for a checkpoint");
      const checkpointPath = this.#link.keepCheckpoint(await this.#saver());
      reply = await this.#link.exchange({ type: "saved", trialId: this.#start.trialId, checkpointPath });
    }
  }

  #event(metrics: Metrics, options: ReportOptions): ParkingEvent {
    if (this.#interruption !== undefined) throw this.#interruption;
    const checked = checkMetrics("report(metrics)", metrics);
    const timeSeconds = this.#link.seconds() - this.#since;
    if (this.#waitsForNotice && !this.config.wasRead) this.#warnUnread();
    this.#waitsForNotice = false;
    const { checkpoint } = options;
    const checkpointPath = checkpoint === undefined ? undefined : this.#link.keepCheckpoint(checkpoint);
    this.#iteration += 1;
    return { type: "report", trialId: this.#start.trialId, metrics: checked, checkpointPath, timeSeconds };
  }

  #carryOut(reply: Reply): ReportAnswer | "save" {
    this.#since = this.#link.seconds();
    const { trialId } = this.#start;
    if (reply.type === "save") return "save";
    if (reply.type === "stop") {
      this.#interruption = new TrialInterruption(trialId, false);
      this.#abort.abort(this.#interruption);
      throw this.#interruption;
    }
    const { answer } = reply;
    if (answer.perturbed) this.config.replace(answer.config);
    if (answer.checkpoint !== undefined) {
      this.#checkpoint = this.#link.openCheckpoint(answer.checkpoint.path);
      if (this.#saver === undefined) {
        this.#interruption = new TrialInterruption(trialId, true);
        throw this.#interruption;
      }
    } else {
      this.#waitsForNotice = answer.perturbed;
    }
    return { config: this.config.view, perturbed: answer.perturbed };
  }

  #warnUnread(): void {
    const message =
      "its hyperparameters were perturbed, but it did not read its config before its next report; " +
      "read config.lr inside the loop, take config from what report() resolves to, or make checkpoints";
    this.#link.notify({ type: "warning", trialId: this.#start.trialId, message });
  }
}

interface AnyGenerator {
  next(answer?: ReportAnswer): IteratorResult<unknown, unknown> | Promise<IteratorResult<unknown, unknown>>;
  throw(error: unknown): IteratorResult<unknown, unknown> | Promise<IteratorResult<unknown, unknown>>;
  return(value: undefined): unknown;
}

function isGenerator(value: unknown): value is AnyGenerator {
  return (
    typeof value === "object" &&
    value !== null &&
    (Symbol.asyncIterator in value || Symbol.iterator in value) &&
    "next" in value &&
    "return" in value &&
    "throw" in value
  );
}
