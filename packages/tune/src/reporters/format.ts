/**
 * Values as short text: numbers with four significant digits, durations, shortened names. Pure.
 */
const SIGNIFICANT_DIGITS = 4;

/**
 * A number as people read it: whole numbers in full, others with four significant digits, and an exponent only
 * where zeros would hide the number.
 * @example [0.0688874, 1234.5678, 12, 0.00001234].map(formatNumber) // ["0.06889", "1235", "12", "1.234e-5"]
 */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || (Number.isInteger(value) && size < 1e15)) return String(value);
  // Number() drops the zeros that toPrecision pads with.
  if (size >= 1e-4 && size < 1e15) {
    return size >= 10 ** SIGNIFICANT_DIGITS
      ? String(Math.round(value))
      : String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
  }
  const [digits = "", exponent = ""] = value.toExponential(SIGNIFICANT_DIGITS - 1).split("e");
  return `${Number(digits)}e${exponent}`;
}

/** Any value of a metric or hyperparameter in one line; nothing for undefined. */
export function formatValue(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "";
    case "number":
      return formatNumber(value);
    case "string":
      return oneLine(value);
    case "function":
      return value.name === "" ? "function" : value.name;
    case "object":
      return value === null ? "null" : formatObject(value);
    default:
      return String(value);
  }
}

function formatObject(value: object): string {
  if (Array.isArray(value)) return `[${value.map(formatValue).join(", ")}]`;
  const entries = Object.entries(value).map(([key, item]) => `${key}: ${formatValue(item)}`);
  return `{${entries.join(", ")}}`;
}

/** Line breaks and other control characters would tear a table apart. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}

/**
 * At most `length` characters. Names differ at their ends, so the beginning goes.
 * @example truncate("some_long_string/even_longer", 15) // ".../even_longer"
 */
export function truncate(text: string, length: number): string {
  if (text.length <= length) return text;
  return length <= 3 ? text.slice(-length) : `...${text.slice(3 - length)}`;
}

/** At most `length` characters of a sentence, which begins with what matters. */
export function truncateEnd(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 3))}...`;
}

/**
 * Seconds as a clock, with days in front when there are any.
 * @example formatDuration(178282) // "2 days, 01:31:22.00"
 */
export function formatDuration(seconds: number): string {
  const hundredths = Math.round(Math.max(0, seconds) * 100);
  const whole = Math.floor(hundredths / 100);
  const days = Math.floor(whole / 86_400);
  const clock = [Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60, whole % 60]
    .map(twoDigits)
    .join(":");
  const prefix = days === 0 ? "" : `${days} ${days === 1 ? "day" : "days"}, `;
  return `${prefix}${clock}.${twoDigits(hundredths % 100)}`;
}

/** Bytes as GiB, or MiB below one. */
export function formatBytes(bytes: number): string {
  return bytes >= 2 ** 30 ? `${formatNumber(bytes / 2 ** 30)} GiB` : `${formatNumber(bytes / 2 ** 20)} MiB`;
}

/** `lr=0.01, net/width=64`. */
export function formatParams(params: Readonly<Record<string, unknown>>): string {
  return Object.entries(params)
    .map(([key, value]) => `${key}=${formatValue(value)}`)
    .join(", ");
}

/** `1 trial`, `2 trials`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
