/**
 * JSON as in Ray's files: NaN, Infinity and -Infinity are written as these tokens, which Ray's readers (and Python)
 * accept and `JSON.parse` does not; `fromJson` reads them. Values that JSON has no form for are written as the nearest
 * one: Map and Set as lists, typed arrays as lists, a bigint as a number or its digits, a function as its name.
 */

const mark = "\u0001manta:";
const marked = /"\\u0001manta:(NaN|-?Infinity)"/g;
const tokens = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/** One line of JSON; never throws: a key whose value cannot be written says so in its place. */
export function toJson(value: unknown, indent?: number): string {
  try {
    return stringify(value, indent);
  } catch {
    if (typeof value !== "object" || value === null) return stringify(String(value), indent);
    const safe = Object.entries(value).map(([key, inner]): [string, unknown] => [key, whole(inner)]);
    return stringify(Object.fromEntries(safe), indent);
  }
}

/** Reads what `toJson` wrote. Throws SyntaxError for anything else. */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const quoted = text.replaceAll(tokens, (token) =>
      token.startsWith('"') ? token : JSON.stringify(mark + token),
    );
    if (quoted === text) throw error;
    return JSON.parse(quoted, (_key, value: unknown) =>
      typeof value === "string" && value.startsWith(mark) ? Number(value.slice(mark.length)) : value,
    );
  }
}

function stringify(value: unknown, indent?: number): string {
  return (JSON.stringify(value, writable, indent) ?? "null").replaceAll(marked, "$1");
}

/** The value if JSON can write it, else a sentence about why it cannot. */
function whole(value: unknown): unknown {
  try {
    JSON.stringify(value, writable);
    return value;
  } catch (error) {
    return `[not written: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}]`;
  }
}

function writable(_key: string, value: unknown): unknown {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? value : `${mark}${value}`;
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case "function":
      return `[function ${value.name || "anonymous"}]`;
    case "symbol":
      return String(value);
    case "object":
      if (value instanceof Map || value instanceof Set) return [...value];
      if (ArrayBuffer.isView(value) && !(value instanceof DataView))
        return Array.from(value as Iterable<unknown> & ArrayBufferView);
      if (value instanceof Error) return String(value);
      return value;
    default:
      return value;
  }
}
