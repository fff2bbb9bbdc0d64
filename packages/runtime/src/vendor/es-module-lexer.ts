/** Finds the import and export statements of a module, as an entry of the bundle: loaded at its first use. */
export { initSync, parse } from "es-module-lexer";
