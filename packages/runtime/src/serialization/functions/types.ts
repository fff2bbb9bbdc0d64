/**
 * The seam between the graph codec and the shipping of functions and classes. The codec walks the graph; this room
 * takes a function apart into plain data plus live values (which the codec encodes like any other values, so that
 * recursion, cycles and shared identity are solved once), and puts it together again on the other side.
 */

import type { SerializationError } from "../../core/errors.ts";

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
  /** The live value, or an {@link ImportReference} or {@link BindingCell} that stands for one. */
  readonly value: unknown;
  /** The lines of the user's source around the use, with a caret, for an error message about this value. */
  readonly frame?: (() => string | undefined) | undefined;
}

export interface FunctionParts {
  readonly code: FunctionCode;
  readonly values: readonly FunctionValue[];
  /** What makes the function unfit to be sent, when the capture collects problems. */
  readonly problems?: readonly SerializationError[];
}

/** Stands in the object graph for a binding that is imported on the other side. Compared by identity of its fields. */
export class ImportReference implements ImportedBinding {
  readonly specifier: string;
  readonly parent: string | undefined;
  readonly name: string;
  // oxlint-disable-next-line no-unused-private-class-members -- the brand that is() looks for
  readonly #isReference = true;

  /** As `instanceof`, which would walk the prototypes of a user's object and run the traps of a Proxy in them. */
  static is(value: unknown): value is ImportReference {
    return typeof value === "object" && value !== null && #isReference in value;
  }

  constructor(specifier: string, parent: string | undefined, name: string) {
    this.specifier = specifier;
    this.parent = parent;
    this.name = name;
  }
}

/**
 * One captured variable that shipped code assigns. Every closure that shares the variable holds the same cell, so the
 * codec carries it as a node with identity and one field: encode `value`, decode with `new BindingCell()` and assign
 * `value` later (cells lie on cycles).
 */
export class BindingCell {
  value: unknown;
  // oxlint-disable-next-line no-unused-private-class-members -- the brand that is() looks for
  readonly #isCell = true;

  /** As `instanceof`; see {@link ImportReference.is}. */
  static is(value: unknown): value is BindingCell {
    return typeof value === "object" && value !== null && #isCell in value;
  }

  constructor(value?: unknown) {
    this.value = value;
  }
}

/** What the codec knows about the function that it hands over. */
export interface DismantleOptions {
  /** Explicit captured values by name; replaces reading the captured variables through the inspector. */
  readonly captures?: (() => Record<string, unknown>) | undefined;
  /**
   * The object in which the walk found the function as an own property (object literal, array, prototype, instance).
   * It gives a method its `super`, an arrow in a class field its `this`, and tells which closures share variables.
   */
  readonly holder?: object | undefined;
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
 *   dismantleFunction(fn, options?): FunctionParts | ImportReference     (dismantle.ts)  sync; throws SerializationError
 *   captureScope(run)                                                    (inspect.ts)    one inspector session and one set of shared
 *                                                                                        bindings for all dismantling inside `run`: wrap an encode
 *   referenceTo(object): ImportReference | undefined                     (references.ts) for any object: module namespaces, built-in modules,
 *                                                                                        process, process.env, console, Math, intrinsics, ...
 *   privateMembers(cls): readonly string[]                               (privates.ts)   #names of a class and its bases: instances cannot be copied
 *   isLibraryInternal(fn): boolean                                       (dismantle.ts)  lives in node_modules and is not exported
 *   assembleFunction(code, values): AssembledFunction                    (assemble.ts)   sync; values[i] may be LATER
 *   classOf(classId) / identify(cls) / remember(classId, cls)            (identity.ts)   registry of shipped classes of this thread
 *   loadImports(bindings): Promise<void> | undefined                     (imports.ts)    undefined when all are loaded
 *   importedValue(binding): unknown                                      (imports.ts)    sync; falls back to require(esm)
 *   describeFunction(fn)                                                 (describe.ts)   cheap
 *   warmUp()                                                             (warm-up.ts)    ahead of the first capture, step by step
 */
