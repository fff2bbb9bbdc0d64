/**
 * What is known of one script that V8 has compiled: where it comes from, which of its names are imports, what it
 * exports, and which of its variables a nested function assigns. Everything but the head is found at first need.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { once } from "../../core/load.ts";
import { acorn, lexer } from "./lazy.ts";
import { parserOptions } from "./parse.ts";
import { analyse } from "./scope-analysis.ts";
import type { Analysis, Declaration, FunctionPlace } from "./scope-analysis.ts";
import { sourcePositions } from "./positions.ts";
import type { SourcePositions } from "./positions.ts";

/** What the debugger tells of a script. */
export interface ScriptHead {
  readonly scriptId: string;
  readonly url: string;
  readonly sourceMapURL: string;
  /** Position of the first character; a loader that wraps code starts before column 0. */
  readonly startLine: number;
  readonly startColumn: number;
  readonly isModule: boolean;
}

/** An import statement's (or a `require` call's) local name. */
export interface LocalImport {
  readonly specifier: string;
  /** Export name, or `"*"` for the whole module. */
  readonly name: string;
  /** The value has been through a bundler's or a compiler's CommonJS helper, or is `module.exports` itself. */
  readonly required: boolean;
}

/** Variables that some function inside of their scope assigns. */
export interface AssignedVariables {
  /** Offset of each use to the declaration. */
  readonly uses: ReadonlyMap<number, AssignedVariable>;
  /** Declarations of the module itself, by name. */
  readonly module: ReadonlyMap<string, AssignedVariable>;
  /** Names that are assigned here and declared elsewhere. */
  readonly elsewhere: ReadonlySet<string>;
}

export interface AssignedVariable {
  readonly declaration: number;
  readonly moduleLevel: boolean;
  /** Whether one call makes at most one closure of the text in this range. */
  makesOnce(start: number, end: number): boolean;
}

export interface Script extends ScriptHead {
  readonly source: string;
  /** `file:` URL of the script; code without a file (`node -e`, the REPL) counts as lying in the working directory. */
  readonly home: string;
  /** ESM, CommonJS, or a module that Vite has rewritten into a function (vitest). */
  readonly system: "esm" | "cjs" | "vite" | "other";
  /** Line and column of the user's file, through the source map if there is one. */
  readonly positions: SourcePositions;
  readonly imports: () => ReadonlyMap<string, LocalImport>;
  /** Export name to local name; `undefined` stands for an anonymous default export. */
  readonly exports: () => ReadonlyMap<string, string | undefined>;
  readonly assigned: () => AssignedVariables;
  /** The file, or the function around it, opts into strict mode. */
  readonly strict: boolean;
}

/** Above this size a script is not parsed as a whole: a bundle would cost hundreds of milliseconds. */
const parsedAtMost = 1_500_000;

/** Describes a script from its head and source. */
export function describeScript(head: ScriptHead, source: string): Script {
  const system = systemOf(head, source);
  return {
    ...head,
    source,
    home: homeOf(head.url),
    system,
    positions: sourcePositions(head, source),
    imports: once(() =>
      system === "esm" ? esmImports(source) : system === "vite" ? viteImports(source) : requires(source),
    ),
    exports: once(() =>
      system === "esm" ? esmExports(source) : system === "vite" ? viteExports(source) : new Map(),
    ),
    assigned: once(() => assignedVariables(source, system)),
    strict:
      head.isModule ||
      system === "vite" ||
      /^\s*(?:\/\/[^\n]*\n\s*|\/\*[^]*?\*\/\s*)*["']use strict["']/.test(source),
  };
}

function homeOf(url: string): string {
  if (url.startsWith("file:")) return url;
  return pathToFileURL(resolve(url === "" ? "[anonymous]" : url)).href;
}

function systemOf({ isModule, url }: ScriptHead, source: string): Script["system"] {
  if (isModule) return "esm";
  if (source.slice(0, 400).includes("__vite_ssr_exports__")) return "vite";
  return url.startsWith("file:") || url.startsWith("/") || /^[A-Za-z]:\\/.test(url) ? "cjs" : "other";
}

function esmImports(source: string): ReadonlyMap<string, LocalImport> {
  const found = new Map<string, LocalImport>();
  const awaited =
    /(?:const|let|var)\s+([\p{ID_Continue}$]+)\s*=\s*await\s+import\(\s*(["'])([^"'\n]+)\2\s*\)\s*(?![.\s[(])/gu;
  for (const [, local, , specifier] of source.matchAll(awaited)) {
    if (local !== undefined && specifier !== undefined)
      found.set(local, { specifier, name: "*", required: false });
  }
  const [imports] = lexer().parse(source);
  for (const { n: specifier, ss, se, d } of imports) {
    if (specifier === undefined || d !== -1) continue;
    const program = acorn().parse(source.slice(ss, se), parserOptions("module"));
    for (const statement of program.body) {
      if (statement.type !== "ImportDeclaration") continue;
      for (const part of statement.specifiers) {
        const name =
          part.type === "ImportNamespaceSpecifier"
            ? "*"
            : part.type === "ImportDefaultSpecifier"
              ? "default"
              : part.imported.type === "Identifier"
                ? part.imported.name
                : String(part.imported.value);
        found.set(part.local.name, { specifier, name, required: false });
      }
    }
  }
  return found;
}

function esmExports(source: string): ReadonlyMap<string, string | undefined> {
  const [, exports] = lexer().parse(source);
  return new Map(exports.map(({ n, ln }) => [n, ln]));
}

function viteImports(source: string): ReadonlyMap<string, LocalImport> {
  const found = new Map<string, LocalImport>();
  // Beside `vi.mock` the static imports of a file become dynamic ones behind it; others are the user's own.
  const statement =
    /(?:const|let|var) ([\p{ID_Continue}$]+) = await __vite_ssr_(?:dynamic_)?import__\(("(?:[^"\\]|\\.)*")/gu;
  for (const [, local, specifier] of source.matchAll(statement)) {
    if (local === undefined || specifier === undefined) continue;
    found.set(local, { specifier: JSON.parse(specifier) as string, name: "*", required: false });
  }
  return found;
}

function viteExports(source: string): ReadonlyMap<string, string> {
  const statement = /__vite_ssr_exportName__\("([^"]+)", \(\) => \{ try \{ return ([\p{ID_Continue}$]+) \}/gu;
  const found = new Map<string, string>();
  for (const [, name, local] of source.matchAll(statement)) {
    if (name !== undefined && local !== undefined) found.set(name, local);
  }
  return found;
}

function requires(source: string): ReadonlyMap<string, LocalImport> {
  const statement =
    /([\p{ID_Continue}$]+)\s*=\s*(?:(?:\(0,\s*)?[\p{ID_Continue}$.]+\)?\()?require\((["'])([^"'\n]+)\2\)/gu;
  const found = new Map<string, LocalImport>();
  for (const [, local, , specifier] of source.matchAll(statement)) {
    if (local !== undefined && specifier !== undefined)
      found.set(local, { specifier, name: "*", required: true });
  }
  return found;
}

function assignedVariables(source: string, system: Script["system"]): AssignedVariables {
  const uses = new Map<number, AssignedVariable>();
  const module = new Map<string, AssignedVariable>();
  const elsewhere = new Set<string>();
  const found: AssignedVariables = { uses, module, elsewhere };
  if (source.length > parsedAtMost) return found;
  let analysis: Analysis;
  try {
    const program = acorn().parse(source, parserOptions(system === "esm" ? "module" : "script"));
    analysis = analyse(program, system !== "cjs");
  } catch {
    return found; // Newer syntax than the parser's, or nested too deeply: the variables are taken as they are.
  }
  const { references, functions } = analysis;
  const assigned = new Map<Declaration, AssignedVariable>();
  for (const { write, declaration, owner, name } of references) {
    if (write && declaration === undefined) elsewhere.add(name);
    if (!write || declaration === undefined || owner === declaration.owner || assigned.has(declaration))
      continue;
    const { type, start } = declaration.owner;
    // What is in a loop of the module is there once for each turn.
    // vitest's modules are the body of one arrow, which begins behind the directive.
    const moduleLevel = declaration.loops === 0 && (type === "Program" || (system === "vite" && start < 20));
    const variable = {
      declaration: declaration.start,
      moduleLevel,
      makesOnce: onceIn(declaration, functions),
    };
    assigned.set(declaration, variable);
    if (moduleLevel) module.set(declaration.name, variable);
  }
  for (const { start, declaration } of references) {
    const variable = declaration && assigned.get(declaration);
    if (variable !== undefined) uses.set(start, variable);
  }
  return found;
}

function onceIn(
  { owner, loops }: Declaration,
  functions: readonly FunctionPlace[],
): AssignedVariable["makesOnce"] {
  // Kept are the numbers only: the syntax tree is as large as the source.
  const places = functions
    .filter((place) => place.around === owner)
    .map((place) => ({ start: place.start, end: place.end, inLoop: place.loops > loops }));
  return (start, end) => places.some((place) => !place.inLoop && place.start >= start && place.end === end);
}
