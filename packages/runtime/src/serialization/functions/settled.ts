/**
 * Parts of functions that are the same each time: imports, and classes that need nothing but code. Taking a class
 * apart costs more than all else about sending its instances. The parts are valid for as long as the class and its
 * prototype have the properties that they had.
 */
import { type FunctionParts, ImportReference } from "./types.ts";

interface Settled {
  readonly parts: FunctionParts | ImportReference;
  readonly looks: readonly unknown[];
}

const known = new WeakMap<Function, Settled>();

/** The parts of a function that were noted before, unless it has changed since. */
export function settledParts(fn: Function): FunctionParts | ImportReference | undefined {
  const settled = known.get(fn);
  if (settled === undefined || settled.looks.length === 0) return settled?.parts;
  const looks = looksOf(fn);
  const isSame =
    looks.length === settled.looks.length && looks.every((part, at) => Object.is(part, settled.looks[at]));
  return isSame ? settled.parts : undefined;
}

/** Notes the parts of a function for the next time, if they will be the same then. */
export function settleParts(fn: Function, parts: FunctionParts | ImportReference): void {
  if (parts instanceof ImportReference) known.set(fn, { parts, looks: [] });
  else if (isOnlyCode(parts)) known.set(fn, { parts, looks: looksOf(fn) });
}

function isOnlyCode({ code, values, problems }: FunctionParts): boolean {
  const isCode = (value: unknown): boolean => value instanceof ImportReference || typeof value === "function";
  return problems === undefined && code.kind === "class" && values.every(({ value }) => isCode(value));
}

/** All that can be seen of a class's own properties and those of its prototype. */
function looksOf(cls: Function): unknown[] {
  const looks: unknown[] = [];
  const prototype: unknown = Object.getOwnPropertyDescriptor(cls, "prototype")?.value;
  for (const owner of [cls, prototype]) {
    if ((typeof owner !== "object" && typeof owner !== "function") || owner === null) continue;
    looks.push(Object.getPrototypeOf(owner));
    for (const key of Reflect.ownKeys(owner)) {
      const property = Object.getOwnPropertyDescriptor(owner, key);
      looks.push(key, property?.value, property?.get, property?.set);
      looks.push(property?.writable, property?.enumerable, property?.configurable);
    }
  }
  return looks;
}
