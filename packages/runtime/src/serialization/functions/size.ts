/**
 * How much a function carries. Its captured values go to every worker that runs it, so a large one is worth a warning
 * that names the variable, and a very large one an error. The limits are Ray's.
 */
import { SerializationError } from "../../core/errors.ts";
import { dismantleFunction } from "./dismantle.ts";
import { captureScope } from "./inspect.ts";
import { warnOnce } from "./problems.ts";
import { ImportReference } from "./types.ts";

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
  const path = captureScope(() => heaviest(fn));
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

/** The captured variable that holds most, through captured functions: `captured 'load' (…) -> captured 'table' (…)`. */
function heaviest(root: Function): string | undefined {
  const steps: string[] = [];
  const seen = new Set<Function>();
  let at: unknown = root;
  while (typeof at === "function" && !seen.has(at)) {
    seen.add(at);
    const parts = dismantleFunction(at);
    if (parts instanceof ImportReference) break;
    let most = { bytes: -1, label: "", value: undefined as unknown };
    for (const { label, value } of parts.values) {
      const bytes = approximateBytes(value);
      if (bytes > most.bytes) most = { bytes, label, value };
    }
    if (most.bytes < 0) break;
    steps.push(most.label);
    at = most.value;
  }
  return steps.length === 0 ? undefined : steps.join(" -> ");
}

/** A rough measure, enough to compare: what is reachable as data, and through captured functions. */
function approximateBytes(root: unknown): number {
  let bytes = 0;
  const seen = new Set<unknown>();
  const left: unknown[] = [root];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value === "string") bytes += value.length;
    else if (typeof value !== "object" && typeof value !== "function") bytes += 8;
    else if (value !== null && !seen.has(value)) {
      seen.add(value);
      bytes += 8;
      if (ArrayBuffer.isView(value)) left.push(value.buffer);
      else if (value instanceof ArrayBuffer) bytes += value.byteLength;
      else if (value instanceof Map || value instanceof Set) for (const entry of value) left.push(entry);
      else if (typeof value === "function") left.push(...capturedBy(value));
      else if (Array.isArray(value)) for (const item of value as unknown[]) left.push(item);
      else
        for (const key of Object.keys(value)) left.push(Object.getOwnPropertyDescriptor(value, key)?.value);
    }
  }
  return bytes;
}

function capturedBy(fn: Function): unknown[] {
  const parts = dismantleFunction(fn);
  return parts instanceof ImportReference ? [] : parts.values.map(({ value }) => value);
}
