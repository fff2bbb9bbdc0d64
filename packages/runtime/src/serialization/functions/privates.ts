/**
 * Private members of classes. They exist in no property of an instance and cannot be read from outside of the class,
 * so an instance that has any cannot be copied.
 */
import { capture } from "./lazy.ts";

const known = new WeakMap<Function, readonly string[]>();

/** Classes with private members of Node's, whose instances have a form of their own in the codec. */
const carried: ReadonlySet<unknown> = new Set([URL, URLSearchParams, DOMException]);

/** The `#names` that instances of a class have from it and from its bases; empty when an instance can be copied. */
export function privateMembers(cls: Function): readonly string[] {
  const before = known.get(cls);
  if (before !== undefined) return before;
  const names: string[] = [];
  for (
    let at: unknown = cls;
    typeof at === "function" && at !== Function.prototype;
    at = Object.getPrototypeOf(at)
  ) {
    if (carried.has(at)) break;
    const text = Function.prototype.toString.call(at);
    // The parser is only worth loading for a class that can have private members.
    if (text.startsWith("class") && text.includes("#")) names.push(...capture().privateNames(text));
  }
  known.set(cls, names);
  return names;
}
