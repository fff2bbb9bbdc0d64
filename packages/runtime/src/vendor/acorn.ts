/** The parser of function sources, as an entry of the bundle: loaded at its first use. */
export { parse } from "acorn";
