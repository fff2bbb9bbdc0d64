/**
 * Reads what JavaScript itself cannot read: the captured variables of a function, the parts of a bound function, and
 * the script that a function is from. It goes through the inspector, synchronously, in this thread.
 *
 * The session lives only as long as one capture. While any session is connected V8 keeps every object that is given to
 * console.log alive, and while the debugger is on every await is ten times slower.
 */
import type { Session } from "node:inspector";
import { isLibrary } from "./library.ts";
import { describeScript } from "./script.ts";
import type { Script, ScriptHead } from "./script.ts";
import type { Position } from "./positions.ts";
import { require } from "../../core/load.ts";
import { BindingGroups } from "./binding-groups.ts";
import { activeScope } from "./inspect.ts";

/** One scope of a function, innermost first. `variables` is a copy made for us, with the live values in it. */
export interface CapturedScope {
  readonly kind: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** In the place of the value of a variable whose declaration has not run, where Node tells (22 and later). */
export const UNSET: unique symbol = Symbol("manta.unset");

/** Before that, V8 shows such a variable as undefined. */
export const nodeTellsUnset: boolean = Number(process.versions.node.split(".")[0]) >= 22;

/** What a scope's variable holds. */
export function variableIn(variables: CapturedScope["variables"], name: string): unknown {
  try {
    return variables[name];
  } catch {
    return UNSET;
  }
}

/** What all variables of a scope hold. */
export function valuesIn(variables: CapturedScope["variables"]): unknown[] {
  return Object.keys(variables).map((name) => variableIn(variables, name));
}

export interface Inspected {
  readonly location: (Position & { readonly scriptId: string }) | undefined;
  readonly scopes: readonly CapturedScope[];
}

export interface BoundParts {
  readonly target: unknown;
  readonly self: unknown;
  readonly args: readonly unknown[];
}

/** The inspector does not let itself be used: the permission model, or a runtime without it. */
export class InspectorUnavailable extends Error {}

// oxlint-disable-next-line typescript/consistent-type-imports -- the module is loaded lazily; only its type is wanted
type Inspector = typeof import("node:inspector");

const slotKey = "manta.capture";
const slotSymbol = Symbol.for(slotKey);
const slotText = `globalThis[Symbol.for(${JSON.stringify(slotKey)})]`;

/** What a capture leaves in the slot for the inspector to find, and what the inspector's code puts there. */
interface Slot {
  subject?: unknown;
  found?: unknown;
}

/** The inspector session of one capture, and the variables that its functions share. */
export class Capture {
  readonly bindings: BindingGroups = new BindingGroups();
  #session: Session | undefined;
  #realm: Record<symbol, Slot> | undefined;
  #debugging = false;

  /** Runs one command; the inspector answers before `post` returns. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the command's answer
  post<T>(method: string, params: object = {}): T {
    let answer: { error: Error | null; result: unknown } | undefined;
    this.session().post(method, params, (error: Error | null, result?: unknown) => {
      answer = { error, result };
    });
    if (answer === undefined)
      throw new InspectorUnavailable(`the inspector did not answer ${method} at once`);
    if (answer.error !== null) throw new InspectorUnavailable(`${method}: ${JSON.stringify(answer.error)}`);
    return answer.result as T; // The caller names the shape that the protocol documents for the method.
  }

  session(): Session {
    if (this.#session !== undefined) return this.#session;
    let session: Session;
    let realm: Record<symbol, Slot>;
    try {
      const inspector = require("node:inspector") as Inspector;
      session = new inspector.Session();
      session.connect();
      // Commands run in the main realm, which is not always ours (vitest's vmThreads).
      const mainFunction = inspector.Session.constructor as FunctionConstructor;
      realm = mainFunction("return globalThis")() as Record<symbol, Slot>;
    } catch (error) {
      throw new InspectorUnavailable(error instanceof Error ? error.message : String(error), {
        cause: error,
      });
    }
    this.#realm = realm;
    Object.defineProperty(realm, slotSymbol, { value: {}, configurable: true });
    return (this.#session = session);
  }

  slot(): Slot {
    this.session();
    const slot = this.#realm?.[slotSymbol];
    if (slot === undefined) throw new InspectorUnavailable("the global object is closed");
    return slot;
  }

  /** Collects the heads of all scripts of the thread, and makes sources readable until the end of the capture. */
  enableDebugger(): void {
    if (this.#debugging) return;
    const session = this.session();
    const heads = new Map<string, ScriptHead>();
    const listen = ({ params }: { params: ScriptHead }): void => {
      const { scriptId, url, sourceMapURL, startLine, startColumn, isModule } = params;
      heads.set(scriptId, {
        scriptId,
        url,
        sourceMapURL,
        startLine,
        startColumn,
        isModule: isModule || false,
      });
    };
    session.on("Debugger.scriptParsed", listen as never); // The typings do not know that isModule is always given.
    this.post("Debugger.enable");
    session.off("Debugger.scriptParsed", listen as never);
    this.#debugging = true;
    for (const scriptId of scripts.keys()) if (!heads.has(scriptId)) scripts.delete(scriptId);
    let budget = prefetchedBytes;
    for (const head of heads.values()) {
      if (budget <= 0 || scripts.has(head.scriptId) || !isOwn(head.url)) continue;
      budget -= this.read(head).source.length;
    }
    knownHeads = heads;
  }

  read(head: ScriptHead): Script {
    const { scriptSource } = this.post<{ scriptSource: string }>("Debugger.getScriptSource", {
      scriptId: head.scriptId,
    });
    const script = describeScript(head, scriptSource);
    scripts.set(head.scriptId, script);
    return script;
  }

  close(): void {
    if (this.#session === undefined) return;
    if (this.#realm !== undefined) delete this.#realm[slotSymbol];
    this.#session.disconnect();
  }
}

/** Sources of the user's own scripts are read ahead up to this, so that one capture usually needs the debugger once. */
const prefetchedBytes = 4_000_000;

const scripts = new Map<string, Script>();
let knownHeads: ReadonlyMap<string, ScriptHead> = new Map();

function isOwn(url: string): boolean {
  return url !== "" && !isLibrary(url);
}

function current(): Capture {
  return (activeScope().capture ??= new Capture());
}

/** The shared variables of the capture at hand. */
export function bindingGroups(): BindingGroups {
  return current().bindings;
}

interface RemoteObject {
  readonly objectId?: string;
  readonly value?: unknown;
  readonly unserializableValue?: string;
}

interface Property {
  readonly name: string;
  readonly value?: RemoteObject;
}

function internalsOf(subject: Function): ReadonlyMap<string, RemoteObject> {
  const capture = current();
  capture.slot().subject = subject;
  const { result } = capture.post<{ result: RemoteObject }>("Runtime.evaluate", {
    expression: `${slotText}.subject`,
    silent: true,
  });
  const { internalProperties = [] } = capture.post<{ internalProperties?: readonly Property[] }>(
    "Runtime.getProperties",
    { objectId: result.objectId, ownProperties: true },
  );
  return new Map(
    internalProperties.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Runs code with a remote object as `this`; what the code returns stays in the slot and comes back alive. */
function extract(objectId: string, body: string, args: readonly RemoteObject[] = []): unknown {
  const capture = current();
  const slot = capture.slot();
  capture.post("Runtime.callFunctionOn", {
    objectId,
    functionDeclaration: `function (...given) { ${slotText}.found = (() => { ${body} })(); }`,
    arguments: args.map(({ objectId: id, value, unserializableValue }) =>
      id !== undefined
        ? { objectId: id }
        : unserializableValue !== undefined
          ? { unserializableValue }
          : { value },
    ),
    silent: true,
  });
  const { found } = slot;
  slot.found = undefined;
  slot.subject = undefined;
  return found;
}

/** Where a function is written and which variables it holds. */
export function inspectFunction(fn: Function): Inspected {
  const internals = internalsOf(fn);
  const location = internals.get("[[FunctionLocation]]")?.value as
    { scriptId: string; lineNumber: number; columnNumber: number } | undefined; // As the protocol documents it.
  const scopesId = internals.get("[[Scopes]]")?.objectId;
  const scopes =
    scopesId === undefined
      ? []
      : (extract(
          scopesId,
          "const all = []; for (let i = 0; i < this.length; i++) all.push({ kind: this[i].description, variables: this[i].object }); return all;",
        ) as CapturedScope[]); // Made by the line above.
  return {
    location: location && {
      scriptId: location.scriptId,
      line: location.lineNumber,
      column: location.columnNumber,
    },
    // "Closure (makeCounter)" names the function; only the kind matters.
    scopes: scopes.map(({ kind, variables }) => ({ kind: kind.split(" ")[0] ?? kind, variables })),
  };
}

/** The parts of a bound function; undefined for every other one. */
export function inspectBound(fn: Function): BoundParts | undefined {
  const internals = internalsOf(fn);
  const target = internals.get("[[TargetFunction]]");
  const args = internals.get("[[BoundArgs]]");
  const self = internals.get("[[BoundThis]]");
  if (target === undefined || self === undefined || args?.objectId === undefined) return undefined;
  return extract(args.objectId, "return { target: given[0], self: given[1], args: Array.from(this) };", [
    target,
    self,
  ]) as BoundParts; // Made by the line above.
}

/** The script with this id. The first time it turns the debugger on for the rest of the capture. */
export function scriptOf(scriptId: string): Script | undefined {
  const known = scripts.get(scriptId);
  if (known !== undefined) return known;
  const capture = current();
  capture.enableDebugger();
  const read = scripts.get(scriptId);
  if (read !== undefined) return read;
  const head = knownHeads.get(scriptId);
  return head === undefined ? undefined : capture.read(head);
}

/** A module's script, if its source has been read. Loaders may import TypeScript under the name of what it becomes. */
export function scriptByUrl(url: string): Script | undefined {
  const typed = url.replace(/\.([cm]?)js$/, ".$1ts");
  const wanted = new Set([url, typed, `${url}.ts`]);
  return [...scripts.values()].findLast((script) => wanted.has(script.url.split("?")[0] ?? ""));
}

/**
 * Whether any line of the REPL, each a script of its own, assigns a variable that all of them see.
 */
export function isAssignedInRepl(name: string): boolean {
  return [...scripts.values()].some((script) => {
    if (!isReplLine(script.url)) return false;
    const { module, elsewhere } = script.assigned();
    return module.has(name) || elsewhere.has(name);
  });
}

/** Whether a script is one input of the REPL. */
export function isReplLine(url: string): boolean {
  return /^REPL\d+$/.test(url);
}
