/**
 * Runs trials as actors of the runtime. A trial's actor holds no resources, so that it can stay where it is parked;
 * the resources of a running trial are a slot's. Reports come through one mailbox actor.
 */
import * as ray from "@mantajs/runtime";

import { asError, TuneError } from "../errors.ts";
import type { Parameters } from "../with-parameters.ts";
import { EventQueue } from "./event-queue.ts";
import { ReportMailbox } from "./report-mailbox.ts";
import type { TrialIsolation } from "./run-options.ts";
import { Slots } from "./slots.ts";
import type { Reply } from "./trainable-host.ts";
import type { AnyTrainable } from "./trainable.ts";
import { TrialRunner, type ParameterRefs } from "./trial-runner.ts";
import type { TrialContinue, TrialEvent, TrialExecutor, TrialStart, WaitOptions } from "./types.ts";

/** Beyond this many actors at once, `auto` puts further trials into a shared thread. */
const maxThreads = 64;

/** What the executor runs. */
export interface ActorExecutorOptions {
  readonly trainable: AnyTrainable;
  readonly parameters: Parameters;
  /** Resources of one trial. */
  readonly resources: Readonly<Record<string, number>>;
  readonly isolation: TrialIsolation;
}

interface Runner {
  readonly handle: ray.ActorHandle<TrialRunner>;
  readonly isolation: "thread" | "shared";
}

const sharedRunner = ray.remote(TrialRunner, { numCpus: 0, isolation: "shared" });
const threadRunner = ray.remote(TrialRunner, { numCpus: 0, isolation: "thread" });
// A thread of its own: beside an actor that computes, in a shared thread, all trials would wait for that one. As many
// exchanges as there are parked trials are under way at once.
const mailboxClass = ray.remote(ReportMailbox, {
  numCpus: 0,
  isolation: "thread",
  maxConcurrency: 1_000_000,
});

/** A `TrialExecutor` over actors. The runtime must be initialised. */
export class ActorExecutor implements TrialExecutor {
  readonly #options: ActorExecutorOptions;
  readonly #total: ray.Resources;
  readonly #slots: Slots;
  readonly #queue: EventQueue = new EventQueue(() => this.now());
  readonly #mailbox: ray.ActorHandle<ReportMailbox>;
  readonly #parameters: ParameterRefs;
  readonly #runners = new Map<string, Runner>();
  /** Runners whose trial has ended well: the next trial takes one over instead of a new thread. */
  #spare: Runner[] = [];
  /** Calls that are under way in threads of their own. */
  readonly #calls: Set<Promise<void>> = new Set();
  #closed = false;

  /** Throws `TuneError` (`MANTA_TUNE`) when the session can never run one trial. */
  constructor(options: ActorExecutorOptions) {
    this.#options = options;
    this.#total = ray.clusterResources();
    checkFeasible(options.resources, this.#total);
    const capacity = { total: this.#total, available: ray.availableResources() };
    this.#slots = new Slots(options.resources, capacity, () => this.#queue.wake());
    this.#mailbox = mailboxClass.remote();
    this.#parameters = Object.fromEntries(
      Object.entries(options.parameters).map(([name, value]) => [name, ray.put(value)]),
    );
    this.#track(this.#pump());
  }

  acquire(trialId: string): boolean {
    return this.#slots.acquire(trialId);
  }

  release(trialId: string): void {
    this.#slots.release(trialId);
  }

  settling(): boolean {
    return this.#slots.settling;
  }

  startTrial(start: TrialStart): void {
    const { trialId } = start;
    try {
      const runner = this.#spare.pop() ?? this.#createRunner();
      this.#runners.set(trialId, runner);
      const end = ray.get(runner.handle.run.remote(this.#options.trainable, this.#parameters, start));
      const handled = end.then(
        ({ final }) => this.#ended(runner, { type: "ended", trialId, final }),
        (error: unknown) => this.#ended(runner, { type: "failed", trialId, error: causeOf(error) }),
      );
      // A shared thread cannot be interrupted, so that its calls may end late.
      if (runner.isolation === "thread") this.#track(handled);
    } catch (thrown) {
      // A trainable that cannot be sent to another thread fails its trial; the message says what in it and why.
      const runner = this.#runners.get(trialId);
      this.#runners.delete(trialId);
      if (runner !== undefined) ray.kill(runner.handle);
      this.#queue.push([{ type: "failed", trialId, error: asError(thrown) }]);
    }
  }

  continueTrial(trialId: string, answer: TrialContinue): void {
    this.#answer(trialId, { type: "continue", answer });
  }

  saveTrial(trialId: string): void {
    this.#answer(trialId, { type: "save" });
  }

  stopTrial(trialId: string): void {
    this.#answer(trialId, { type: "stop" });
  }

  killTrial(trialId: string): void {
    const runner = this.#runners.get(trialId);
    if (runner === undefined) return;
    this.#runners.delete(trialId);
    this.#queue.drop(trialId);
    ray.kill(runner.handle);
    void this.#mailbox.forget.remote(trialId);
  }

  nextEvents(options: WaitOptions = {}): Promise<readonly TrialEvent[]> {
    // Whoever is parked now may be named in the next round.
    this.#slots.trim(this.#runners.size - this.#slots.held);
    return this.#queue.next(options);
  }

  resources(): { used: Record<string, number>; total: Readonly<Record<string, number>> } {
    const used = Object.entries(this.#options.resources).map(([key, need]) => [key, need * this.#slots.held]);
    // Memory in bytes says nothing to somebody whose trials do not ask for it.
    const { memory, ...others } = this.#total;
    const total =
      memory === undefined || this.#options.resources["memory"] === undefined ? others : this.#total;
    return { used: Object.fromEntries(used), total };
  }

  now(): number {
    return (performance.timeOrigin + performance.now()) / 1000;
  }

  async shutdown(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#slots.close();
    for (const { handle } of [...this.#runners.values(), ...this.#spare]) ray.kill(handle);
    this.#runners.clear();
    this.#spare = [];
    ray.kill(this.#mailbox);
    // Whoever shuts the session down next finds nothing under way.
    await Promise.all(this.#calls);
  }

  #track(call: Promise<void>): void {
    const tracked = call.finally(() => this.#calls.delete(tracked));
    this.#calls.add(tracked);
  }

  async #pump(): Promise<void> {
    try {
      while (!this.#closed) this.#queue.push(await ray.get(this.#mailbox.take.remote()));
    } catch (thrown) {
      // The mailbox is killed at the end; before that, nothing works without it.
      if (!this.#closed) this.#queue.fail(asError(thrown));
    }
  }

  #createRunner(): Runner {
    const { isolation } = this.#options;
    const threads = [...this.#runners.values()].filter((runner) => runner.isolation === "thread").length;
    const thread = isolation === "thread" || (isolation === "auto" && threads < maxThreads);
    return thread
      ? { handle: threadRunner.remote(this.#mailbox, "thread"), isolation: "thread" }
      : { handle: sharedRunner.remote(this.#mailbox, "shared"), isolation: "shared" };
  }

  #ended(runner: Runner, event: TrialEvent): void {
    // After `killTrial` no event follows.
    if (this.#closed || this.#runners.get(event.trialId) !== runner) return;
    this.#runners.delete(event.trialId);
    if (event.type === "ended" && this.#spare.length < this.#slots.held) this.#spare.push(runner);
    else ray.kill(runner.handle);
    this.#queue.push([event]);
  }

  #answer(trialId: string, reply: Reply): void {
    void this.#mailbox.answer.remote(trialId, reply);
  }
}

/** The user's own error of a failed call; an actor's death as it is, with its cause. */
function causeOf(thrown: unknown): Error {
  const error = asError(thrown);
  return error instanceof ray.TaskError ? asError(error.cause ?? error) : error;
}

function checkFeasible(needs: Readonly<Record<string, number>>, total: ray.Resources): void {
  const lacking = Object.entries(needs).filter(([key, need]) => need > (total[key] ?? 0));
  if (lacking.length === 0) return;
  const show = (resources: Readonly<Record<string, number>>): string =>
    Object.entries(resources)
      .map(([key, amount]) => `${key}: ${amount}`)
      .join(", ");
  throw new TuneError(
    `one trial needs { ${show(needs)} }, and the whole session has { ${show(total)} }; no trial can ever run: ` +
      "ask for less in resourcesPerTrial, or give init() more",
  );
}
