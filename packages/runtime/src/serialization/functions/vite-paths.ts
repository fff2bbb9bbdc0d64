/** Paths as Vite writes them into the modules that it has transformed. */
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** The file that Vite means by a path: `/@fs/…` is absolute, all else is below the root of the project. */
export function viteUrl(path: string, root: string): string {
  const [file = path] = path.split("?");
  if (file.startsWith("/@fs/")) return pathToFileURL(file.slice(4)).href;
  const inRoot = `${root}${file}`;
  return pathToFileURL(existsSync(inRoot) ? inRoot : file).href;
}
