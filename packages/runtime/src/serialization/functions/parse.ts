/**
 * Understands the text of one function or class, as `Function.prototype.toString` gives it: its form, the names that
 * it takes from outside, the parts that must be replaced before it can be compiled elsewhere. Positions are offsets in
 * that text. Results are kept by text: a thousand closures of one source are parsed once.
 */
import type { AnyNode, Function as FunctionNode, Class, Options } from "acorn";
import { acorn } from "./lazy.ts";
import { analyse } from "./scope-analysis.ts";
import type { Analysis, Reference } from "./scope-analysis.ts";
import { childrenOf } from "./syntax.ts";

/** How the text becomes a value again: as an expression, or as the member of an object literal. */
export type FunctionForm = "function" | "arrow" | "class" | "method" | "getter" | "setter";

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A member of a class as it is written. */
export interface ClassMember extends Range {
  readonly kind: "method" | "get" | "set" | "field" | "static block";
  readonly static: boolean;
  /** Name of a plain or literal key; undefined when computed, private or a block. */
  readonly name: string | undefined;
  /** The expression inside the brackets of a computed key. */
  readonly computed: Range | undefined;
  readonly private: boolean;
}

export interface ClassShape {
  readonly superClass: Range | undefined;
  readonly extendsNull: boolean;
  readonly members: readonly ClassMember[];
}

export interface FunctionShape {
  readonly form: FunctionForm;
  /** The analysed text; offsets of all parts are relative to it. */
  readonly text: string;
  /** References to variables from outside of the text, by name. */
  readonly free: ReadonlyMap<string, readonly Reference[]>;
  readonly outer: Analysis["outer"];
  readonly importMeta: Analysis["importMeta"];
  readonly dynamicImports: Analysis["dynamicImports"];
  readonly usesWith: boolean;
  readonly foreignPrivate: Analysis["foreignPrivate"];
  readonly statements: readonly number[];
  /** It has a generator's `prototype`, which is not the user's. */
  readonly generator: boolean;
  /** What its `length` is unless somebody changed it. */
  readonly length: number;
  /** A method that reads `super`: it needs the prototype of its home object. */
  readonly usesSuper: boolean;
  /** Expression of the computed key of a method. */
  readonly computedKey: Range | undefined;
  readonly class: ClassShape | undefined;
}

/** The text is no function that the parser knows: syntax newer than it, or a proxy. */
export class UnparsableFunction extends Error {}

const kept = new Map<string, FunctionShape>();
const keptAtMost = 2_000;

/** Parses the text of a function. Throws {@link UnparsableFunction}. */
export function parseFunction(text: string, strict: boolean, isMethod = false): FunctionShape {
  const key = `${strict ? "s" : "-"}${isMethod ? "m" : "-"}${text}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const shape = parse(text, strict, isMethod);
  if (kept.size >= keptAtMost) kept.clear();
  kept.set(key, shape);
  return shape;
}

/** Parser options that accept a function cut out of its surroundings. */
export function parserOptions(sourceType: "module" | "script"): Options {
  return {
    ecmaVersion: "latest",
    sourceType,
    allowHashBang: true,
    allowAwaitOutsideFunction: sourceType === "module",
    allowImportExportEverywhere: true,
    allowSuperOutsideMethod: true,
    allowReturnOutsideFunction: true,
    checkPrivateFields: false,
  };
}

// The outer function makes `new.target` legal where an arrow has taken it from its surroundings.
const asExpression = "(function(){(";
const asMember = "(function(){({";

function parse(text: string, strict: boolean, isMethod: boolean): FunctionShape {
  let failure: unknown;
  for (const prefix of isMethod ? [asMember] : [asExpression, asMember]) {
    try {
      const closing = prefix === asMember ? "})})" : ")})";
      const program = acorn().parse(
        `${prefix}${text}${closing}`,
        parserOptions(strict ? "module" : "script"),
      );
      return shapeOf(text, program, prefix, strict);
    } catch (error) {
      if (isOutOfStack(error)) throw new UnparsableFunction("it is nested too deeply", { cause: error });
      failure = error;
    }
  }
  throw new UnparsableFunction(failure instanceof Error ? failure.message : String(failure), {
    cause: failure,
  });
}

/** Parsing and walking are recursive; the parser has an error of its own for that. */
function isOutOfStack(error: unknown): boolean {
  return (
    error instanceof RangeError || (error instanceof Error && error.message.startsWith("Not enough stack"))
  );
}

function shapeOf(text: string, program: AnyNode, prefix: string, strict: boolean): FunctionShape {
  const shift = -prefix.length;
  const node = wrapped(program);
  const analysis = analyse(withoutWrapper(node), strict);
  const free = new Map<string, Reference[]>();
  for (const reference of analysis.references) {
    if (reference.declaration !== undefined) continue;
    const moved = moveReference(reference, shift);
    const list = free.get(moved.name);
    if (list === undefined) free.set(moved.name, [moved]);
    else list.push(moved);
  }
  const member = node.type === "Property" ? node : undefined;
  const made = member === undefined ? node : member.value;
  const callable = isFunctionNode(made) ? made : undefined;
  return {
    form: formOf(node),
    text,
    free,
    outer: analysis.outer.map((use) => ({ ...use, ...move(use, shift) })),
    importMeta: analysis.importMeta.map((range) => move(range, shift)),
    dynamicImports: analysis.dynamicImports.map((range) => move(range, shift)),
    usesWith: analysis.usesWith,
    foreignPrivate: analysis.foreignPrivate && {
      name: analysis.foreignPrivate.name,
      start: analysis.foreignPrivate.start + shift,
    },
    statements: analysis.statements.map((start) => start + shift),
    generator: callable?.generator ?? false,
    length: lengthOf(callable ?? constructorOf(made)),
    usesSuper: member !== undefined && callable !== undefined && readsSuper(callable),
    computedKey: member?.computed === true ? move(member.key, shift) : undefined,
    class: made.type === "ClassExpression" ? classShape(made, shift) : undefined,
  };
}

/** The function's node inside of the wrapper: an expression, or the one property of an object literal. */
function wrapped(program: AnyNode): AnyNode {
  const statement = program.type === "Program" ? program.body[0] : undefined;
  const outer = statement?.type === "ExpressionStatement" ? statement.expression : undefined;
  const inner = outer?.type === "FunctionExpression" ? outer.body.body : [];
  const only = inner.length === 1 ? inner[0] : undefined;
  const node: AnyNode | undefined = only?.type === "ExpressionStatement" ? only.expression : undefined;
  if (node !== undefined && (isFunctionNode(node) || node.type === "ClassExpression")) return node;
  if (node?.type === "ObjectExpression" && node.properties.length === 1) {
    const property = node.properties[0];
    if (property?.type === "Property" && (property.method || property.kind !== "init")) return property;
  }
  throw new UnparsableFunction("the text is not one function");
}

/** The node to analyse: the key of a method is not part of the function. */
function withoutWrapper(node: AnyNode): AnyNode {
  return node.type === "Property" ? node.value : node;
}

function formOf(node: AnyNode): FunctionForm {
  if (node.type === "Property")
    return node.kind === "get" ? "getter" : node.kind === "set" ? "setter" : "method";
  if (node.type === "ClassExpression") return "class";
  return node.type === "ArrowFunctionExpression" ? "arrow" : "function";
}

function classShape(node: Class, shift: number): ClassShape {
  const members: ClassMember[] = [];
  for (const element of node.body.body) {
    const { start, end } = move(element, shift);
    if (element.type === "StaticBlock") {
      const block = { kind: "static block", static: true, private: false } as const;
      members.push({ ...block, name: undefined, computed: undefined, start, end });
      continue;
    }
    const { key } = element;
    const kind =
      element.type !== "MethodDefinition"
        ? "field"
        : element.kind === "get" || element.kind === "set"
          ? element.kind
          : "method";
    members.push({
      kind,
      static: element.static,
      name: element.computed ? undefined : keyName(key),
      computed: element.computed ? move(key, shift) : undefined,
      private: key.type === "PrivateIdentifier",
      start,
      end,
    });
  }
  const { superClass } = node;
  return {
    superClass: superClass ? move(superClass, shift) : undefined,
    extendsNull: superClass?.type === "Literal" && superClass.value === null,
    members,
  };
}

function constructorOf(node: AnyNode): FunctionNode | undefined {
  if (node.type !== "ClassExpression") return undefined;
  for (const element of node.body.body)
    if (element.type === "MethodDefinition" && element.kind === "constructor") return element.value;
  return undefined;
}

/** Parameters before the first that has a default or takes the rest. */
function lengthOf(node: FunctionNode | undefined): number {
  const params = node?.params ?? [];
  const first = params.findIndex(({ type }) => type === "AssignmentPattern" || type === "RestElement");
  return first === -1 ? params.length : first;
}

function keyName(key: AnyNode): string | undefined {
  if (key.type === "Identifier") return key.name;
  return key.type === "Literal" ? String(key.value) : undefined;
}

/** Whether `super` of this very method is read: in it, or in arrows inside of it. */
function readsSuper(node: AnyNode): boolean {
  return childrenOf(node).some((child) => {
    if (child.type === "Super") return true;
    if (child.type === "FunctionExpression" || child.type === "FunctionDeclaration") return false;
    if (child.type === "ClassExpression" || child.type === "ClassDeclaration") return false;
    return readsSuper(child);
  });
}

function isFunctionNode(node: AnyNode): node is Extract<AnyNode, FunctionNode> {
  return (
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression" ||
    node.type === "FunctionDeclaration"
  );
}

function move({ start, end }: Range, shift: number): Range {
  return { start: start + shift, end: end + shift };
}

function moveReference(reference: Reference, shift: number): Reference {
  const { member } = reference;
  return {
    ...reference,
    ...move(reference, shift),
    member: member && { ...member, end: member.end + shift },
  };
}
