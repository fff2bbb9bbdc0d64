/**
 * The work behind `dismantle.ts`: native and bound functions, explicit captures, exports,
 * and last the function by value.
 */
import { builtinClassOf, isNative } from "../builtins.ts";
import { givenCaptures } from "./captures.ts";
import { inspectBound, inspectFunction, InspectorUnavailable, scriptOf } from "./inspector.ts";
import type { BoundCode } from "./code.ts";
import { byValue, isStrict, parseSubject, unknownScript } from "./by-value.ts";
import { dismantleExplicitly } from "./explicit.ts";
import { boundProperties } from "./overlays.ts";
import { closedParts } from "./own-properties.ts";
import { globalReference, memberReference } from "./globals.ts";
import { fileName } from "./script-names.ts";
import { cannotSend, titleOf } from "./problems.ts";
import { exportReference, requireReference } from "./modules.ts";
import { noteLocation } from "./describe.ts";
import { isLibrary } from "./library.ts";
import type { Script } from "./script.ts";
import type { DismantleOptions, FunctionParts, FunctionValue, ImportReference } from "./types.ts";

/** Takes apart a function that this thread did not put together and that is no reference by itself. */
export function takeApart(fn: Function, options: DismantleOptions): FunctionParts | ImportReference {
  const text = Function.prototype.toString.call(fn);
  if (isNative(fn)) return ofOtherRealm(fn) ?? dismantleNative(fn);
  const captures = options.captures ?? givenCaptures(fn);
  if (captures !== undefined) return dismantleExplicitly(fn, text, captures);
  try {
    return dismantleSource(fn, text, options);
  } catch (error) {
    if (!(error instanceof InspectorUnavailable)) throw error;
    return dismantleExplicitly(fn, text, undefined, error);
  }
}

/** Whether a function is written in a package and is not exported from its file. */
export function isInternal(fn: Function): boolean {
  if (isNative(fn)) return false;
  try {
    const { location, scopes } = inspectFunction(fn);
    const script = location && scriptOf(location.scriptId);
    return (
      script !== undefined &&
      isLibrary(script.url) &&
      exportReference(fn, script, undefined, scopes) === undefined
    );
  } catch (error) {
    if (error instanceof InspectorUnavailable) return false;
    throw error;
  }
}

/** A class of the language in another realm (`node:vm`) stands for that of this one. */
function ofOtherRealm(fn: Function): ImportReference | undefined {
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  if (typeof prototype !== "object" || prototype === null) return undefined;
  const name = builtinClassOf(prototype);
  const own: unknown = name === undefined ? undefined : Reflect.get(globalThis, name);
  return typeof own === "function" ? globalReference(own) : undefined;
}

function dismantleNative(fn: Function): FunctionParts {
  const bound = inspectBound(fn);
  if (bound === undefined) {
    throw cannotSend({
      subject: `native function ${fn.name || "(anonymous)"}`,
      reason: "it has no source, and it is not reachable from a global of every thread",
      hint: "make or look it up inside the function that uses it.",
    });
  }
  const values: FunctionValue[] = [
    { label: "bound function", value: bound.target },
    { label: "bound this", value: bound.self },
    ...bound.args.map((value, at) => ({ label: `bound argument ${at}`, value })),
  ];
  const code: BoundCode = {
    kind: "function",
    form: "bound",
    source: "",
    name: fn.name,
    parts: values.length,
    overlays: boundProperties(fn, bound.target as Function, values), // Only functions can be bound.
    removed: [],
    closed: closedParts(fn, undefined),
  };
  return { code, values };
}

function dismantleSource(
  fn: Function,
  text: string,
  { holder }: DismantleOptions,
): FunctionParts | ImportReference {
  const { location, scopes } = inspectFunction(fn);
  const found = location && scriptOf(location.scriptId);
  const script = found ?? unknownScript(text);
  const offset =
    found === undefined
      ? 0
      : textOffset(script, text, script.positions.offsetOf(location ?? { line: 0, column: 0 }));
  const exported = found && exportReference(fn, script, offset, scopes);
  if (exported !== undefined) return exported;
  const ofNode = script.url.startsWith("node:") ? (requireReference(fn) ?? memberReference(fn)) : undefined;
  if (ofNode !== undefined) return ofNode;
  const first = script.positions.original(offset) ?? { url: script.url, line: 0, column: 0 };
  noteLocation(fn, first);
  const title = titleOf(fn, text);
  refuseLibrary(fn, script, title);
  const strict = isStrict(fn, text, script);
  const shape = parseSubject(fn, text, strict, title);
  return byValue({ fn, shape, strict, title, script, offset, scopes, holder }, first);
}

/** V8 reports a place inside of the text (the parameters, a constructor); the text starts at or before it. */
function textOffset({ source }: Script, text: string, reported: number): number {
  const at = source.lastIndexOf(text, reported);
  return at === -1 ? reported : at;
}

function refuseLibrary(fn: Function, script: Script, title: string): void {
  if (!isLibrary(script.url)) return;
  const name =
    /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(script.url)?.[1] ?? script.url;
  throw cannotSend({
    subject: title,
    reason: `it is internal to ${name} (${fileName(script.url)}), so a worker cannot import it, and a copy would lose its state`,
    hint: `make it inside the function, or export it from a module of your own and import it from there.`,
  });
}
