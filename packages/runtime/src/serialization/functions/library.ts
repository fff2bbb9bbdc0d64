/**
 * Code of libraries, which is never copied: it has state of its own, and every thread can import it. What is in
 * `node_modules` is a library, and so are Manta's packages wherever they lie.
 */
import { readFileSync } from "node:fs";
import { filePath } from "./script-names.ts";

/** Whether a script belongs to a library or to Node. */
export function isLibrary(url: string): boolean {
  return url.includes("/node_modules/") || url.startsWith("node:") || isOwn(url);
}

const packages = new Map<string, boolean>();

/** Whether a script is in the bundle of one of Manta's packages: in a checkout they are not in `node_modules`. */
export function isOwn(url: string): boolean {
  const root = /^(.+)[\\/]dist[\\/]bundle[\\/]/.exec(filePath(url) ?? "")?.[1];
  if (root === undefined) return false;
  let known = packages.get(root);
  if (known === undefined) packages.set(root, (known = isNamedLikeManta(`${root}/package.json`)));
  return known;
}

function isNamedLikeManta(file: string): boolean {
  try {
    const { name } = JSON.parse(readFileSync(file, "utf8")) as { name?: unknown };
    return typeof name === "string" && name.startsWith("@mantajs/");
  } catch {
    return false;
  }
}
