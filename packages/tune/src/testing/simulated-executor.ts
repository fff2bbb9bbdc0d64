/**
 * Runs trials in this process on a virtual clock: the same controller, schedulers and traces as with actors, without
 * threads and without waiting. Between two reports a trainable's code really runs; how long that takes on the virtual
 * clock is for `duration` to say, so a run is the same on every machine.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Checkpoint } from "../checkpoints/checkpoint.ts";
import { asError, TuneError } from "../errors.ts";
import {
  TrainableHost,
  type ParkingEvent,
  type PassingEvent,
  type Reply,
} from "../execution/trainable-host.ts";
import type { AnyTrainable } from "../execution/trainable.ts";
import type {
  CheckpointStore,
  TrialContinue,
  TrialEvent,
  TrialExecutor,
  TrialStart,
  WaitOptions,
} from "../execution/types.ts";

/** What a duration may depend on. */
export interface SimulatedStep {
  readonly trialId: string;
  /** Position in the order in which trials were first started, from 0. */
  readonly order: number;
  readonly event: TrialEvent;
}

/** Options of a simulation. */
export interface SimulationOptions {
  /** What the simulated machine has, e.g. `{ CPU: 2 }`. */
  readonly capacity: Readonly<Record<string, number>>;
  /**
   * Seconds of virtual time that a trial trains before an event of it. `Infinity`: the event never comes, which is a
   * trial that hangs. @defaultValue 1 before a report, 0 before others
   */
  readonly duration?: (step: SimulatedStep) => number;
}

interface Seat {
  readonly order: number;
  /** Resolves the trial's `exchange`; undefined while it trains. */
  answer: ((reply: Reply) => void) | undefined;
  /** When it went on last, on the virtual clock. */
  since: number;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly event: TrialEvent;
}

/** A `TrialExecutor` on a virtual clock, and the store of its checkpoints, which are kept in memory. */
export class SimulatedExecutor implements TrialExecutor {
  readonly checkpoints: CheckpointStore = {
    adopt: (from, to) => {
      const checkpoint = this.#kept.get(from);
      if (checkpoint === undefined) throw new TuneError(`simulation: there is no checkpoint ${from}`);
      this.#kept.delete(from);
      this.#kept.set(to, checkpoint);
    },
    remove: (path) => {
      this.#kept.delete(path);
    },
  };
  readonly #trainable: AnyTrainable;
  readonly #options: SimulationOptions;
  readonly #kept = new Map<string, Checkpoint>();
  readonly #seats = new Map<string, Seat>();
  readonly #orders = new Map<string, number>();
  readonly #slots = new Map<string, Readonly<Record<string, number>>>();
  #agenda: Entry[] = [];
  #now = 0;
  #keptCount = 0;
  /** Trials whose code runs, so that their next event is not known yet. */
  #moving = 0;
  #wake: () => void = () => undefined;

  constructor(trainable: AnyTrainable, options: SimulationOptions) {
    this.#trainable = trainable;
    this.#options = options;
  }

  acquire(trialId: string, resources: Readonly<Record<string, number>>): boolean {
    const { used, total } = this.resources();
    const fits = Object.entries(resources).every(
      ([key, need]) => (used[key] ?? 0) + need <= (total[key] ?? 0),
    );
    if (fits) this.#slots.set(trialId, resources);
    return fits;
  }

  release(trialId: string): void {
    if (!this.#slots.delete(trialId)) throw new TuneError(`simulation: trial ${trialId} holds no slot`);
  }

  settling(): boolean {
    return false;
  }

  startTrial(start: TrialStart): void {
    const { trialId } = start;
    const order = this.#orders.get(trialId) ?? this.#orders.size;
    this.#orders.set(trialId, order);
    const seat: Seat = { order, answer: undefined, since: this.#now };
    this.#seats.set(trialId, seat);
    this.#moving += 1;
    void this.#run(start, seat);
  }

  continueTrial(trialId: string, answer: TrialContinue): void {
    this.#reply(trialId, { type: "continue", answer });
  }

  saveTrial(trialId: string): void {
    this.#reply(trialId, { type: "save" });
  }

  stopTrial(trialId: string): void {
    this.#reply(trialId, { type: "stop" });
  }

  killTrial(trialId: string): void {
    this.#seats.delete(trialId);
    this.#agenda = this.#agenda.filter(({ event }) => event.trialId !== trialId);
  }

  async nextEvents({ signal, until }: WaitOptions = {}): Promise<readonly TrialEvent[]> {
    signal?.throwIfAborted();
    if (this.#moving > 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    signal?.throwIfAborted();
    const at = this.#agenda.reduce((first, entry) => Math.min(first, entry.at), Infinity);
    if (at === Infinity && until === undefined) {
      throw new TuneError("simulation: no trial will ever do anything again, and there is no time budget");
    }
    if (until !== undefined && at > until) {
      this.#now = Math.max(this.#now, until);
      return [];
    }
    this.#now = Math.max(this.#now, at);
    const due = this.#agenda.filter((entry) => entry.at <= this.#now);
    this.#agenda = this.#agenda.filter((entry) => entry.at > this.#now);
    return due.toSorted((a, b) => a.order - b.order).map(({ event }) => event);
  }

  resources(): { used: Record<string, number>; total: Readonly<Record<string, number>> } {
    const used: Record<string, number> = {};
    for (const slot of this.#slots.values()) {
      for (const [key, need] of Object.entries(slot)) used[key] = (used[key] ?? 0) + need;
    }
    return { used, total: this.#options.capacity };
  }

  now(): number {
    return this.#now;
  }

  async shutdown(): Promise<void> {
    this.#seats.clear();
    this.#agenda = [];
  }

  /** Number of trials that have an actor now. */
  get live(): number {
    return this.#seats.size;
  }

  async #run(start: TrialStart, seat: Seat): Promise<void> {
    const { trialId } = start;
    const host = new TrainableHost(this.#trainable, start, {
      exchange: (event) => this.#park(seat, event),
      exchangeSync: () => {
        throw new TuneError("simulation: reportSync() would block the simulation; use await tune.report()");
      },
      notify: (event) => this.#schedule(seat, event),
      keepCheckpoint: (checkpoint) => {
        const path = `memory:${this.#keptCount++}`;
        // As with files: what is kept is a copy of the content at this moment.
        const value = checkpoint.isValue;
        this.#kept.set(path, value ? checkpoint : Checkpoint.fromDirectory(checkpoint.toDirectory()));
        return path;
      },
      openCheckpoint: (path) => {
        const checkpoint = this.#kept.get(path);
        if (checkpoint === undefined) throw new TuneError(`simulation: there is no checkpoint ${path}`);
        return checkpoint;
      },
      scratchDirectory: () => mkdtempSync(join(tmpdir(), "manta-simulation-")),
      seconds: () => this.#now,
    });
    let last: TrialEvent;
    try {
      last = { type: "ended", trialId, final: await host.run(0) };
    } catch (thrown) {
      last = { type: "failed", trialId, error: asError(thrown) };
    }
    this.#schedule(seat, last);
    if (this.#seats.get(trialId) === seat) this.#seats.delete(trialId);
    this.#stopped();
  }

  #park(seat: Seat, event: ParkingEvent): Promise<Reply> {
    const reply = new Promise<Reply>((resolve) => (seat.answer = resolve));
    this.#schedule(seat, event);
    this.#stopped();
    return reply;
  }

  #reply(trialId: string, reply: Reply): void {
    const seat = this.#seats.get(trialId);
    if (seat?.answer === undefined) throw new TuneError(`simulation: trial ${trialId} is not parked`);
    const { answer } = seat;
    seat.answer = undefined;
    seat.since = this.#now;
    this.#moving += 1;
    answer(reply);
  }

  #schedule(seat: Seat, event: ParkingEvent | PassingEvent | TrialEvent): void {
    if (this.#seats.get(event.trialId) !== seat) return;
    const step = { trialId: event.trialId, order: seat.order, event };
    const seconds = this.#options.duration?.(step) ?? (event.type === "report" ? 1 : 0);
    const timed: TrialEvent = event.type === "report" ? { ...event, timeSeconds: seconds } : event;
    this.#agenda.push({ at: seat.since + seconds, order: seat.order, event: timed });
  }

  #stopped(): void {
    this.#moving -= 1;
    if (this.#moving === 0) this.#wake();
  }
}
