/**
 * Milliseconds on a clock that only goes forward; it counts from some moment of the past. Not `performance.now()`:
 * Node loads that when it is first used, which costs each new thread two milliseconds.
 */
export function now(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
