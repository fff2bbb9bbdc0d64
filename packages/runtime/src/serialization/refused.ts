/**
 * Thrown while a graph is walked when one object in it cannot be carried. Internal: the walk turns it into a
 * `SerializationError` with the path, or into an issue of `inspectSerializability`.
 */
import type { Refusal } from "./refusals.ts";

export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal, cause?: unknown) {
    super(refusal.what, cause === undefined ? undefined : { cause });
    this.refusal = refusal;
  }
}
