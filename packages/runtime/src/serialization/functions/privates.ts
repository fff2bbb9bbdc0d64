/**
 * Private members of classes. They exist in no property of an instance and cannot be read from outside of the class,
 * so an instance that has any cannot be copied.
 */
import { parseFunction } from "./parse.ts";

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
    if (!text.startsWith("class") || !text.includes("#")) continue;
    try {
      for (const member of parseFunction(text, true).class?.members ?? []) {
        if (member.private && !member.static)
          names.push(`#${privateName(text.slice(member.start, member.end))}`);
      }
    } catch {
      // A source that the parser does not know is refused when the class itself is sent.
    }
  }
  known.set(cls, names);
  return names;
}

function privateName(member: string): string {
  return /#([\p{ID_Continue}$]+)/u.exec(member)?.[1] ?? "private";
}
