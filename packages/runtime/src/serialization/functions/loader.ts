/**
 * `import()` from the point of view of another module: a bare specifier means the package that the user's file would
 * get, a relative one the file beside it, TypeScript included.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { constants, Script } from "node:vm";
import { SerializationError } from "../../core/errors.ts";

type Import = (specifier: string, options?: object) => Promise<object>;

const importers = new Map<string, Import>();
let warned = false;

/** Imports as if the call stood in the module at `parent`. */
export function importFrom(parent: string): Import {
  let importer = importers.get(parent);
  if (importer === undefined) {
    const native = new Script("(specifier, options) => import(specifier, options)", {
      filename: parent,
      importModuleDynamically: mainLoader(),
    }).runInThisContext() as Import;
    importer = async (specifier, options) => {
      // Node remembers that it could not load a file, so the loader has to be there first.
      if (isTypeScript(specifier, parent)) await loadTypeScriptLoader(native);
      try {
        return await native(specifier, options);
      } catch (error) {
        throw typeScriptErrors.has(Reflect.get(Object(error), "code")) ? cannotLoad(specifier, error) : error;
      }
    };
    importers.set(parent, importer);
  }
  return importer;
}

const typeScriptErrors: ReadonlySet<unknown> = new Set([
  "ERR_UNKNOWN_FILE_EXTENSION",
  "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX",
  "ERR_INVALID_TYPESCRIPT_SYNTAX",
]);

/** Whether a specifier names a TypeScript file, perhaps under the name of what it would be compiled to. */
function isTypeScript(specifier: string, parent: string): boolean {
  if (!/^(?:\.{0,2}\/|file:)/.test(specifier) || !URL.canParse(specifier, parent)) return false;
  const url = new URL(specifier, parent);
  if (url.protocol !== "file:") return false;
  const path = fileURLToPath(url);
  if (/\.(?:[cm]?ts|tsx)$/.test(path)) return existsSync(path);
  if (existsSync(path)) return false;
  return existsSync(`${path}.ts`) || (/\.[cm]?js$/.test(path) && existsSync(path.replace(/js$/, "ts")));
}

let typeScriptLoader: Promise<void> | undefined;

/**
 * A worker starts without the loaders of the program: when shipped code imports TypeScript, tsx is brought in, if the
 * program has it. Without it Node may still load the file by itself.
 */
function loadTypeScriptLoader(native: Import): Promise<void> {
  typeScriptLoader ??= (async () => {
    try {
      const { register } = (await native("tsx/esm/api")) as { register: () => unknown };
      register();
    } catch {
      // Not installed.
    }
  })();
  return typeScriptLoader;
}

function cannotLoad(specifier: string, cause: unknown): SerializationError {
  return new SerializationError(
    specifier,
    `import(${JSON.stringify(specifier)}) in shipped code: this worker cannot load TypeScript: ${String(cause)}\n` +
      "Hint: import it with an import statement at the top of the file, whose values travel with the function; " +
      "or install tsx; or use a Node that strips types (22.18 and later).",
    { cause },
  );
}

/**
 * The option that lets compiled code use `import()`. Node 20 warns once per thread that it is experimental; the
 * warning would be about our code, not the user's, so it is provoked here once and dropped.
 */
export function mainLoader(): typeof constants.USE_MAIN_CONTEXT_DEFAULT_LOADER {
  const loader = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  if (warned) return loader;
  warned = true;
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (String(warning).includes("USE_MAIN_CONTEXT_DEFAULT_LOADER")) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
  try {
    void (new Script("import('node:vm')", {
      importModuleDynamically: loader,
    }).runInThisContext() as Promise<unknown>);
  } finally {
    process.emitWarning = emitWarning;
  }
  return loader;
}
