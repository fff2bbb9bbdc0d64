/**
 * One capture: the time in which functions are taken apart with one inspector session and one set of shared variables.
 */
import type { Capture } from "./inspector.ts";

/** The capture at hand; its session is opened at the first need. */
export interface CaptureScope {
  capture: Capture | undefined;
  /** Problems inside of functions are collected, and do not end the capture. */
  readonly collects: boolean;
}

let active: CaptureScope | undefined;

/**
 * Runs `run` with one inspector session and one set of shared variables for all functions that it takes apart. The
 * session is opened at the first need and closed in the end. Inside of another scope it joins that one.
 *
 * With `collects`, a function that has problems is taken apart all the same, with the problems beside its parts.
 */
export function captureScope<T>(run: () => T, { collects = false }: { collects?: boolean } = {}): T {
  if (active !== undefined) return run();
  const scope: CaptureScope = (active = { capture: undefined, collects });
  try {
    return run();
  } finally {
    active = undefined;
    scope.capture?.close();
  }
}

/** The scope that runs now. */
export function activeScope(): CaptureScope {
  if (active === undefined) throw new Error("a function was inspected outside of a capture scope");
  return active;
}
