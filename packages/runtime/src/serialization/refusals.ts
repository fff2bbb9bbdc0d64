/**
 * What cannot be carried to another thread whatever its contents, and what to do instead. Only the object itself is
 * judged here, by its internal slots and by the classes in its prototype chain; no getter of the user runs.
 */
import { EventEmitter } from "node:events";
import { types } from "node:util";
import { once } from "../core/load.ts";
import { classNameOf, isNative, ownClass } from "./builtins.ts";
import { isPlatformClass } from "./functions/globals.ts";

/** What stands there, and what the user should do. */
export interface Refusal {
  readonly what: string;
  readonly hint: string;
}

const COLLECT = "Collect its values first, for example with Array.from(), and pass those.";
const RECREATE =
  "Create it inside the task or in an actor's constructor, and pass what is needed to create it.";
const SIGNAL = "Use cancel(ref) to stop remote work; inside the task, create a controller of its own.";
const PLAIN_DATA = "Pass its contents as plain data.";
const COMPARABLE = "Pass its options (resolvedOptions()) and create it inside the task.";

/** Classes by global name; a refusal applies to their subclasses too. */
const globalClasses = new Map<string, string>([
  ["WeakRef", "Pass the object that it refers to."],
  ["FinalizationRegistry", RECREATE],
  ["AbortSignal", SIGNAL],
  ["AbortController", SIGNAL],
  ["MessagePort", "Use an actor or a Queue to exchange messages."],
  ["MessageChannel", "Use an actor or a Queue to exchange messages."],
  ["BroadcastChannel", "Use an actor or a Queue to exchange messages."],
  ["EventTarget", RECREATE],
  ["Event", PLAIN_DATA],
  ["TextEncoder", RECREATE],
  ["TextDecoder", RECREATE],
  ["ReadableStream", "Read it first and pass the data, or open it inside the task."],
  ["WritableStream", RECREATE],
  ["TransformStream", RECREATE],
  ["CompressionStream", RECREATE],
  ["DecompressionStream", RECREATE],
  ["Blob", "Pass await blob.arrayBuffer() and the type."],
  ["File", "Pass await file.arrayBuffer(), the name and the type."],
  ["FormData", "Pass Array.from(formData)."],
  ["Headers", "Pass Object.fromEntries(headers)."],
  ["Request", "Pass the URL and the options, and build it inside the task."],
  ["Response", "Read the body first and pass the data."],
  ["WebSocket", RECREATE],
  ["ByteLengthQueuingStrategy", RECREATE],
  ["CountQueuingStrategy", RECREATE],
  ["Performance", "Use the global performance of the other thread."],
  ["Crypto", "Use the global crypto of the other thread."],
  ["CryptoKey", "Export the key (subtle.exportKey) and import it inside the task."],
]);

/** Classes of the library, by identity. */
const libraryClasses = once(
  () =>
    new Map<unknown, string>([
      // It takes milliseconds to load, and most programs never ask.
      [process.getBuiltinModule("node:stream").Stream, `It holds native or process-local state. ${RECREATE}`],
      [EventEmitter, `It holds native or process-local state (listeners). ${RECREATE}`],
    ]),
);

/** Not in the ES typings. */
const { WebAssembly: webAssembly } = globalThis as { WebAssembly?: object };

const iteratorPrototypes = new Map<unknown, string>(
  [[][Symbol.iterator](), ""[Symbol.iterator](), "".matchAll(/./g)].map((iterator) => [
    Object.getPrototypeOf(iterator),
    Object.prototype.toString.call(iterator).slice(8, -1),
  ]),
);

/** The refusal of an object of unusual kind; `undefined` when the object itself may be carried. */
export function refusalOf(value: object): Refusal | undefined {
  if (types.isProxy(value))
    return {
      what: "a Proxy, whose contents only its handler knows",
      hint: "Pass the object behind it, or a plain copy ({ ...proxy }).",
    };
  if (types.isPromise(value))
    return { what: "a Promise", hint: "Await it first, or pass the ObjectRef instead of the promise." };
  if (types.isWeakMap(value) || types.isWeakSet(value))
    return {
      what: `a ${types.isWeakMap(value) ? "WeakMap" : "WeakSet"}, whose entries cannot be listed`,
      hint: "Use a Map or a Set, or create it inside the task.",
    };
  if (types.isGeneratorObject(value))
    return { what: "a generator in progress", hint: `${COLLECT} Or pass the generator function.` };
  if (types.isMapIterator(value) || types.isSetIterator(value))
    return { what: "an iterator in progress", hint: COLLECT };
  if (types.isExternal(value)) return { what: "a native handle of an addon", hint: RECREATE };
  if (types.isModuleNamespaceObject(value))
    return {
      what: "a module namespace object (import * as name)",
      hint: "Import the module inside the task, or pass the exports that are needed.",
    };
  return refusalOfChain(value);
}

/** A chain of prototypes is walked for each object in it; nobody needs one this long. */
const MAX_PROTOTYPES = 1000;

/** The refusal of an object whose prototypes cannot be walked, because of a Proxy in them or because they are too many. */
export function refusalOfProxies(value: object): Refusal | undefined {
  let links = 0;
  for (
    let link: object | null = Object.getPrototypeOf(value);
    link !== null;
    link = Object.getPrototypeOf(link)
  ) {
    if (types.isProxy(link))
      return { what: "an object whose prototype is a Proxy", hint: "Pass a plain copy ({ ...object })." };
    if (++links > MAX_PROTOTYPES)
      return {
        what: "an object with a chain of more than 1,000 prototypes",
        hint: "Keep the links in a property instead of the prototype.",
      };
  }
  return undefined;
}

function refusalOfChain(value: object): Refusal | undefined {
  for (
    let link: object | null = Object.getPrototypeOf(value);
    link !== null;
    link = Object.getPrototypeOf(link)
  ) {
    const iterator = iteratorPrototypes.get(link);
    if (iterator !== undefined) return { what: `an iterator in progress (${iterator})`, hint: COLLECT };
    const cls = ownClass(link);
    const hint = cls === undefined ? undefined : hintFor(cls);
    if (cls !== undefined && hint !== undefined) return { what: describeInstance(value, cls), hint };
  }
  return undefined;
}

function hintFor(cls: Function): string | undefined {
  const known = libraryClasses().get(cls);
  if (known !== undefined) return known;
  const name = cls.name;
  // The global is read only when the name fits: some globals load a module when they are read.
  if (globalClasses.has(name) && isSame(Reflect.get(globalThis, name), cls)) return globalClasses.get(name);
  if (isSame(Reflect.get(Intl, name), cls)) return COMPARABLE;
  if (webAssembly !== undefined && isSame(Reflect.get(webAssembly, name), cls)) return RECREATE;
  return isPlatformClass(cls) ? RECREATE : undefined;
}

/** Whether a class is the builtin one, or that of another realm (`node:vm`). */
function isSame(builtin: unknown, cls: Function): boolean {
  return builtin === cls || (typeof builtin === "function" && isNative(builtin) && isNative(cls));
}

/** `an instance of Socket (a Stream)`. */
function describeInstance(value: object, refused: Function): string {
  const name = classNameOf(value);
  return name === refused.name
    ? `an instance of ${name}`
    : `an instance of ${name} (a kind of ${refused.name})`;
}
