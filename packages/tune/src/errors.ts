/**
 * Errors of the tuner. Everything that Manta throws extends the runtime's `MantaError`; the tuner adds one class with
 * one code, and says what happened in the message, the fields and the cause.
 */
import { MantaError } from "@mantajs/runtime";

/** Facts that a `TuneError` carries as fields of its own. */
export interface TuneErrorFields {
  readonly trialId?: string;
  readonly trialName?: string;
  readonly state?: string;
  readonly event?: string;
  readonly callback?: string;
}

/**
 * An experiment could not be run, or some of its trials did not complete. For failed trials `cause` is an
 * `AggregateError` with one error for each of them, in the order of creation.
 *
 * Code: `MANTA_TUNE`.
 */
export class TuneError extends MantaError {
  static override readonly className: string = "TuneError";
  constructor(message: string, options: { cause?: unknown; fields?: TuneErrorFields } = {}) {
    super("MANTA_TUNE", message, {
      ...(options.cause === undefined ? {} : { cause: options.cause }),
      ...(options.fields === undefined ? {} : { fields: { ...options.fields } }),
    });
  }
}

/** What was thrown, as an Error: a thrown value that is none becomes the `cause` of one. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return new Error(`a value that is not an Error was thrown: ${describe(thrown)}`, { cause: thrown });
}

function describe(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return JSON.stringify(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
