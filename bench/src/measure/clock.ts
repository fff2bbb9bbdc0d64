/** The clock of the measurements, an argument everywhere so that the rule can be tested without time passing. */
import { setImmediate } from "node:timers/promises";

export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Lets the event loop turn once, so that finalizers and messages of the thread get their turn. */
  breathe(): Promise<unknown>;
}

export const realClock: Clock = { now: () => performance.now(), breathe: () => setImmediate() };
