/** Telling classes from functions. */

/** Whether a function can only be called with `new`, judged by its source text. */
export function isClass(value: unknown): value is abstract new (...args: never[]) => object {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}
