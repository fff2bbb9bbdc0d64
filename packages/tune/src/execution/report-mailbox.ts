/**
 * The actor between trials and their controller. A trial hands an event in and waits for the answer; the controller
 * takes events out in batches and answers. It keeps no state but what waits. Runs inside a worker.
 */
import type { ParkingEvent, PassingEvent, Reply } from "./trainable-host.ts";

/** An actor class of the runtime; it needs a thread in which nothing computes. */
export class ReportMailbox {
  readonly #answers = new Map<string, (reply: Reply) => void>();
  #events: (ParkingEvent | PassingEvent)[] = [];
  #taker: (() => void) | undefined = undefined;

  /** Hands an event in; resolves with the controller's answer, as late as that comes. */
  async exchange(event: ParkingEvent): Promise<Reply> {
    const reply = new Promise<Reply>((resolve) => this.#answers.set(event.trialId, resolve));
    this.#put(event);
    return reply;
  }

  /** Hands an event in that needs no answer. */
  async post(event: PassingEvent): Promise<void> {
    this.#put(event);
  }

  /** All events since the last call, at least one. */
  async take(): Promise<readonly (ParkingEvent | PassingEvent)[]> {
    if (this.#events.length === 0) await new Promise<void>((resolve) => (this.#taker = resolve));
    const events = this.#events;
    this.#events = [];
    return events;
  }

  async answer(trialId: string, reply: Reply): Promise<void> {
    const resolve = this.#answers.get(trialId);
    this.#answers.delete(trialId);
    resolve?.(reply);
  }

  /** The trial was killed: nobody waits for its answer any more. */
  async forget(trialId: string): Promise<void> {
    this.#answers.delete(trialId);
  }

  #put(event: ParkingEvent | PassingEvent): void {
    this.#events.push(event);
    this.#taker?.();
    this.#taker = undefined;
  }
}
