/** Names of scripts: what V8 calls them, as paths and for messages. */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

/** Short name of a script for messages. */
export function fileName(url: string): string {
  if (url === "") return "unnamed script";
  return basename(url.split("?")[0] ?? url);
}

/** Path of a `file:` URL or of a CommonJS script; undefined for scripts without a file. */
export function filePath(url: string): string | undefined {
  if (url.startsWith("file:")) {
    try {
      return fileURLToPath(url);
    } catch {
      return undefined;
    }
  }
  return url.startsWith("/") || /^[A-Za-z]:\\/.test(url) ? url : undefined;
}
