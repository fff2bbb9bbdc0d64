/**
 * Changes in the source of a class: the `extends` expression and computed keys were evaluated once, at the definition,
 * perhaps with variables that V8 did not keep. The live prototype and the live keys take their places.
 */
import type { Capturing, Subject } from "./capturing.ts";
import { computedKey } from "./class-members.ts";
import type { TakenKeys } from "./class-members.ts";
import type { Range } from "./parse.ts";
import { viteRoot } from "./modules.ts";

export interface RewrittenClass {
  /** Ranges of the text that are replaced: variables used only there are not captured. */
  readonly replaced: readonly Range[];
  /** Index of the class that it extends among the values. */
  readonly base: number | undefined;
  readonly importRoot: string | undefined;
}

/** Replaces what must be replaced in a class; for a function there is nothing to do. */
export function rewriteClass({ fn, shape, script }: Subject, into: Capturing): RewrittenClass {
  const importRoot = script.system === "vite" ? viteRoot() : undefined;
  const replaced: Range[] = [];
  let base: number | undefined;
  const cls = shape.class;
  if (cls === undefined) return { replaced, base, importRoot };
  if (cls.superClass !== undefined && !cls.extendsNull) {
    const name = into.fresh("base");
    base = into.values.length;
    into.param(name, { label: "extends", value: Object.getPrototypeOf(fn) as unknown });
    into.edits.push({ ...cls.superClass, text: name });
    replaced.push(cls.superClass);
  }
  const taken: TakenKeys = [];
  for (const member of cls.members) {
    if (member.computed === undefined) continue;
    const key = computedKey(fn, shape, member, taken);
    if (key === undefined) continue;
    if (typeof key === "string") into.edits.push({ ...member.computed, text: JSON.stringify(key) });
    else {
      const name = into.fresh("key");
      into.param(name, { label: `key ${String(key)}`, value: key });
      into.edits.push({ ...member.computed, text: name });
    }
    replaced.push(member.computed);
  }
  return { replaced, base, importRoot };
}
