/**
 * Decides for each free variable of a function how it travels: as a value (a parameter of the wrapper), as an import,
 * as a cell that several closures share, as the function itself, or not at all because every thread has it.
 */
import Module from "node:module";
import { types } from "node:util";
import { captured } from "./capturing.ts";
import type { Capturing, Subject } from "./capturing.ts";
import { isStandardGlobal } from "./globals.ts";
import { captureImport, noteNamespaces } from "./imported-names.ts";
import {
  bindingGroups,
  isAssignedInRepl,
  isReplLine,
  UNSET,
  valuesIn,
  variableIn,
  nodeTellsUnset,
} from "./inspector.ts";
import type { CapturedScope } from "./inspector.ts";
import { requiredReference } from "./loadable.ts";
import { cannotSend, warnOnce } from "./problems.ts";
import type { Reference } from "./scope-analysis.ts";
import type { AssignedVariable, Script } from "./script.ts";
import type { BindingCell } from "./types.ts";
import { undefinedAt } from "./uninitialized.ts";
import { weakReference } from "./weak-collections.ts";

/** Captures all free variables. `skip` are ranges of the text that will be replaced as a whole. */
export function captureVariables(
  subject: Subject,
  into: Capturing,
  skip: readonly { start: number; end: number }[],
): void {
  const { script, scopes } = subject;
  const module = scopes.findIndex((_, at) => isModuleLevel(script, scopes, at));
  if (subject.shape.free.size > 0) noteNamespaces(script, scopes[module]?.variables ?? {});
  for (const [name, all] of subject.shape.free) {
    const references = all.filter(
      (use) => !skip.some(({ start, end }) => use.start >= start && use.end <= end),
    );
    const [first] = references;
    if (first !== undefined) into.attempt(() => captureVariable(subject, into, name, references, first));
  }
}

function captureVariable(
  subject: Subject,
  into: Capturing,
  name: string,
  references: readonly Reference[],
  first: Reference,
): void {
  const { script, scopes, fn } = subject;
  const at = scopes.findIndex(({ kind, variables }) => kind !== "Global" && Object.hasOwn(variables, name));
  const scope = scopes[at];
  if (scope === undefined) {
    captureGlobal(subject, into, name, references, first);
    return;
  }
  const value = variableIn(scope.variables, name);
  if (value === UNSET || (value === undefined && !nodeTellsUnset))
    checkUndefined(subject, name, first, value);
  const moduleLevel = isModuleLevel(script, scopes, at);
  const imported = moduleLevel ? script.imports().get(name) : undefined;
  if (imported !== undefined && captureImport(subject, into, name, references, imported, value)) return;
  if (moduleLevel && captureModuleVariable(subject, into, name, first, value)) return;
  if (value === fn && !references.some(({ write }) => write)) {
    into.params.push({ name, from: "self" });
    return;
  }
  if (types.isWeakMap(value) || types.isWeakSet(value)) {
    captureWeak(subject, into, name, first, value);
    return;
  }
  const whole = isObject(value) ? requiredReference(value) : undefined;
  if (whole !== undefined && !references.some(({ write }) => write)) {
    into.param(name, captured(subject, name, first, whole));
    return;
  }
  if (scope.kind === "Script" && isReplLine(script.url) && isAssignedInRepl(name)) {
    captureCell(subject, into, name, references, bindingGroups().moduleCell(`REPL ${name}`, 0, value));
    return;
  }
  const variable = assignedVariable(subject, references, moduleLevel);
  if (variable === undefined) {
    into.param(name, captured(subject, name, first, value));
    return;
  }
  const cell = bindingGroups().cellFor(
    {
      fn,
      scriptId: script.scriptId,
      declaration: variable.declaration,
      closure: subject.offset,
      once: variable.makesOnce(subject.offset, subject.offset + subject.shape.text.length),
      own: valuesIn(scope.variables),
      around: valuesAround(script, scopes, at + 1),
      moduleLevel: variable.moduleLevel,
      holder: subject.holder,
    },
    value,
  );
  captureCell(subject, into, name, references, cell);
}

/** A variable without a value may be one whose declaration has not run yet. */
function checkUndefined(
  { script, offset, title }: Subject,
  name: string,
  { start }: Reference,
  value: unknown,
): void {
  const undefinedIs = value === UNSET ? "never" : undefinedAt(script, offset + start);
  if (undefinedIs === "meant") return;
  const written = script.positions.nameAt(offset + start) ?? name;
  const place = script.positions.label(offset + start);
  if (undefinedIs === "perhaps") {
    warnOnce(
      "MANTA_CAPTURED_UNDEFINED",
      place,
      `${title} captures '${written}' (${place}), which is undefined at this moment; if its declaration runs later, send the function after it`,
    );
    return;
  }
  throw cannotSend({
    subject: title,
    reason: `'${written}' (used at ${place}) has no value yet: its declaration has not run`,
    frame: script.positions.frame(offset + start),
    hint: "send the function after the declaration, or move the declaration up.",
  });
}

/** A variable that is assigned: it becomes a field of a cell, which all closures in the payload share. */
function captureCell(
  subject: Subject,
  into: Capturing,
  name: string,
  references: readonly Reference[],
  cell: BindingCell,
): void {
  const [first] = references;
  if (first === undefined) return;
  const box = into.fresh(name);
  into.param(box, captured(subject, name, first, cell));
  for (const reference of references) into.replace(reference, `${box}.value`);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/**
 * A WeakMap or WeakSet cannot be listed, so it arrives empty; each thread has one for all functions that share it.
 * Compilers keep private members of classes in such variables: there it must be so, and needs no warning.
 */
function captureWeak(
  subject: Subject,
  into: Capturing,
  name: string,
  first: Reference,
  value: WeakMap<object, unknown> | WeakSet<object>,
): void {
  if (subject.shape.form !== "class") {
    const place = subject.script.positions.label(subject.offset + first.start);
    warnOnce(
      "MANTA_EMPTY_WEAK_COLLECTION",
      place,
      `${subject.title} captures '${name}' (${place}), a ${types.isWeakMap(value) ? "WeakMap" : "WeakSet"}; in a worker it starts empty`,
    );
  }
  into.param(name, captured(subject, name, first, weakReference(value)));
}

/** The variable if a nested function assigns it anywhere in the file. */
function assignedVariable(
  { script, offset }: Subject,
  references: readonly Reference[],
  moduleLevel: boolean,
): AssignedVariable | undefined {
  const { uses } = script.assigned();
  for (const { start } of references) {
    const variable = uses.get(offset + start);
    if (variable !== undefined) return variable;
  }
  if (!references.some(({ write }) => write)) return undefined;
  // A file that is not parsed as a whole: the function's own assignments still work, for itself.
  return { declaration: -1 - offset - (references[0]?.start ?? 0), moduleLevel, makesOnce: () => true };
}

function valuesAround(script: Script, scopes: readonly CapturedScope[], from: number): unknown[] {
  const values: unknown[] = [];
  for (let at = from; at < scopes.length && !isModuleLevel(script, scopes, at); at++) {
    values.push(...valuesIn(scopes[at]?.variables ?? {}));
  }
  return values;
}

/** Whether the scope at an index is one of the file as a whole. CommonJS and vitest put the file into a function. */
function isModuleLevel(script: Script, scopes: readonly CapturedScope[], at: number): boolean {
  const kind = scopes[at]?.kind;
  if (kind === "Module" || kind === "Script" || kind === "Global") return true;
  // A compiler may put the module's code into one more function.
  if (script.system === "cjs") return kind === "Closure" && onlyProvided(scopes, at + 1);
  if (script.system !== "vite") return false;
  const outer = scopes.slice(at + 1).every((scope) => scope.kind === "Global" || scope.kind === "Script");
  // A block for the module's code, inside of a function that takes what vitest provides.
  const block = scopes[at]?.variables ?? {};
  const marks = (variables: object): boolean =>
    Object.keys(variables).some((key) => key.startsWith("__vite_ssr_") || key.startsWith("__vi_"));
  return outer || (kind === "Block" && (marks(block) || onlyProvided(scopes, at + 1)));
}

function onlyProvided(scopes: readonly CapturedScope[], from: number): boolean {
  return scopes
    .slice(from)
    .every(
      ({ kind, variables }) =>
        kind !== "Block" && (kind !== "Closure" || Object.keys(variables).every((key) => provided.has(key))),
    );
}

/** Parameters of the functions that CommonJS and vitest put around a module. */
const provided: ReadonlySet<string> = new Set([
  "__vite_ssr_exports__",
  "__vite_ssr_import_meta__",
  "__vite_ssr_import__",
  "__vite_ssr_dynamic_import__",
  "__vite_ssr_exportAll__",
  "__vite_ssr_exportName__",
  "__filename",
  "__dirname",
  "module",
  "exports",
  "require",
]);

/** Variables that loaders put around a module. */
function captureModuleVariable(
  subject: Subject,
  into: Capturing,
  name: string,
  first: Reference,
  value: unknown,
): boolean {
  const { script } = subject;
  if (script.system === "vite") {
    if (name === "__vite_ssr_import_meta__") into.params.push({ name, from: "meta" });
    else if (name === "__vite_ssr_dynamic_import__") into.params.push({ name, from: "import" });
    else return false;
    return true;
  }
  if (script.system !== "cjs" || name !== "module" || !(value instanceof Module)) return false;
  // What code reads of its module; the rest is the loader's.
  const { id, filename, path, exports } = value;
  into.param(name, captured(subject, name, first, { id, filename, path, exports: exports as unknown }));
  return true;
}

function captureGlobal(
  subject: Subject,
  into: Capturing,
  name: string,
  references: readonly Reference[],
  first: Reference,
): void {
  if (isStandardGlobal(name)) return;
  const globals = subject.scopes.findLast(({ kind }) => kind === "Global")?.variables ?? globalThis;
  if (name in globals) {
    const place = subject.script.positions.label(subject.offset + first.start);
    warnOnce(
      "MANTA_CAPTURED_GLOBAL",
      name,
      `${subject.title} uses the global '${name}' (${place}), which a worker does not have; it is sent as it is now`,
    );
    into.param(name, captured(subject, name, first, Reflect.get(globals, name), "global"));
    return;
  }
  // Code in a text may declare it.
  if (subject.shape.usesWith || (!subject.strict && subject.shape.free.has("eval"))) return;
  // `typeof name` asks whether it exists; assigning it in sloppy code makes it.
  if (references.some(({ typeofOperand, write }) => typeofOperand || (write && !subject.strict))) return;
  throw cannotSend({
    subject: subject.title,
    reason: `'${name}' is not defined (used at ${subject.script.positions.label(subject.offset + first.start)})${subject.unread?.reason ?? ""}`,
    frame: subject.script.positions.frame(subject.offset + first.start),
    hint:
      subject.unread?.hint.replaceAll("NAME", name) ??
      `declare or import '${name}' where the function can see it, or test for it with typeof first.`,
  });
}
