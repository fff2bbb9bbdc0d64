/**
 * Puts a function or class together from what `dismantle.ts` has made of it. Runs in workers: it loads no parser and
 * no inspector.
 */
import { createRequire } from "node:module";
import { isBuiltin } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { dirname } from "node:path";
import { noteAssembled } from "./assembled.ts";
import type { BoundCode, Overlay, ShippedCode, SourceCode } from "./code.ts";
import { compile } from "./compile.ts";
import { noteLocation } from "./describe.ts";
import { classOf, remember } from "./identity.ts";
import { importFrom } from "./loader.ts";
import { viteUrl } from "./vite-paths.ts";
import { LATER } from "./types.ts";
import type { AssembledFunction, FunctionCode } from "./types.ts";

/** Makes the function. A class that this thread has already is given back instead of a second one. */
export function assembleFunction(code: FunctionCode, values: readonly unknown[]): AssembledFunction {
  const shipped = code as ShippedCode; // Only `dismantle.ts` makes function codes.
  const known = shipped.classId === undefined ? undefined : classOf(shipped.classId);
  if (known !== undefined) return { value: known, link() {} };
  return shipped.form === "bound" ? assembleBound(shipped, values) : assembleSource(shipped, values);
}

type Link = (value: unknown) => void;

function assembleSource(code: SourceCode, given: readonly unknown[]): AssembledFunction {
  const values = [...given];
  const links = new Map<number, Link[]>();
  const whenKnown = whenKnownIn(values, links);
  const params = code.params.filter(({ from }) => from !== "self");
  const late = params.flatMap(({ from }, at) =>
    typeof from === "number" && values[from] === LATER && from !== code.base ? [at] : [],
  );
  const [made, setters] = compile(
    code,
    late,
  )(
    ...params.map(({ from }) => {
      if (from === "meta") return metaOf(code);
      if (from === "import") return importerOf(code);
      if (typeof from === "object") return argumentsOf(from, whenKnown);
      const value = typeof from === "number" ? values[from] : undefined;
      // A base that comes later: any constructor will do until its prototype is linked.
      // oxlint-disable-next-line typescript/no-extraneous-class
      return value !== LATER ? value : from === code.base ? class {} : undefined;
    }),
  );
  const fn = functionIn(made, code);
  late.forEach((at, order) => {
    const from = params[at]?.from;
    const setter = setters[order];
    if (typeof from === "number" && setter !== undefined) whenKnown(from, setter);
  });
  rename(fn, code);
  if (code.classId !== undefined) remember(code.classId, fn);
  noteLocation(fn, { url: code.url, line: code.line, column: code.column });
  noteAssembled(fn, code, values);
  linkPrototypes(fn, code, values, made, whenKnown);
  for (const { on, key } of code.removed) Reflect.deleteProperty(ownerOf(fn, on), key);
  for (const overlay of code.overlays) layOver(fn, overlay, whenKnown);
  return { value: fn, link: linkIn(values, links) };
}

/** Hands a value to its user: now, or when it is linked. */
function whenKnownIn(
  values: readonly unknown[],
  links: Map<number, Link[]>,
): (index: number, link: Link) => void {
  return (index, link) => {
    if (values[index] !== LATER) link(values[index]);
    else links.set(index, [...(links.get(index) ?? []), link]);
  };
}

function linkIn(values: unknown[], links: ReadonlyMap<number, Link[]>): AssembledFunction["link"] {
  return (index, value) => {
    values[index] = value;
    for (const link of links.get(index) ?? []) link(value);
  };
}

function functionIn(made: unknown, { form }: SourceCode): Function {
  if (form !== "method" && form !== "getter" && form !== "setter") return made as Function; // The wrapper's one value.
  const holder = made as object; // The object literal around the method.
  const [key = ""] = Reflect.ownKeys(holder);
  const descriptor = Object.getOwnPropertyDescriptor(holder, key);
  return (
    form === "getter" ? descriptor?.get : form === "setter" ? descriptor?.set : descriptor?.value
  ) as Function;
}

/** Names that the source does not give: `const square = (x) => x * x` is sent without its variable. */
function rename(fn: Function, { name }: SourceCode): void {
  const own = Object.getOwnPropertyDescriptor(fn, "name");
  if (name === undefined || own?.value === name || own?.configurable === false) return;
  Object.defineProperty(fn, "name", { value: name, configurable: true });
}

function linkPrototypes(
  fn: Function,
  code: SourceCode,
  values: readonly unknown[],
  made: unknown,
  whenKnown: (index: number, link: Link) => void,
): void {
  const { base, superPrototype, prototypeBase, ownPrototype } = code;
  if (base !== undefined && values[base] === LATER) {
    whenKnown(base, (value) => {
      Object.setPrototypeOf(fn, value as Function);
      Object.setPrototypeOf(fn.prototype as object, (value as Function).prototype as object);
    });
  }
  if (superPrototype !== undefined) {
    whenKnown(superPrototype, (value) => Object.setPrototypeOf(made, value as object | null));
  }
  if (prototypeBase !== undefined) {
    whenKnown(prototypeBase, (value) =>
      Object.setPrototypeOf(fn.prototype as object, value as object | null),
    );
  }
  if (ownPrototype !== undefined)
    whenKnown(ownPrototype, (value) => Object.setPrototypeOf(fn, value as object | null));
}

function ownerOf(fn: Function, on: Overlay["on"]): object {
  return on === "function" ? fn : (fn.prototype as object);
}

/** Defines a property that the source does not make, as soon as its values are known. */
export function layOver(
  fn: Function,
  overlay: Overlay,
  whenKnown: (index: number, link: (value: unknown) => void) => void,
): void {
  const owner = ownerOf(fn, overlay.on);
  const { enumerable, configurable, writable } = overlay;
  let left = 0;
  const put = (key: string | symbol, part: PropertyDescriptor): void => {
    // Parts of one property may come at different times: it stays open until the last.
    left--;
    const open = left > 0;
    const lock = "value" in part ? { writable: open || writable } : {};
    // A class of this thread that was frozen here stays as it is.
    Reflect.defineProperty(owner, key, { enumerable, configurable: open || configurable, ...lock, ...part });
  };
  const withKey = (use: (key: string | symbol) => void): void => {
    const { key } = overlay;
    if (typeof key === "string") use(key);
    else whenKnown(key, (symbol) => use(symbol as symbol));
  };
  const parts: [number | undefined, (value: unknown) => PropertyDescriptor][] = [
    [overlay.value, (value) => ({ value })],
    [overlay.get, (get) => ({ get: get as () => unknown })],
    [overlay.set, (set) => ({ set: set as (value: unknown) => void })],
  ];
  for (const [index] of parts) if (index !== undefined) left++;
  if (left === 0) withKey((key) => setAttributes(owner, key, overlay));
  // A half of an accessor takes the place of a whole one.
  else if (overlay.value === undefined)
    withKey((key) => Reflect.defineProperty(owner, key, { value: undefined, configurable: true }));
  for (const [index, part] of parts) {
    if (index !== undefined) withKey((key) => whenKnown(index, (value) => put(key, part(value))));
  }
}

function setAttributes(owner: object, key: string | symbol, overlay: Overlay): void {
  const { enumerable, configurable, writable } = overlay;
  const made = Object.getOwnPropertyDescriptor(owner, key);
  if (made === undefined) return;
  Reflect.defineProperty(owner, key, { enumerable, configurable, ...("value" in made && { writable }) });
}

function argumentsOf(indices: readonly number[], whenKnown: (index: number, link: Link) => void): object {
  const made = Reflect.apply(
    function (this: unknown): object {
      return arguments;
    },
    undefined,
    indices.map(() => undefined),
  );
  indices.forEach((index, at) => whenKnown(index, (value) => Reflect.set(made, at, value)));
  return made;
}

function metaOf({ home }: SourceCode): object {
  const isFile = home.startsWith("file:");
  const path = isFile ? fileURLToPath(home) : home;
  return Object.assign(Object.create(null) as object, {
    url: home,
    filename: path,
    dirname: dirname(path),
    env: process.env,
    resolve: (specifier: string): string => {
      if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
      if (/^(?:\.{0,2}\/|[a-z]+:)/i.test(specifier)) return new URL(specifier, home).href;
      return pathToFileURL(createRequire(home).resolve(specifier)).href;
    },
  });
}

/** `import()` of the user's file. vitest has rewritten literal paths to be relative to its project. */
function importerOf({
  home,
  importRoot,
}: SourceCode): (specifier: string, options?: object) => Promise<object> {
  const load = importFrom(home);
  if (importRoot === undefined) return load;
  return (specifier, options) =>
    load(specifier.startsWith("/") ? viteUrl(specifier, importRoot) : specifier, options);
}

function assembleBound(code: BoundCode, given: readonly unknown[]): AssembledFunction {
  const values = [...given];
  const links = new Map<number, Link[]>();
  const whenKnown = whenKnownIn(values, links);
  const fn = values.slice(0, code.parts).includes(LATER) ? bindLater(code, values) : bindNow(code, values);
  noteAssembled(fn, code, values);
  for (const overlay of code.overlays) layOver(fn, overlay, whenKnown);
  return { value: fn, link: linkIn(values, links) };
}

function bindNow({ parts }: BoundCode, values: readonly unknown[]): Function {
  const [target, self, ...args] = values.slice(0, parts);
  return Reflect.apply(Function.prototype.bind, target as Function, [self, ...args]) as Function;
}

/** Its parts lie on a cycle: the binding is made at the call. */
function bindLater({ parts, name }: BoundCode, values: readonly unknown[]): Function {
  const bound = function (this: unknown, ...more: unknown[]): unknown {
    const [target, self, ...args] = values.slice(0, parts);
    const all = [...args, ...more];
    if (new.target !== undefined) return Reflect.construct(target as Function, all) as unknown;
    return Reflect.apply(target as Function, self, all);
  };
  return Object.defineProperty(bound, "name", { value: name, configurable: true });
}
