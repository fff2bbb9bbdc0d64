/**
 * Rewrites a program of shapes for the place where it will run. The programs keep to one import statement a line, so
 * that text is enough here and no compiler changes what is under test.
 */
import { isBuiltin } from "node:module";

/** Where the programs and their modules are, seen from a generated file. */
const home = "../../../fixtures/functions/";

/** The same program in another folder. */
export function moved(text, from = home) {
  return text.replace(/(["'])\.\/(?=lib\/|harness|typescript-|ship)/g, `$1${from}`);
}

/** Imports as `require` calls, each name a variable of its own. */
export function asRequire(text) {
  return text.replace(/^import (.+?) from "([^"]+)";/gm, (_, names, specifier) => {
    const source = `require("${specifier}")`;
    if (names.startsWith("* as ")) return `const ${names.slice(5)} = ${source};`;
    const [, plain, list = ""] = /^([\w$]+)?(?:, )?(?:\{(.*)\})?$/.exec(names) ?? [];
    const parts = list
      .split(",")
      .map((part) => part.trim().replace(" as ", ": "))
      .filter((part) => part !== "");
    if (plain === undefined) return `const { ${parts.join(", ")} } = ${source};`;
    if (!isPlainCommonJs(specifier))
      return `const { ${[`default: ${plain}`, ...parts].join(", ")} } = ${source};`;
    const rest = parts.length === 0 ? "" : ` const { ${parts.join(", ")} } = ${source};`;
    return `const ${plain} = ${source};${rest}`;
  });
}

/** What `require` gives whole, and not as a namespace with a `default`. */
function isPlainCommonJs(specifier) {
  return isBuiltin(specifier) || specifier === "picocolors" || specifier.endsWith(".cjs");
}
