/**
 * Takes a function or class apart into plain data and the live values that it needs, or names it as an export that the
 * other side imports. See `types.ts` for the contract. The order of attempts: it was put together in this thread; it
 * is a global or a built-in's export; it is an export of a module; by value.
 *
 * The last two need the inspector and a parser, which are loaded at their first use.
 */
import { dismantleAssembled } from "./assembled.ts";
import { captureScope } from "./inspect.ts";
import { capture } from "./lazy.ts";
import { referenceTo } from "./references.ts";
import type { DismantleOptions, FunctionParts, ImportReference } from "./types.ts";

/**
 * Takes a function apart. Synchronous: what it holds is what it holds at this moment.
 * Throws SerializationError when the function cannot be sent.
 */
export function dismantleFunction(
  fn: Function,
  options: DismantleOptions = {},
): FunctionParts | ImportReference {
  return dismantleAssembled(fn) ?? referenceTo(fn) ?? captureScope(() => capture().takeApart(fn, options));
}

/**
 * Whether a function lives inside of a package and is not exported: no worker could find it, and a copy would be torn
 * out of its state.
 */
export function isLibraryInternal(fn: Function): boolean {
  if (dismantleAssembled(fn) !== undefined || referenceTo(fn) !== undefined) return false;
  return captureScope(() => capture().isInternal(fn));
}
