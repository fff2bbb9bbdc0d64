/**
 * Reading metrics: nested values by a path `a/b`, and the flat form that tables and csv files use. A key that itself
 * contains a slash is found first, so that flat and nested reports mean the same.
 */

/** Whether a value is an object whose keys are metrics of their own: a plain object, not a class instance. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/**
 * The value at `path` in a result: the key itself if there is one, else a path through nested objects.
 *
 * @example metricOf({ test: { loss: 1 } }, "test/loss") // 1
 */
export function metricOf(result: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(result, path)) return result[path];
  let at = path.indexOf("/");
  while (at > 0) {
    const head = path.slice(0, at);
    if (Object.hasOwn(result, head)) {
      const inner = result[head];
      if (isPlainObject(inner)) return metricOf(inner, path.slice(at + 1));
      return undefined;
    }
    at = path.indexOf("/", at + 1);
  }
  return undefined;
}

/**
 * Nested objects as one level of keys joined by `/`. Arrays and class instances are values. An empty object stays
 * as itself, so that nothing that was reported is lost.
 *
 * @example flatten({ a: { b: 1 } }) // { "a/b": 1 }
 */
export function flatten(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  const walk = (prefix: string, inner: Readonly<Record<string, unknown>>): void => {
    for (const [key, value] of Object.entries(inner)) {
      if (isPlainObject(value) && Object.keys(value).length > 0) walk(`${prefix}${key}/`, value);
      else flat[`${prefix}${key}`] = value;
    }
  };
  walk("", values);
  return flat;
}
