/**
 * What `docs/functions.md` says of shapes of functions, each line with the shapes that prove it: the tests look for
 * them among the results, and the table in the page is written from here (`write-codec-table.ts`).
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";

export interface ShapeRow {
  /** The first column. */
  readonly shape: string;
  /** The second: what becomes of it in a worker. */
  readonly becomes: string;
  /** How each of these shapes comes out. */
  readonly outcome: "runs" | "clear error";
  /** Names in the programs of shapes (`test/fixtures/functions`). */
  readonly shapes: readonly string[];
}

export const shapeRows: readonly ShapeRow[] = [
  {
    shape: "arrows, functions, methods, getters, generators, async of each, bound functions",
    becomes: "run",
    outcome: "runs",
    shapes: [
      "arrow captures nested object",
      "function declaration",
      "method passed detached",
      "getter as a function",
      "generator function",
      "async generator function",
      "async method, detached",
      "bound function",
      "mutual recursion (declarations)",
    ],
  },
  {
    shape:
      "classes with private members, statics, static blocks, accessors, decorators, mixins, bases in other modules",
    becomes: "run; one class per thread, so `instanceof` holds for every instance that arrives",
    outcome: "runs",
    shapes: [
      "class private methods/statics/#x in",
      "static blocks with locals, captures and private statics",
      "class getter/setter",
      "accessor keyword",
      "class, method and field decorators",
      "mixins",
      "subclass of a class two modules away",
      "extends EventTarget",
      "one class for two payloads (second)",
      "instance comes back as an instance",
    ],
  },
  {
    shape:
      "what was changed after the definition: own properties, statics, patched members, attributes, prototypes, frozen or not",
    becomes: "as it is when it is sent",
    outcome: "runs",
    shapes: [
      "function with own properties",
      "bound function with own properties",
      "static fields overlaid from the live class",
      "patched prototype method",
      "deleted prototype method",
      "members with other attributes, private members included",
      "class that got another base",
      "frozen function",
      "name, length and attributes of own properties",
    ],
  },
  {
    shape: "captured variables that are assigned (`let n = 0; () => ++n`)",
    becomes: "run on a copy; closures that share the variable share it there",
    outcome: "runs",
    shapes: [
      "closure let shared by two closures",
      "module let assigned by a helper",
      "2 independent factory closures, local",
      "three closures of one let, one that makes more",
    ],
  },
  {
    shape: "imports: named, default, `* as`, re-exported, built-in, packages, JSON, `require`, `import()`",
    becomes: "imported again; live bindings stay live",
    outcome: "runs",
    shapes: [
      "import named local",
      "import default local class",
      "import * as local",
      "re-exported default",
      "import builtin without prefix",
      "import npm ESM-only",
      "JSON import",
      "require inside of the function",
      "createRequire outside of the function",
      "dynamic import relative",
      "import live binding after mutation",
    ],
  },
  {
    shape: "TypeScript modules, which a worker has no loader for",
    becomes:
      "by value, what is used of them; `import()` of one loads it through tsx if that is installed, or through Node",
    outcome: "runs",
    shapes: [
      "class of a TypeScript module with private fields",
      "import * of a TypeScript module",
      "live binding of a TypeScript module",
      "TS namespace",
    ],
  },
  {
    shape:
      "`ObjectRef`s, actor handles and their methods, remote functions, actor classes, placement groups, the namespace of Manta itself",
    becomes: "what they are: tasks submit tasks, pass handles on and await refs",
    outcome: "runs",
    shapes: [
      "captured ref",
      "captured actor handle",
      "captured method of a handle",
      "remote function that calls itself",
      "captured actor class",
      "captured placement group",
      "the namespace in an object",
      "a trainable with a captured handle, ref and task",
    ],
  },
  {
    shape: "`process`, `process.env`, `console`, globals and built-in modules of Node, under any name",
    becomes: "the worker's own, never copied",
    outcome: "runs",
    shapes: [
      "process.argv and process.platform",
      "process.env read in the worker",
      "members of globals under other names",
      "functions of the platform under other names",
      "modules of Node under other names",
      "built-in module in an object",
    ],
  },
  {
    shape: "functions made by `eval`, `new Function` or `node:vm`",
    becomes: "run; those of another realm as functions of the worker's",
    outcome: "runs",
    shapes: [
      "functions made by eval",
      "async function and generator made by constructors",
      "closure inside of vm.compileFunction",
      "function of another context",
    ],
  },
  {
    shape: "a `WeakMap` or `WeakSet` variable",
    becomes: "arrives empty, with a warning",
    outcome: "runs",
    shapes: ["captured WeakMap arrives empty (warns)", "captured WeakSet arrives empty (warns)"],
  },
  {
    shape: "your own globals",
    becomes: "sent as they are now, with a warning",
    outcome: "runs",
    shapes: ["user-defined global (warns)"],
  },
  {
    shape:
      "sockets, streams, promises, generators in progress, proxies, `AbortSignal`, Intl formatters, timers",
    becomes: "clear error with the path to it",
    outcome: "clear error",
    shapes: [
      "captured server deep in object",
      "captured stream",
      "captured Promise",
      "captured generator object",
      "captured Proxy",
      "captured Proxy of a function",
      "captured AbortSignal",
      "captured Intl formatter",
      "captured timer",
    ],
  },
  {
    shape: "instances of classes with private fields, or of a library's internal classes",
    becomes:
      "clear error: register a serializer, or export the instance from a module of your own and import it",
    outcome: "clear error",
    shapes: ["captured instance with private field", "instance of an internal class of a library"],
  },
  {
    shape: "an arrow that uses `this`, `super` or `new.target` of the function around it",
    becomes:
      "clear error: keep it in a variable (an arrow in a class field, or at the top of a module, runs)",
    outcome: "clear error",
    shapes: ["arrow in a method uses its this", "arrow with the this of the module"],
  },
  {
    shape: "a `const` or class whose declaration has not run",
    becomes: "clear error (Node 20 cannot tell for `const x = call()` and warns instead)",
    outcome: "clear error",
    shapes: ["const in its temporal dead zone", "class in its temporal dead zone"],
  },
  {
    shape: "a function that is nested thousands of levels deep",
    becomes: "clear error: export it from a module",
    outcome: "clear error",
    shapes: ["function of 200,000 terms"],
  },
];

export const functionsPagePath: string = fileURLToPath(
  new URL("../../../docs/functions.md", import.meta.url),
);

const BEGIN = "<!-- Written by test/runtime/serialization/write-codec-table.ts. Do not edit. -->";
const END = "<!-- End of what is written. -->";

/** The page with its table as it should be. */
export async function renderFunctionsPage(): Promise<string> {
  const page = readFileSync(functionsPagePath, "utf8");
  const before = page.indexOf(BEGIN);
  const after = page.indexOf(END);
  if (before === -1 || after === -1) throw new Error("docs/functions.md lacks the marks around its table");
  const lines = shapeRows.map(({ shape, becomes }) => `| ${shape} | ${becomes} |`);
  const table = ["| shape | in a worker |", "| --- | --- |", ...lines].join("\n");
  const text = `${page.slice(0, before)}${BEGIN}\n\n${table}\n\n${page.slice(after)}`;
  return format(text, { ...(await resolveConfig(functionsPagePath)), parser: "markdown" });
}
