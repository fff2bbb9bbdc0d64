/**
 * Which captured variables are one and the same. V8 shows the variables of a closure but not whether two closures
 * look at the same ones, so it is inferred from what they hold at the moment of the capture:
 *
 * - a variable of a module is one variable;
 * - two closures share the variables of a call when all values in their scopes are the same and one of these is an
 *   object, or when both closures hang on the same object;
 * - else they share them when they are different functions of the source: two closures made from the same source text
 *   and holding only equal primitives come from two calls.
 */
import { BindingCell } from "./types.ts";

/** Where a closure was met. */
export interface Activation {
  readonly scriptId: string;
  /** Offset of the variable's declaration in the script. */
  readonly declaration: number;
  /** Offset of the closure's own text: the same for closures of one source. */
  readonly closure: number;
  /** Values of the scope that holds the variable, and of the scopes around it up to the module. */
  readonly values: readonly unknown[];
  /** The variable belongs to the module, which has it once. */
  readonly moduleLevel: boolean;
  readonly holder: object | undefined;
}

interface Group {
  readonly values: readonly unknown[];
  readonly hasObject: boolean;
  readonly holders: Set<object>;
  readonly closures: Set<number>;
  readonly cells: Map<number, BindingCell>;
}

/** The shared variables of one capture. */
export class BindingGroups {
  private readonly groups = new Map<string, Group[]>();

  /** The cell of a variable as this closure sees it; its value is what the variable holds now. */
  cellFor(activation: Activation, value: unknown): BindingCell {
    const key = activation.moduleLevel ? activation.scriptId : `${activation.scriptId}/call`;
    const groups = this.groups.get(key) ?? [];
    this.groups.set(key, groups);
    let group = activation.moduleLevel ? groups[0] : findGroup(groups, activation);
    if (group === undefined) {
      group = {
        values: activation.values,
        hasObject: activation.values.some((held) => isObject(held)),
        holders: new Set(),
        closures: new Set(),
        cells: new Map(),
      };
      groups.push(group);
    }
    if (activation.holder !== undefined) group.holders.add(activation.holder);
    group.closures.add(activation.closure);
    let cell = group.cells.get(activation.declaration);
    if (cell === undefined) group.cells.set(activation.declaration, (cell = new BindingCell()));
    cell.value = value;
    return cell;
  }
}

function findGroup(groups: readonly Group[], activation: Activation): Group | undefined {
  const alike = groups.filter((group) => sameValues(group.values, activation.values));
  return (
    alike.find((group) => group.hasObject) ??
    alike.find(({ holders }) => activation.holder !== undefined && holders.has(activation.holder)) ??
    alike.find((group) => sameMetAgain(group, activation)) ??
    alike.find(
      ({ closures, holders }) =>
        !closures.has(activation.closure) && (activation.holder === undefined || holders.size === 0),
    )
  );
}

/** The same closure asks for its second variable. */
function sameMetAgain({ closures, cells }: Group, { closure, declaration }: Activation): boolean {
  return closures.has(closure) && !cells.has(declaration);
}

function sameValues(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, at) => Object.is(value, b[at]));
}

function isObject(value: unknown): boolean {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
