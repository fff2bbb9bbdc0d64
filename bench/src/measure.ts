/**
 * How a row is measured: as `ray microbenchmark` does, scaled down. Warm up, then run blocks of calls for a fixed time,
 * several times; the rate is the mean over the runs, with their spread.
 */

export interface Measured {
  /** Operations per second, mean over the runs. */
  readonly rate: number;
  /** Population standard deviation of the runs. */
  readonly deviation: number;
}

export interface MeasureOptions {
  /** Milliseconds of warm-up. */
  readonly warmUpMs: number;
  /** Milliseconds of one run. */
  readonly runMs: number;
  readonly runs: number;
}

export const full: MeasureOptions = { warmUpMs: 500, runMs: 1000, runs: 4 };
export const quick: MeasureOptions = { warmUpMs: 100, runMs: 200, runs: 2 };

/** Measures `call`, which does `operations` operations. */
export async function measure(
  call: () => unknown,
  operations: number,
  { warmUpMs, runMs, runs }: MeasureOptions,
): Promise<Measured> {
  let calls = 0;
  for (const end = performance.now() + warmUpMs; performance.now() < end; calls++) await call();
  const block = Math.floor(calls / 10) + 1;
  const rates: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    let done = 0;
    while (performance.now() - start < runMs) {
      for (let i = 0; i < block; i++) await call();
      done += block;
    }
    rates.push((done * operations * 1000) / (performance.now() - start));
  }
  const rate = rates.reduce((a, b) => a + b, 0) / runs;
  const deviation = Math.sqrt(rates.reduce((sum, each) => sum + (each - rate) ** 2, 0) / runs);
  return { rate, deviation };
}
