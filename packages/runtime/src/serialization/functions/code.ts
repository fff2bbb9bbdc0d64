/**
 * The data that this room sends for a function: what `dismantle.ts` writes and `assemble.ts` reads. Plain data only;
 * live values are named by their index in `FunctionParts.values`.
 */
import type { FunctionCode } from "./types.ts";
import type { FunctionForm } from "./parse.ts";

/** Where a wrapper parameter gets its value from. */
export type ParameterSource =
  /** Index of a value. */
  | number
  /** The function itself: recursion at native speed. */
  | "self"
  /** An object like `import.meta` of the module that the function is from. */
  | "meta"
  /** `import()` from the user's file. */
  | "import"
  /** An `arguments` object of the values at these indices. */
  | readonly number[];

export interface Parameter {
  readonly name: string;
  readonly from: ParameterSource;
}

/** A property of the function, or of its prototype, that its source does not make; without parts, only its attributes. */
export interface Overlay {
  readonly on: "function" | "prototype";
  /** Name, or the index of a symbol among the values. */
  readonly key: string | number;
  readonly writable: boolean;
  readonly enumerable: boolean;
  readonly configurable: boolean;
  readonly value?: number;
  readonly get?: number;
  readonly set?: number;
}

export interface SourceCode extends FunctionCode {
  readonly form: FunctionForm;
  readonly strict: boolean;
  /** Own `name`, when it is a plain string. */
  readonly name: string | undefined;
  /** URL of the module that it ran in: the one that `import()` and `import.meta` are about. */
  readonly home: string;
  /** The user's file and the position, counted from 0, of the first character of `source` in it. */
  readonly url: string;
  readonly line: number;
  readonly column: number;
  readonly params: readonly Parameter[];
  /** Grows with each capture of a class in the thread that it is from; undefined when another thread passes it on. */
  readonly capture: number | undefined;
  readonly overlays: readonly Overlay[];
  /** Members that the source makes and that the live class no longer has. */
  readonly removed: readonly { readonly on: "function" | "prototype"; readonly key: string }[];
  /** Index of the prototype of a method's home object, for `super`. */
  readonly superPrototype: number | undefined;
  /** Parameter that stands for the `extends` expression; its value may come late. */
  readonly base: number | undefined;
  /** Index of the prototype of a constructor function's `prototype`. */
  readonly prototypeBase: number | undefined;
  /** Index of the function's own prototype, when it is not the usual one. */
  readonly ownPrototype: number | undefined;
  /** How far the function and its prototype are closed (`Integrity`); undefined when they are open. */
  readonly closed: { readonly function: number; readonly prototype: number } | undefined;
  /** Root of the vitest project, which the paths of its `import()` are relative to. */
  readonly importRoot: string | undefined;
}

/** A bound function: the first values are its target, its `this` and its arguments. */
export interface BoundCode extends FunctionCode, Pick<SourceCode, "overlays" | "removed" | "closed"> {
  readonly form: "bound";
  readonly name: string;
  /** How many of the values are these parts. */
  readonly parts: number;
}

export type ShippedCode = SourceCode | BoundCode;
