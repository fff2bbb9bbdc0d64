/**
 * `import()` from the point of view of another module: a bare specifier means the package that the user's file would
 * get, a relative one the file beside it.
 */
import { constants, Script } from "node:vm";

type Import = (specifier: string) => Promise<object>;

const importers = new Map<string, Import>();
let warned = false;

/** Imports as if the call stood in the module at `parent`. */
export function importFrom(parent: string): Import {
  let importer = importers.get(parent);
  if (importer === undefined) {
    importer = new Script("(specifier) => import(specifier)", {
      filename: parent,
      importModuleDynamically: mainLoader(),
    }).runInThisContext() as Import;
    importers.set(parent, importer);
  }
  return importer;
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
