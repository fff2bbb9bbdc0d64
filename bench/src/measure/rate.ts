/**
 * How a rate is measured, the rule of `ray microbenchmark`: calls for the time of a warm-up say how many calls make a
 * block (a tenth of them, and one); then several windows, each of blocks until its time has passed. Each window gives
 * one rate.
 */
import type { Clock } from "./clock.ts";
import { deviation, mean } from "./statistics.ts";

export interface TimingRule {
  readonly warmUpMs: number;
  /** The least length of one window. */
  readonly windowMs: number;
  readonly windows: number;
}

/** Ray's own rule. */
export const fullRule: TimingRule = { warmUpMs: 1000, windowMs: 2000, windows: 4 };
export const quickRule: TimingRule = { warmUpMs: 200, windowMs: 300, windows: 2 };

export interface Rate {
  /** Operations per second, mean over the windows. */
  readonly mean: number;
  /** Population standard deviation of the windows. */
  readonly deviation: number;
  /** Operations inside the windows, all together. */
  readonly operations: number;
}

export interface RateOptions {
  readonly rule: TimingRule;
  readonly clock: Clock;
  /** Called between the warm-up and the first window. */
  readonly onWarm?: () => void;
}

/** A warm-up of synchronous calls only would keep finalizers waiting; it breathes this often. */
const BREATH_MS = 10;

/** Measures `call`, one call of which does `operations` operations. A promise that it returns is awaited. */
export async function measureRate(
  call: () => unknown,
  operations: number,
  { rule, clock, onWarm }: RateOptions,
): Promise<Rate> {
  let calls = 0;
  let breath = clock.now();
  for (const end = breath + rule.warmUpMs; clock.now() < end; calls++) {
    const result = call();
    if (result instanceof Promise) await result;
    if (clock.now() - breath < BREATH_MS) continue;
    await clock.breathe();
    breath = clock.now();
  }
  const block = Math.floor(calls / 10) + 1;
  onWarm?.();
  const rates: number[] = [];
  let total = 0;
  for (let window = 0; window < rule.windows; window++) {
    const start = clock.now();
    let done = 0;
    while (clock.now() - start < rule.windowMs) {
      for (let i = 0; i < block; i++) {
        // Awaiting what is no promise would charge a microtask to every synchronous call.
        const result = call();
        if (result instanceof Promise) await result;
      }
      done += block;
      await clock.breathe();
    }
    rates.push((done * operations * 1000) / (clock.now() - start));
    total += done * operations;
  }
  return { mean: mean(rates), deviation: deviation(rates), operations: total };
}
