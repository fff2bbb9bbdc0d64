/**
 * Flattens a graph of live values into the node table of `wire.ts`. The table is its own queue: nodes are expanded in
 * the order in which they are found, so nothing recurses and depth costs nothing. Snapshot: whatever the walk keeps
 * of a value is copied before `encode` returns.
 *
 * Failures are collected as issues. One below an Error is not final: errors must always travel, so the part of the
 * error that could not is recorded in the plan, and the caller walks once more without it.
 */
import { SerializationError } from "../core/errors.ts";
import { reducedOnCycle } from "./cycles.ts";
import { ImportReference, type FunctionParts } from "./functions/types.ts";
import { formatPath, HIDDEN, ownKeyOf, type Step } from "./paths.ts";
import { isInt64 } from "./plain.ts";
import type { Refusal } from "./refusals.ts";
import { reducerOf } from "./reducers.ts";
import { Refused } from "./refused.ts";
import { dismantleFunction } from "./functions/dismantle.ts";
import { settledParts, settleParts } from "./functions/settled.ts";
import { isWellFormed, toCodeUnits } from "./text.ts";
import type { IsOfStore } from "./types.ts";
import { type Cell, Kind, type Node, type Reference, ScalarTag } from "./wire.ts";
import { StoreTable } from "./write-buffers.ts";
import { type ErrorPlan, isDegradable } from "./write-error.ts";
import { writeNode } from "./write-node.ts";
import { UrlTable } from "./write-url.ts";

/** Something in the graph that cannot be carried. Holds no live value. */
export interface Issue extends Refusal {
  readonly path: string;
  /** The user's source around the last step through code. */
  readonly frame: string | undefined;
  readonly cause: unknown;
}

export interface Walk {
  readonly root: Cell;
  readonly nodes: Node[];
  readonly stores: StoreTable;
  readonly tracked: readonly object[];
  readonly hasImports: boolean;
}

/** Which errors are to travel without a part of theirs. */
export type Plan = Map<object, ErrorPlan>;

export class GraphWriter {
  readonly nodes: Node[] = [];
  readonly issues: Issue[] = [];
  readonly tracked: object[] = [];
  readonly stores: StoreTable;
  readonly urls: UrlTable = new UrlTable();
  readonly plan: Plan;
  hasImports = false;
  /** Set when an issue was turned into a line of the plan: the walk has to be done again. */
  isPlanChanged = false;
  private readonly label: string;
  private readonly values: unknown[] = [];
  private readonly parents: number[] = [];
  private readonly steps: Step[] = [];
  private readonly indices = new Map<unknown, number>();
  private readonly imports = new Map<string, ImportReference>();
  private readonly parts = new Map<Function, FunctionParts | ImportReference>();
  private current = -1;

  constructor(label: string, plan: Plan, isOfStore?: IsOfStore) {
    this.label = label;
    this.plan = plan;
    this.stores = new StoreTable(isOfStore);
  }

  /** Walks the whole graph. With `stopAtFirst`, gives up at the first issue that is final. */
  walk(root: unknown, stopAtFirst: boolean): Walk {
    const cell = this.cell(root, HIDDEN);
    for (this.current = 0; this.current < this.values.length; this.current++) {
      try {
        this.nodes.push(writeNode(this, this.values[this.current]));
      } catch (error) {
        this.nodes.push([]);
        if (this.fail(this.current, error) && stopAtFirst) break;
      }
    }
    for (const index of reducedOnCycle(this.nodes)) {
      if (!readsStateLater(this.nodes[index])) this.fail(index, new Refused(REFERS_TO_ITSELF));
    }
    this.urls.link();
    return {
      root: cell,
      nodes: this.nodes,
      stores: this.stores,
      tracked: this.tracked,
      hasImports: this.hasImports,
    };
  }

  /** The cell of a value that the current node holds at `step`. */
  cell(value: unknown, step: Step): Cell {
    switch (typeof value) {
      case "string":
        return isWellFormed(value) ? value : [ScalarTag.codeUnits, toCodeUnits(value)];
      case "number":
        return value === 0 && 1 / value < 0 ? [ScalarTag.negativeZero, 0] : value;
      case "bigint":
        return isInt64(value) ? value : [ScalarTag.bigint, value.toString(16)];
      case "boolean":
      case "undefined":
        return value;
      case "object":
        return value === null ? null : this.reference(value, step);
      default:
        return this.reference(value, step);
    }
  }

  /** A reference to the node of an object, function or symbol; the node is made when it is met first. */
  reference(value: unknown, step: Step): Reference {
    const known = this.indices.get(value);
    if (known !== undefined) return [known];
    if (ImportReference.is(value)) {
      const canonical = this.canonicalImport(value);
      if (canonical !== value) return this.reference(canonical, step);
    }
    const index = this.values.push(value) - 1;
    this.indices.set(value, index);
    this.parents.push(this.current);
    this.steps.push(step);
    return [index];
  }

  /** A reference to the node that is being made. */
  self(): Reference {
    return [this.current];
  }

  /** The parts of a function, taken once per walk. Throws `Refused` or `SerializationError`. */
  dismantle(fn: Function, holder: object | undefined): FunctionParts | ImportReference {
    const known = this.parts.get(fn) ?? settledParts(fn);
    if (known !== undefined) return known;
    const parts = dismantleFunction(fn, { holder });
    settleParts(fn, parts);
    this.parts.set(fn, parts);
    return parts;
  }

  /** The object that has the current node as an own property, if that is how the walk came here. */
  holder(): object | undefined {
    const step = this.steps[this.current];
    const parent = this.values[this.parentOf(this.current)];
    if (step === undefined || ownKeyOf(step) === undefined) return undefined;
    return typeof parent === "object" && parent !== null ? parent : undefined;
  }

  private canonicalImport(binding: ImportReference): ImportReference {
    const key = JSON.stringify([binding.specifier, binding.parent, binding.name]);
    const known = this.imports.get(key);
    if (known === undefined) this.imports.set(key, binding);
    return known ?? binding;
  }

  /** Records a problem of the current node that does not end its walk. */
  report(problem: SerializationError): void {
    this.fail(this.current, problem);
  }

  /** Records why a node failed. Returns whether that is final. */
  private fail(index: number, error: unknown): boolean {
    const { what, hint, within, cause } = failureIn(error);
    if (this.spareError(index, what)) return false;
    this.issues.push({ path: this.pathOf(index, within), what, hint, frame: this.frameOf(index), cause });
    return true;
  }

  /** When a node hangs below an error, plans to leave that part of the error behind. */
  private spareError(index: number, what: string): boolean {
    for (let node = index; node >= 0; node = this.parentOf(node)) {
      const error = this.values[this.parentOf(node)];
      const step = this.steps[node];
      if (step === undefined || !isDegradable(error)) continue;
      const key = ownKeyOf(step);
      const plan = this.plan.get(error) ?? { isClassLost: false, lost: new Map<PropertyKey, string>() };
      if (key === undefined ? plan.isClassLost : plan.lost.has(key)) continue;
      if (key === undefined) plan.isClassLost = true;
      else plan.lost.set(key, what);
      this.plan.set(error, plan);
      return (this.isPlanChanged = true);
    }
    return false;
  }

  /** The user's source around the last place on the way that has one. */
  private frameOf(index: number): string | undefined {
    for (let node = index; node >= 0; node = this.parentOf(node)) {
      const step = this.steps[node];
      const frame = typeof step === "object" ? step.frame?.() : undefined;
      if (frame !== undefined) return frame;
    }
    return undefined;
  }

  private parentOf(node: number): number {
    return this.parents[node] ?? -1;
  }

  private pathOf(node: number, within: string | undefined): string {
    const steps: Step[] = [];
    for (let at = node; this.parentOf(at) >= 0; at = this.parentOf(at)) steps.push(this.steps[at] ?? HIDDEN);
    steps.reverse();
    if (within !== undefined) steps.push({ text: within, throughCode: true });
    return formatPath(this.label, steps);
  }
}

const REFERS_TO_ITSELF: Refusal = {
  what: "an instance with a serializer whose state leads back to the instance itself",
  hint: "Leave the way back out of the state, and restore it in deserialize().",
};

/** What a failure says, and where inside the refused function it lies. */
interface Failure extends Refusal {
  readonly within: string | undefined;
  readonly cause: unknown;
}

function failureIn(error: unknown): Failure {
  if (error instanceof Refused) return { ...error.refusal, within: undefined, cause: error.cause };
  if (!(error instanceof SerializationError)) throw error;
  // The functions room says all of it in its message.
  const [what = "", hint = ""] = error.message.split("\nHint: ");
  return { what, hint, within: error.path, cause: error };
}

/** The error that `encode` throws for an issue. */
export function toError({ path, what, hint, frame, cause }: Issue): SerializationError {
  const message =
    cause instanceof SerializationError
      ? `${path}: ${what}\nHint: ${hint}`
      : frame === undefined
        ? `${path}: cannot be sent to another thread: ${what}. ${hint}`
        : `${path}: cannot be sent to another thread: ${what}\n${frame}\nHint: ${hint}`;
  return new SerializationError(path, message, cause === undefined ? {} : { cause });
}

/** Walks until no error in the graph has to leave a part behind. */
export function walkGraph(
  root: unknown,
  label: string,
  stopAtFirst: boolean,
  isOfStore?: IsOfStore,
): { walk: Walk; issues: Issue[] } {
  const plan: Plan = new Map();
  for (;;) {
    const writer = new GraphWriter(label, plan, isOfStore);
    const walk = writer.walk(root, stopAtFirst);
    if (!writer.isPlanChanged || (stopAtFirst && writer.issues.length > 0))
      return { walk, issues: writer.issues };
  }
}

/** Whether the node's reducer copes with a state that is filled after the instance was made. */
function readsStateLater(node: Node | undefined): boolean {
  return (
    node?.[0] === Kind.reduced && typeof node[1] === "string" && reducerOf(node[1])?.readsStateLater === true
  );
}
