/**
 * Variables that are read before they have their value. V8 shows a `const` in its temporal dead zone as `undefined`;
 * the source tells whether `undefined` can be what was meant.
 */
import type { AnyNode } from "acorn";
import { acorn } from "./lazy.ts";
import { parserOptions } from "./parse.ts";
import { analyse } from "./scope-analysis.ts";
import type { Analysis } from "./scope-analysis.ts";
import type { Script } from "./script.ts";
import { childrenOf } from "./syntax.ts";

/** `never`: the declaration gives a value that is not undefined, so it has not run. `perhaps`: it could give undefined. */
export type UndefinedIs = "meant" | "perhaps" | "never";

const known = new WeakMap<Script, ReadonlyMap<number, UndefinedIs>>();

/** What it means that the variable used at an offset of the script holds `undefined`. */
export function undefinedAt(script: Script, offset: number): UndefinedIs {
  let uses = known.get(script);
  if (uses === undefined) known.set(script, (uses = judge(script)));
  return uses.get(offset) ?? "meant";
}

/** Uses of variables by offset, those left out that may well be undefined. */
function judge({ source, system }: Script): ReadonlyMap<number, UndefinedIs> {
  const uses = new Map<number, UndefinedIs>();
  let program: AnyNode;
  let references: Analysis["references"];
  try {
    program = acorn().parse(source, parserOptions(system === "esm" ? "module" : "script"));
    references = analyse(program, system !== "cjs").references;
  } catch {
    return uses; // Newer syntax than the parser's, or nested too deeply.
  }
  const declared = declarations(program);
  const assigned = new Set(
    references.filter(({ write }) => write).map(({ declaration }) => declaration?.start),
  );
  for (const { start, declaration } of references) {
    const verdict = declaration && declared.get(declaration.start);
    if (verdict !== undefined && !assigned.has(declaration?.start)) uses.set(start, verdict);
  }
  return uses;
}

/** Declarations that give a value, by the offset of the name. */
function declarations(program: AnyNode): Map<number, UndefinedIs> {
  const found = new Map<number, UndefinedIs>();
  const left: AnyNode[] = [program];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    left.push(...childrenOf(node));
    if (node.type === "ClassDeclaration" && node.id !== null) found.set(node.id.start, "never");
    if (node.type !== "VariableDeclaration" || node.kind === "var") continue;
    for (const { id, init } of node.declarations) {
      if (id.type === "Identifier" && init) found.set(id.start, canBeUndefined(init));
    }
  }
  return found;
}

const neverUndefined: ReadonlySet<string> = new Set([
  "Literal",
  "TemplateLiteral",
  "ArrowFunctionExpression",
  "FunctionExpression",
  "ClassExpression",
  "ObjectExpression",
  "ArrayExpression",
  "NewExpression",
  "BinaryExpression",
  "UpdateExpression",
]);

function canBeUndefined(init: AnyNode): UndefinedIs {
  if (neverUndefined.has(init.type)) return "never";
  if (init.type === "UnaryExpression") return init.operator === "void" ? "meant" : "never";
  return init.type === "Identifier" && init.name === "undefined" ? "meant" : "perhaps";
}
