/**
 * The `this` of an arrow function where it can be known without running anything: an arrow of a module has none, and
 * an arrow in a field of a class has the instance that it hangs on.
 */
import type { AnyNode, Class } from "acorn";
import type { Subject } from "./capturing.ts";
import { acorn } from "./lazy.ts";
import { parserOptions } from "./parse.ts";
import { childrenOf } from "./syntax.ts";

/** What `this` is at an offset of the function's text; undefined when it cannot be known. */
export function fieldReceiver(subject: Subject, start: number): { readonly value: unknown } | undefined {
  const { script, offset, holder } = subject;
  // Code of `node -e` and of the REPL is a script.
  const isTyped = /^(?:\[eval\d*\]|REPL\d+)$/.test(script.url);
  if (script.system === "other" && !isTyped) return undefined;
  let program: AnyNode;
  try {
    program = acorn().parse(script.source, parserOptions(script.system === "esm" ? "module" : "script"));
  } catch {
    return undefined;
  }
  const around = receiverOf(program, offset + start);
  if (around === undefined) {
    // `this` of a CommonJS module is its exports.
    if (script.system === "cjs") return undefined;
    return { value: script.system === "esm" ? undefined : globalThis };
  }
  if (around.cls === undefined || around.static || holder === undefined) return undefined;
  const text = script.source.slice(around.cls.start, around.cls.end);
  return isInstance(holder, text) ? { value: holder } : undefined;
}

interface Receiver {
  /** The class whose field holds the place; undefined when a function does. */
  readonly cls: Class | undefined;
  readonly static: boolean;
}

/** The innermost node around a place that gives `this` a value; undefined for none. */
function receiverOf(program: AnyNode, place: number): Receiver | undefined {
  let found: Receiver | undefined;
  let cls: Class | undefined;
  let node: AnyNode | undefined = program;
  while (node !== undefined) {
    if (node.type === "ClassDeclaration" || node.type === "ClassExpression") cls = node;
    else if (
      node.type === "FunctionDeclaration" ||
      node.type === "FunctionExpression" ||
      node.type === "StaticBlock"
    ) {
      found = { cls: undefined, static: false };
    } else if (node.type === "PropertyDefinition" && node.value && contains(node.value, place)) {
      found = { cls, static: node.static };
    }
    node = childrenOf(node).find((child) => contains(child, place));
  }
  return found;
}

function contains({ start, end }: { start: number; end: number }, place: number): boolean {
  return start <= place && place < end;
}

function isInstance(holder: object, classText: string): boolean {
  for (
    let at: unknown = Object.getPrototypeOf(holder);
    at !== null && typeof at === "object";
    at = Object.getPrototypeOf(at)
  ) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(at, "constructor")?.value;
    if (typeof constructor === "function" && Function.prototype.toString.call(constructor) === classText)
      return true;
  }
  return false;
}
