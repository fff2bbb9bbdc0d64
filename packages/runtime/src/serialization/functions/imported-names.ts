/**
 * Imported names inside of shipped functions. What a worker can import itself is imported there again, under the same
 * specifier and from the same point of view; the rest travels by value, and of a module only the members in use.
 */
import { createRequire } from "node:module";
import { types } from "node:util";
import { isObject } from "../builtins.ts";
import { captured } from "./capturing.ts";
import type { Capturing, Subject } from "./capturing.ts";
import { interopName, noteOrigin, noteSent, requiredName } from "./imports.ts";
import { bindingGroups, scriptByUrl, variableIn } from "./inspector.ts";
import { fileSpecifier, importTarget } from "./modules.ts";
import type { ImportTarget } from "./modules.ts";
import { filePath } from "./script-names.ts";
import type { Reference } from "./scope-analysis.ts";
import type { LocalImport, Script } from "./script.ts";
import { BindingCell, ImportReference } from "./types.ts";

/** Captures an imported name. False when what it holds travels by value like any other variable. */
export function captureImport(
  subject: Subject,
  into: Capturing,
  name: string,
  references: readonly Reference[],
  imported: LocalImport,
  value: unknown,
): boolean {
  const { script } = subject;
  if (references.some(({ write }) => write)) return false;
  const target = importTarget(imported.specifier, script);
  const isModule = imported.name === "*";
  if (target.kind === "value") {
    if (imported.required) return false;
    if (isModule) captureMembers(subject, into, name, references, value, undefined, imported);
    else return captureLive(subject, into, name, references, imported, value);
    return true;
  }
  if (imported.required) {
    captureRequired(subject, into, name, references, target, value);
    return true;
  }
  if (script.system === "vite") {
    captureMembers(subject, into, name, references, value, target, imported);
    return true;
  }
  const [first] = references;
  if (first === undefined) return true;
  const whole = new ImportReference(target.specifier, target.parent, "*");
  if (isModule) {
    if (isObject(value)) noteOrigin(value, whole);
    into.param(name, captured(subject, name, first, whole));
  } else if (isObject(value)) {
    const reference = new ImportReference(target.specifier, target.parent, imported.name);
    into.param(name, captured(subject, name, first, reference));
  } else {
    // A primitive may change in its module: it is read there at each use.
    const module = into.fresh(name);
    into.param(module, captured(subject, name, first, whole));
    for (const use of references) into.replace(use, memberText(module, imported.name));
  }
  return true;
}

/** The members of a module that are used, each by itself; the module as a whole only when it is used as one. */
function captureMembers(
  subject: Subject,
  into: Capturing,
  name: string,
  references: readonly Reference[],
  module: unknown,
  target: Extract<ImportTarget, { kind: "reference" }> | undefined,
  imported: LocalImport,
): void {
  const mocked = target !== undefined && isMocked(subject.script, target.specifier);
  const from = mocked ? undefined : target;
  const params = new Map<string, string>();
  let whole: string | undefined;
  const wholeName = (first: Reference): string => {
    if (whole !== undefined) return whole;
    whole = into.fresh(name);
    const value =
      from === undefined ? { ...(module as object) } : new ImportReference(from.specifier, from.parent, "*");
    into.param(whole, captured(subject, name, first, value));
    return whole;
  };
  for (const reference of references) {
    const { member } = reference;
    if (member === undefined || !isObject(module)) {
      into.replace(reference, wholeName(reference));
      continue;
    }
    const value: unknown = Reflect.get(module, member.name);
    if (from !== undefined && !isObject(value)) {
      into.replace(reference, wholeName(reference));
      continue;
    }
    let param = params.get(member.name);
    if (param === undefined) {
      const fresh = into.fresh(member.name);
      const carried =
        from !== undefined
          ? sentReference(new ImportReference(from.specifier, from.parent, member.name), value)
          : (liveBinding(subject.script, imported.specifier, member.name, value) ?? value);
      into.param(fresh, captured(subject, member.name, reference, carried));
      param = BindingCell.is(carried) ? `${fresh}.value` : fresh;
      params.set(member.name, param);
    }
    // A member of a cell must not be called as its method.
    const text = member.callee && param.includes(".") ? `(0, ${param})` : param;
    into.edits.push({ start: reference.start, end: member.end, text });
  }
}

function sentReference(reference: ImportReference, value: unknown): ImportReference {
  if (isObject(value)) noteSent(value, reference);
  return reference;
}

/**
 * Notes where the modules that a file imports as a whole (`import * as`) are from: one that lies in an object cannot
 * be told otherwise.
 */
export function noteNamespaces(script: Script, variables: Readonly<Record<string, unknown>>): void {
  for (const [name, { specifier, name: exported }] of script.imports()) {
    const value = variableIn(variables, name);
    if (exported !== "*" || !isObject(value) || !types.isModuleNamespaceObject(value)) continue;
    const target = importTarget(specifier, script);
    if (target.kind === "reference")
      noteOrigin(value, new ImportReference(target.specifier, target.parent, "*"));
  }
}

/** A name whose module assigns it after the import: it is shared with the module's functions in the same payload. */
function captureLive(
  subject: Subject,
  into: Capturing,
  name: string,
  references: readonly Reference[],
  imported: LocalImport,
  value: unknown,
): boolean {
  const cell = liveBinding(subject.script, imported.specifier, imported.name, value);
  const [first] = references;
  if (cell === undefined || first === undefined) return false;
  const box = into.fresh(name);
  into.param(box, captured(subject, name, first, cell));
  for (const reference of references) into.replace(reference, `${box}.value`);
  return true;
}

/** The cell of an exported variable that functions of its module assign. */
function liveBinding(
  script: Script,
  specifier: string,
  name: string,
  value: unknown,
): BindingCell | undefined {
  const url = fileSpecifier(specifier, script);
  const origin = url === undefined ? undefined : scriptByUrl(url);
  const local = origin?.exports().get(name);
  const variable = local === undefined ? undefined : origin?.assigned().module.get(local);
  if (origin === undefined || variable === undefined) return undefined;
  return bindingGroups().moduleCell(origin.scriptId, variable.declaration, value);
}

/** `vi.mock` replaces a module in this thread only: what it put there is what the test means. */
function isMocked(script: Script, specifier: string): boolean {
  if (!/\.(?:do)?[mM]ock\(/.test(script.source)) return false;
  const calls = /\.(?:mock|doMock)\(\s*(?:[\w$]+\()?\s*["'`]([^"'`]+)["'`]/g;
  for (const [, mocked] of script.source.matchAll(calls)) {
    if (mocked === undefined) continue;
    const target = importTarget(mocked, script);
    if (target.kind === "reference" && sameModule(target.specifier, specifier, mocked)) return true;
  }
  return false;
}

function sameModule(resolved: string, specifier: string, written: string): boolean {
  return resolved === specifier || specifier.includes(`/node_modules/${written}/`);
}

/** A variable that holds `require(…)`, perhaps through a compiler's helper that makes it look like an ES module. */
function captureRequired(
  subject: Subject,
  into: Capturing,
  name: string,
  references: readonly Reference[],
  target: Extract<ImportTarget, { kind: "reference" }>,
  value: unknown,
): void {
  const [first] = references;
  if (first === undefined) return;
  if (!isObject(value)) {
    into.param(name, captured(subject, name, first, value));
    return;
  }
  const real = requiredHere(target, subject.script);
  const isHelped = isObject(real) && value !== real;
  const how = isHelped ? interopName : requiredName;
  // `require` of the worker resolves a bare specifier as the file's own does.
  const parent = target.parent ?? subject.script.home;
  const reference = new ImportReference(target.specifier, parent, how);
  into.param(name, captured(subject, name, first, reference));
}

/** The module itself; it is loaded, so `require` only looks it up. */
function requiredHere({ specifier }: Extract<ImportTarget, { kind: "reference" }>, script: Script): unknown {
  try {
    return createRequire(script.home)(filePath(specifier) ?? specifier) as unknown;
  } catch {
    return undefined;
  }
}

function memberText(module: string, name: string): string {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
    ? `${module}.${name}`
    : `${module}[${JSON.stringify(name)}]`;
}
