/**
 * How much a function carries. Its captured values go to every worker that runs it, so a large one is worth a warning
 * that names the variable, and a very large one an error. The limits are Ray's.
 */
import { SerializationError } from "../../core/errors.ts";
import { writing } from "../writing.ts";

/** Bytes from which a function is worth a warning, and from which it is refused. */
export interface SizeLimits {
  /** @defaultValue 10,000,000 */
  readonly warnBytes: number;
  /** @defaultValue 100,000,000 */
  readonly failBytes: number;
}

const usualLimits: SizeLimits = { warnBytes: 10_000_000, failBytes: 100_000_000 };

/**
 * Warns or throws when a function, encoded in `bytes` bytes, carries too much.
 *
 * @throws SerializationError from `failBytes` on
 */
export function checkFunctionSize(
  fn: Function,
  name: string,
  bytes: number,
  { warnBytes, failBytes }: SizeLimits = usualLimits,
): void {
  if (bytes < warnBytes) return;
  const { heaviest, warnOnce } = writing();
  const path = heaviest(fn);
  const carried = path === undefined ? "" : `, most of them in ${path}`;
  const message = `${name} carries ${inMegabytes(bytes)} of captured values to every worker that runs it${carried}`;
  const hint = "put() the value and pass its ref as an argument, or make it inside the function.";
  if (bytes >= failBytes) {
    throw new SerializationError(
      path ?? name,
      `${message}; the limit is ${inMegabytes(failBytes)}.\nHint: ${hint}`,
    );
  }
  warnOnce("MANTA_LARGE_FUNCTION", message, `${message}: ${hint}`);
}

function inMegabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${bytes} bytes` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
