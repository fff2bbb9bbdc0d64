/** Which names statements and patterns declare, and the expressions inside of patterns. */
import type { AnyNode } from "acorn";

type Found = (name: string, start: number) => void;

/** The names that a binding pattern declares. */
export function patternNames(pattern: AnyNode, found: Found): void {
  switch (pattern.type) {
    case "Identifier":
      found(pattern.name, pattern.start);
      return;
    case "ObjectPattern":
      for (const property of pattern.properties) {
        patternNames(property.type === "Property" ? property.value : property, found);
      }
      return;
    case "ArrayPattern":
      for (const element of pattern.elements) if (element) patternNames(element, found);
      return;
    case "AssignmentPattern":
      patternNames(pattern.left, found);
      return;
    case "RestElement":
      patternNames(pattern.argument, found);
      return;
    default:
  }
}

/**
 * The names that a statement declares for all statements of its block. `functions` gets those of function
 * declarations, which sloppy code sees outside of the block as well.
 */
export function hoistedNames(node: AnyNode, found: Found, functions: Found): void {
  switch (node.type) {
    case "VariableDeclaration":
      if (node.kind !== "var") for (const { id } of node.declarations) patternNames(id, found);
      return;
    case "FunctionDeclaration":
      if (node.id !== null) functions(node.id.name, node.id.start);
      return;
    case "ClassDeclaration":
      if (node.id !== null) found(node.id.name, node.id.start);
      return;
    case "ImportDeclaration":
      for (const { local } of node.specifiers) found(local.name, local.start);
      return;
    case "ExportNamedDeclaration":
    case "ExportDefaultDeclaration":
      if (node.declaration) hoistedNames(node.declaration, found, functions);
      return;
    case "LabeledStatement":
      hoistedNames(node.body, found, functions);
      return;
    default:
  }
}

/** The expressions inside of a declared pattern: defaults and computed keys. */
export function patternExpressions(pattern: AnyNode, found: (expression: AnyNode) => void): void {
  switch (pattern.type) {
    case "ObjectPattern":
      for (const property of pattern.properties) {
        if (property.type !== "Property") {
          patternExpressions(property, found);
          continue;
        }
        if (property.computed) found(property.key);
        patternExpressions(property.value, found);
      }
      return;
    case "ArrayPattern":
      for (const element of pattern.elements) if (element) patternExpressions(element, found);
      return;
    case "AssignmentPattern":
      patternExpressions(pattern.left, found);
      found(pattern.right);
      return;
    case "RestElement":
      patternExpressions(pattern.argument, found);
      return;
    default:
  }
}
