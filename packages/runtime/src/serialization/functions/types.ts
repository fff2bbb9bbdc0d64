/**
 * The seam between the graph codec and the shipping of functions and classes. The codec walks the graph; this room
 * takes a function apart into plain data plus live values (which the codec encodes like any other values, so that
 * recursion, cycles and shared identity are solved once), and puts it together again on the other side.
 */

/** A binding of an importable module, imported again on the other side instead of being copied. */
export interface ImportedBinding {
  /** `file:` URL, `node:` name or bare package specifier. */
  readonly specifier: string;
  /** URL of the module whose point of view resolves a bare specifier. */
  readonly parent: string | undefined;
  /** Export name; `"*"` is the namespace object. */
  readonly name: string;
}

/** The data of a shipped function or class: plain msgpack-able data, opaque to the codec. */
export interface FunctionCode {
  /** `fn` | `class`, and whatever else the room needs. */
  readonly kind: "function" | "class";
  readonly source: string;
  /** Identity of a class across payloads: one class per id and thread. Undefined for functions. */
  readonly classId?: string;
  readonly [extra: string]: unknown;
}

/** A live value that shipped code needs, and how an error message calls the step to it. */
export interface FunctionValue {
  /** e.g. `captured 'cfg' (used at main.ts:12:10)`, `extends`, `own property 'calls'`. */
  readonly label: string;
  /** The live value, or an {@link ImportReference} that stands for one. */
  readonly value: unknown;
}

export interface FunctionParts {
  readonly code: FunctionCode;
  readonly values: readonly FunctionValue[];
}

/** Stands in the object graph for a binding that is imported on the other side. Compared by identity of its fields. */
export class ImportReference implements ImportedBinding {
  readonly specifier: string;
  readonly parent: string | undefined;
  readonly name: string;
  constructor(specifier: string, parent: string | undefined, name: string) {
    this.specifier = specifier;
    this.parent = parent;
    this.name = name;
  }
}

/** In the place of a value that does not exist yet because it lies on a cycle; `link` supplies it later. */
export const LATER: unique symbol = Symbol("manta.later");

export interface AssembledFunction {
  readonly value: Function;
  /** Supplies the value at `index` that was `LATER`. */
  link(index: number, value: unknown): void;
}

/** The entry points of this room, implemented beside this file:
 *
 *   dismantleFunction(fn, options?): FunctionParts | ImportReference     (dismantle.ts) sync; throws SerializationError
 *   assembleFunction(code, values): AssembledFunction                    (assemble.ts)  sync; values[i] may be LATER
 *   classOf(classId) / identify(cls)                                     (identity.ts)  registry of shipped classes of this thread
 *   loadImports(bindings): Promise<void> | undefined                     (imports.ts)   undefined when all are loaded
 *   importedValue(binding): unknown                                      (imports.ts)   sync; falls back to require(esm)
 */
export {};
