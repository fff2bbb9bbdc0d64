/**
 * Which captured variables are one and the same. V8 shows the variables of a closure but not whether two closures
 * look at the same ones, so it is inferred from the source and from what they hold at the moment of the capture:
 *
 * - a variable of a module is one variable;
 * - two closures of one source text that a call makes only once come from two calls, and share nothing;
 * - all values in their scopes must be the same. Then they share the variables of a call when the scope holds an
 *   object, when both hang on the same object, or when nothing tells them apart.
 *
 * The last rule is a guess that favours `const { increment, read } = makeCounter()`.
 */
import { isObject } from "../builtins.ts";
import { BindingCell } from "./types.ts";

/** Where a closure was met. */
export interface Activation {
  readonly fn: Function;
  readonly scriptId: string;
  /** Offset of the variable's declaration in the script. */
  readonly declaration: number;
  /** Offset of the closure's own text: the same for closures of one source. */
  readonly closure: number;
  /** A call that has the variable makes at most one closure of that text. */
  readonly once: boolean;
  /** Values of the scope that holds the variable. */
  readonly own: readonly unknown[];
  /** Values of the scopes around it, up to the module. */
  readonly around: readonly unknown[];
  /** The variable belongs to the module, which has it once. */
  readonly moduleLevel: boolean;
  readonly holder: object | undefined;
}

interface Group {
  readonly own: readonly unknown[];
  readonly around: readonly unknown[];
  readonly hasObject: boolean;
  readonly holders: Set<object>;
  readonly members: Set<Function>;
  readonly closures: Set<number>;
  readonly cells: Map<number, BindingCell>;
}

/** The shared variables of one capture. */
export class BindingGroups {
  private readonly modules = new Map<string, Map<number, BindingCell>>();
  private readonly groups = new Map<string, Group[]>();

  /** The cell of a module's variable. */
  moduleCell(scriptId: string, declaration: number, value: unknown): BindingCell {
    let cells = this.modules.get(scriptId);
    if (cells === undefined) this.modules.set(scriptId, (cells = new Map()));
    return fill(cells, declaration, value);
  }

  /** The cell of a variable as this closure sees it; its value is what the variable holds now. */
  cellFor(activation: Activation, value: unknown): BindingCell {
    const { scriptId, declaration, own, around, holder } = activation;
    if (activation.moduleLevel) return this.moduleCell(scriptId, declaration, value);
    const groups = this.groups.get(scriptId) ?? [];
    this.groups.set(scriptId, groups);
    let group = findGroup(groups, activation);
    if (group === undefined) {
      group = {
        own,
        around,
        hasObject: own.some((held) => isObject(held)),
        holders: new Set(),
        members: new Set(),
        closures: new Set(),
        cells: new Map(),
      };
      groups.push(group);
    }
    if (holder !== undefined) group.holders.add(holder);
    group.members.add(activation.fn);
    group.closures.add(activation.closure);
    return fill(group.cells, declaration, value);
  }
}

function fill(cells: Map<number, BindingCell>, declaration: number, value: unknown): BindingCell {
  let cell = cells.get(declaration);
  if (cell === undefined) cells.set(declaration, (cell = new BindingCell()));
  cell.value = value;
  return cell;
}

function findGroup(groups: readonly Group[], activation: Activation): Group | undefined {
  const { fn, own, around, closure, once, holder } = activation;
  const alike = groups.filter((group) => sameValues(group.own, own) && sameValues(group.around, around));
  const mine = alike.find(({ members }) => members.has(fn));
  if (mine !== undefined) return mine;
  const possible = once ? alike.filter(({ closures }) => !closures.has(closure)) : alike;
  return (
    possible.find(({ hasObject }) => hasObject) ??
    possible.find(({ holders }) => holder !== undefined && holders.has(holder)) ??
    possible.find(({ holders }) => holder === undefined || holders.size === 0)
  );
}

function sameValues(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, at) => Object.is(value, b[at]));
}
