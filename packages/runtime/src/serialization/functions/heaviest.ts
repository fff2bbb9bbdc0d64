/** Which captured variable makes a function large. */
import { dismantleFunction } from "./dismantle.ts";
import { captureScope } from "./inspect.ts";
import { ImportReference } from "./types.ts";

/** The captured variable that holds most, through captured functions: `captured 'load' (…) -> captured 'table' (…)`. */
export function heaviest(root: Function): string | undefined {
  return captureScope(() => stepsTo(root));
}

function stepsTo(root: Function): string | undefined {
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
