/**
 * `import()` from the point of view of another module: a bare specifier means the package that the user's file would
 * get, a relative one the file beside it, TypeScript included.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
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
      try {
        return await native(specifier, options);
      } catch (error) {
        if (!isTypeScriptError(error)) throw error;
        await loadTypeScriptLoader(parent, specifier, error);
        return native(specifier, options);
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

/** Node does not load the file because it is TypeScript, or more TypeScript than it strips. */
function isTypeScriptError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return (
    typeScriptErrors.has(Reflect.get(error, "code")) ||
    // A `.js` specifier that means the `.ts` file beside it, as TypeScript writes it.
    (Reflect.get(error, "code") === "ERR_MODULE_NOT_FOUND" &&
      isWrittenInTypeScript(Reflect.get(error, "url")))
  );
}

function isWrittenInTypeScript(url: unknown): boolean {
  if (typeof url !== "string" || !url.startsWith("file:")) return false;
  const path = fileURLToPath(url);
  return /\.[cm]?js$/.test(path) ? existsSync(path.replace(/js$/, "ts")) : existsSync(`${path}.ts`);
}

let typeScriptLoader: Promise<void> | undefined;

/**
 * A worker starts without the loaders of the program. When shipped code imports TypeScript that Node cannot load by
 * itself, tsx is brought in, if the program has it.
 */
async function loadTypeScriptLoader(parent: string, specifier: string, cause: Error): Promise<void> {
  typeScriptLoader ??= (async () => {
    const resolved = createRequire(parent).resolve("tsx/esm/api");
    const { register } = (await import(pathToFileURL(resolved).href)) as { register: () => unknown };
    register();
  })();
  try {
    await typeScriptLoader;
  } catch {
    throw new SerializationError(
      specifier,
      `import(${JSON.stringify(specifier)}) in shipped code: a worker cannot load TypeScript (${cause.message}).\n` +
        "Hint: import it with an import statement at the top of the file, whose values travel with the function; " +
        "or install tsx; or use a Node that strips types (22.18, 24).",
      { cause },
    );
  }
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
