/**
 * The walk behind `scope-analysis.ts`: what each kind of syntax opens, declares and refers to.
 */
import type { AnyNode } from "acorn";
import { hoistedNames, patternExpressions, patternNames } from "./declared-names.ts";
import { childrenOf } from "./syntax.ts";
import type { Analysis, Declaration, FunctionPlace, OuterUse, Reference } from "./scope-analysis.ts";

interface Scope {
  readonly parent: Scope | undefined;
  /** Takes `var` declarations. */
  readonly hoists: boolean;
  readonly owner: AnyNode;
  readonly loops: number;
  readonly names: Map<string, Declaration>;
}

/** Whose `this` (and so on) the code at hand sees. */
type Receiver = "outer" | "own";

type Use = Partial<Pick<Reference, "write" | "shorthand" | "callee" | "typeofOperand" | "member">>;

/** Walks one tree, once. */
export class Walker {
  private readonly strict: boolean;
  private readonly references: { reference: Reference; scope: Scope }[] = [];
  private readonly outer: OuterUse[] = [];
  private readonly importMeta: { start: number; end: number }[] = [];
  private readonly functions: FunctionPlace[] = [];
  private readonly statements: number[] = [];
  private readonly privateNames: Set<string>[] = [];
  private readonly dynamicImports: { start: number; end: number }[] = [];
  private usesWith = false;
  private foreignPrivate: { name: string; start: number } | undefined;

  constructor(strict: boolean) {
    this.strict = strict;
  }

  program(root: AnyNode): void {
    const scope = this.open(undefined, true, root);
    if (root.type === "Program") {
      this.body(root.body, scope, "outer");
    } else this.visit(root, scope, "outer");
  }

  finish(): Analysis {
    for (const { reference, scope } of this.references) {
      let at: Scope | undefined = scope;
      while (at !== undefined && reference.declaration === undefined) {
        reference.declaration = at.names.get(reference.name);
        at = at.parent;
      }
    }
    return {
      references: this.references.map(({ reference }) => reference),
      outer: this.outer,
      importMeta: this.importMeta,
      dynamicImports: this.dynamicImports,
      usesWith: this.usesWith,
      foreignPrivate: this.foreignPrivate,
      functions: this.functions,
      statements: this.statements,
    };
  }

  private open(parent: Scope | undefined, hoists: boolean, owner: AnyNode, loop = 0): Scope {
    const loops = parent?.owner === owner ? parent.loops + loop : 0;
    return { parent, hoists, owner, loops, names: new Map() };
  }

  private declare(scope: Scope, name: string, start: number): void {
    if (!scope.names.has(name))
      scope.names.set(name, { name, start, owner: scope.owner, loops: scope.loops });
  }

  private declareVar(scope: Scope, name: string, start: number): void {
    let at = scope;
    while (!at.hoists && at.parent !== undefined) at = at.parent;
    this.declare(at, name, start);
  }

  private refer(node: { name: string; start: number; end: number }, scope: Scope, use: Use = {}): void {
    this.references.push({
      scope,
      reference: {
        name: node.name,
        start: node.start,
        end: node.end,
        write: use.write ?? false,
        shorthand: use.shorthand ?? false,
        callee: use.callee ?? false,
        typeofOperand: use.typeofOperand ?? false,
        member: use.member,
        owner: scope.owner,
      },
    });
  }

  /** Statements that share one scope: hoist what they declare, then walk them. */
  private body(nodes: readonly AnyNode[], scope: Scope, receiver: Receiver): void {
    for (const node of nodes) this.hoist(node, scope);
    for (const node of nodes) {
      this.statements.push(node.start);
      this.visit(node, scope, receiver);
    }
  }

  private hoist(node: AnyNode, scope: Scope): void {
    const declare = (name: string, start: number): void => this.declare(scope, name, start);
    hoistedNames(node, declare, (name, start) => {
      declare(name, start);
      if (!this.strict) this.declareVar(scope, name, start);
    });
  }

  /** Walks the target of an assignment: names in it are written, expressions in it are read. */
  private target(node: AnyNode, scope: Scope, receiver: Receiver, shorthand = false): void {
    switch (node.type) {
      case "Identifier":
        this.refer(node, scope, { write: true, shorthand });
        return;
      case "ObjectPattern":
        for (const property of node.properties) {
          if (property.type === "Property") {
            if (property.computed) this.visit(property.key, scope, receiver);
            this.target(property.value, scope, receiver, property.shorthand);
          } else this.target(property, scope, receiver);
        }
        return;
      case "ArrayPattern":
        for (const element of node.elements) if (element) this.target(element, scope, receiver);
        return;
      case "AssignmentPattern":
        this.target(node.left, scope, receiver, shorthand);
        this.visit(node.right, scope, receiver);
        return;
      case "RestElement":
        this.target(node.argument, scope, receiver);
        return;
      case "MemberExpression":
        this.member(node, scope, receiver, { write: true, callee: false });
        return;
      default:
        this.visit(node, scope, receiver);
    }
  }

  private member(
    node: Extract<AnyNode, { type: "MemberExpression" }>,
    scope: Scope,
    receiver: Receiver,
    as: { write: boolean; callee: boolean },
  ): void {
    const { object, property } = node;
    const named = object.type === "Identifier" && !this.isOuterArguments(object, receiver);
    if (named && !node.computed && property.type === "Identifier") {
      this.refer(object, scope, { member: { name: property.name, end: node.end, ...as } });
      return;
    }
    this.visit(object, scope, receiver);
    if (node.computed || property.type === "PrivateIdentifier") this.visit(property, scope, receiver);
  }

  private visit(node: AnyNode, scope: Scope, receiver: Receiver): void {
    switch (node.type) {
      case "Identifier":
        if (node.name === "arguments" && receiver === "outer") this.use("arguments", node, receiver);
        else this.refer(node, scope);
        return;
      case "ThisExpression":
        this.use("this", node, receiver);
        return;
      case "Super":
        this.use("super", node, receiver);
        return;
      case "MetaProperty":
        if (node.meta.name === "import") this.importMeta.push({ start: node.start, end: node.end });
        else this.use("new.target", node, receiver);
        return;
      case "ImportExpression":
        this.dynamicImports.push({ start: node.start, end: node.start + "import".length });
        break;
      case "WithStatement":
        this.usesWith = true;
        break;
      case "PrivateIdentifier":
        if (!this.privateNames.some((names) => names.has(node.name)))
          this.foreignPrivate ??= { name: node.name, start: node.start };
        return;
      case "MemberExpression":
        this.member(node, scope, receiver, { write: false, callee: false });
        return;
      case "CallExpression":
        if (!this.callee(node.callee, scope, receiver)) this.visit(node.callee, scope, receiver);
        for (const argument of node.arguments) this.visit(argument, scope, receiver);
        return;
      case "TaggedTemplateExpression":
        if (!this.callee(node.tag, scope, receiver)) this.visit(node.tag, scope, receiver);
        this.visit(node.quasi, scope, receiver);
        return;
      case "UnaryExpression":
        if (
          node.operator === "typeof" &&
          node.argument.type === "Identifier" &&
          !this.isOuterArguments(node.argument, receiver)
        ) {
          this.refer(node.argument, scope, { typeofOperand: true });
          return;
        }
        break;
      case "AssignmentExpression":
        this.target(node.left, scope, receiver);
        this.visit(node.right, scope, receiver);
        return;
      case "UpdateExpression":
        this.target(node.argument, scope, receiver);
        return;
      case "Property":
        if (node.computed) this.visit(node.key, scope, receiver);
        if (node.shorthand && node.value.type === "Identifier") {
          if (this.isOuterArguments(node.value, receiver)) this.use("arguments", node.value, receiver, true);
          else this.refer(node.value, scope, { shorthand: true });
        } else this.visit(node.value, scope, receiver);
        return;
      case "VariableDeclaration":
        this.variables(node, scope, receiver);
        return;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        this.function(node, scope, receiver);
        return;
      case "ClassDeclaration":
      case "ClassExpression":
        this.class(node, scope, receiver);
        return;
      case "BlockStatement":
        this.body(node.body, this.open(scope, false, scope.owner), receiver);
        return;
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
        this.loop(node, scope, receiver);
        return;
      case "WhileStatement":
      case "DoWhileStatement":
        this.visit(node.test, scope, receiver);
        this.visit(node.body, this.open(scope, false, scope.owner, 1), receiver);
        return;
      case "SwitchStatement": {
        this.visit(node.discriminant, scope, receiver);
        const inner = this.open(scope, false, scope.owner);
        for (const { consequent } of node.cases)
          for (const statement of consequent) this.hoist(statement, inner);
        for (const { test, consequent } of node.cases) {
          if (test) this.visit(test, inner, receiver);
          for (const statement of consequent) {
            this.statements.push(statement.start);
            this.visit(statement, inner, receiver);
          }
        }
        return;
      }
      case "CatchClause": {
        const inner = this.open(scope, false, scope.owner);
        if (node.param) {
          patternNames(node.param, (name, start) => this.declare(inner, name, start));
          patternExpressions(node.param, (part) => this.visit(part, inner, receiver));
        }
        this.body(node.body.body, inner, receiver);
        return;
      }
      case "LabeledStatement":
        this.visit(node.body, scope, receiver);
        return;
      case "BreakStatement":
      case "ContinueStatement":
      case "ImportDeclaration":
      case "ExportAllDeclaration":
        return;
      case "ExportNamedDeclaration":
        if (node.declaration) this.visit(node.declaration, scope, receiver);
        return;
      default:
    }
    for (const child of childrenOf(node)) this.visit(child, scope, receiver);
  }

  private isOuterArguments(node: { name: string }, receiver: Receiver): boolean {
    return node.name === "arguments" && receiver === "outer";
  }

  private use(
    what: OuterUse["what"],
    node: { start: number; end: number },
    receiver: Receiver,
    shorthand = false,
  ): void {
    if (receiver === "outer") this.outer.push({ what, start: node.start, end: node.end, shorthand });
  }

  private callee(node: AnyNode, scope: Scope, receiver: Receiver): boolean {
    if (node.type === "Identifier" && !this.isOuterArguments(node, receiver)) {
      this.refer(node, scope, { callee: true });
      return true;
    }
    if (node.type !== "MemberExpression") return false;
    this.member(node, scope, receiver, { write: false, callee: true });
    return true;
  }

  private variables(
    node: Extract<AnyNode, { type: "VariableDeclaration" }>,
    scope: Scope,
    receiver: Receiver,
  ): void {
    for (const { id, init } of node.declarations) {
      if (node.kind === "var") patternNames(id, (name, start) => this.declareVar(scope, name, start));
      patternExpressions(id, (part) => this.visit(part, scope, receiver));
      if (init) this.visit(init, scope, receiver);
    }
  }

  private loop(
    node: Extract<AnyNode, { type: "ForStatement" | "ForInStatement" | "ForOfStatement" }>,
    scope: Scope,
    receiver: Receiver,
  ): void {
    const inner = this.open(scope, false, scope.owner, 1);
    const head = node.type === "ForStatement" ? node.init : node.left;
    if (head?.type === "VariableDeclaration") {
      this.hoist(head, inner);
      this.visit(head, inner, receiver);
    } else if (head) {
      if (node.type === "ForStatement") this.visit(head, inner, receiver);
      else this.target(head, inner, receiver);
    }
    if (node.type === "ForStatement") {
      if (node.test) this.visit(node.test, inner, receiver);
      if (node.update) this.visit(node.update, inner, receiver);
    } else this.visit(node.right, inner, receiver);
    this.visit(node.body, inner, receiver);
  }

  private function(
    node: Extract<
      AnyNode,
      { type: "FunctionDeclaration" | "FunctionExpression" | "ArrowFunctionExpression" }
    >,
    scope: Scope,
    receiver: Receiver,
  ): void {
    const arrow = node.type === "ArrowFunctionExpression";
    const inside: Receiver = arrow ? receiver : "own";
    this.functions.push({ start: node.start, end: node.end, around: scope.owner, loops: scope.loops });
    let around = scope;
    if (node.type === "FunctionExpression" && node.id) {
      around = this.open(scope, false, node);
      this.declare(around, node.id.name, node.id.start);
    }
    const params = this.open(around, true, node);
    if (!arrow) this.declare(params, "arguments", node.start);
    for (const param of node.params) patternNames(param, (name, start) => this.declare(params, name, start));
    for (const param of node.params) patternExpressions(param, (part) => this.visit(part, params, inside));
    // Defaults of parameters do not see the variables of the body.
    if (node.body.type === "BlockStatement") this.body(node.body.body, this.open(params, true, node), inside);
    else this.visit(node.body, params, inside);
  }

  private class(
    node: Extract<AnyNode, { type: "ClassDeclaration" | "ClassExpression" }>,
    scope: Scope,
    receiver: Receiver,
  ): void {
    const inner = this.open(scope, false, scope.owner);
    if (node.id) this.declare(inner, node.id.name, node.id.start);
    const privates = new Set<string>();
    for (const element of node.body.body) {
      if ("key" in element && element.key.type === "PrivateIdentifier") privates.add(element.key.name);
    }
    this.privateNames.push(privates);
    if (node.superClass) this.visit(node.superClass, inner, receiver);
    for (const element of node.body.body) {
      this.statements.push(element.start);
      if (element.type === "StaticBlock") {
        this.body(element.body, this.open(inner, true, element), "own");
        continue;
      }
      if (element.computed) this.visit(element.key, inner, receiver);
      if (element.value) this.visit(element.value, this.open(inner, true, element), "own");
    }
    this.privateNames.pop();
  }
}
