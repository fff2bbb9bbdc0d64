/**
 * Which name in a piece of JavaScript means which variable. A plain walk over the syntax tree that opens scopes, notes
 * declarations and references, and resolves them at the end. It knows nothing of shipping: `parse.ts` asks it about one
 * function, `script.ts` about a whole file.
 */
import type { AnyNode } from "acorn";
import { Walker } from "./scope-walker.ts";

/** One declared variable. */
export interface Declaration {
  readonly name: string;
  readonly start: number;
  /** The innermost function, class element or program that holds it. */
  readonly owner: AnyNode;
  /** How many loops of its owner it is in. */
  readonly loops: number;
}

/** A function as a part of another one. */
export interface FunctionPlace {
  readonly start: number;
  readonly end: number;
  /** The function, class element or program around it. */
  readonly around: AnyNode;
  /** How many loops of that it is in. */
  readonly loops: number;
}

/** One use of a name. */
export interface Reference {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** It is assigned, updated, or the target of a destructuring or a loop. */
  readonly write: boolean;
  /** `{ x }`: replacing the name must write `{ x: … }`. */
  readonly shorthand: boolean;
  /** `x()` and x`…`: replacing the name by a member must not make it a method call. */
  readonly callee: boolean;
  readonly typeofOperand: boolean;
  /** `x.member`, and where the whole expression ends. */
  readonly member?:
    | { readonly name: string; readonly end: number; readonly callee: boolean; readonly write: boolean }
    | undefined;
  readonly owner: AnyNode;
  declaration?: Declaration | undefined;
}

/** `this`, `super`, `new.target` or `arguments` that belongs to a function outside of the analysed text. */
export interface OuterUse {
  readonly what: "this" | "super" | "new.target" | "arguments";
  readonly start: number;
  readonly end: number;
  readonly shorthand: boolean;
}

export interface Analysis {
  readonly references: readonly Reference[];
  readonly outer: readonly OuterUse[];
  readonly importMeta: readonly { start: number; end: number }[];
  /** The word `import` of each dynamic import. */
  readonly dynamicImports: readonly { start: number; end: number }[];
  /** It has a `with` statement, in which any name may be a property. */
  readonly usesWith: boolean;
  /** First private name that no class in the text declares. */
  readonly foreignPrivate: { name: string; start: number } | undefined;
  readonly functions: readonly FunctionPlace[];
  /** Where statements and class members begin. */
  readonly statements: readonly number[];
}

/** Analyses a tree. `strict` decides whether functions in blocks are visible outside of them. */
export function analyse(root: AnyNode, strict: boolean): Analysis {
  const walker = new Walker(strict);
  walker.program(root);
  return walker.finish();
}
