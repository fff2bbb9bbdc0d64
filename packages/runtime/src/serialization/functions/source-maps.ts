/**
 * Source maps: from a position in the code that runs (tsx, vitest, bundles, compiled TypeScript) to the file that the
 * user wrote. Maps inside of the script are read, and maps in a file beside it.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { traceMapping } from "./lazy.ts";

/** A position in the user's file, counted from 0. */
export interface MappedPosition {
  /** Path or `file:` URL of the file, as the script's own URL is written when it is the same file. */
  readonly url: string;
  readonly line: number;
  readonly column: number;
  /** What the user calls the thing there, when a minifier has renamed it. */
  readonly name: string | undefined;
}

export interface SourceMap {
  original(line: number, column: number): MappedPosition | undefined;
  /** The text of a source that {@link original} has named, if the map has it. */
  content(url: string): string | undefined;
}

/** Reading a larger map would take longer than a position is worth. */
const largestMapBytes = 64 * 1024 * 1024;

/** The map of a script; undefined when it has none that can be read. */
export function sourceMapOf(sourceMapURL: string, scriptURL: string): SourceMap | undefined {
  if (sourceMapURL === "") return undefined;
  try {
    const read = inlineMap(sourceMapURL) ?? mapFile(sourceMapURL, scriptURL);
    if (read === undefined) return undefined;
    const { TraceMap, originalPositionFor } = traceMapping();
    const tracer = new TraceMap(read.json, read.base);
    const urls = tracer.resolvedSources.map((source) => sameFile(source, scriptURL) ?? source);
    return {
      original(line, column) {
        const at = originalPositionFor(tracer, { line: line + 1, column: Math.max(0, column) });
        if (at.source === null) return undefined;
        return {
          url: urls[tracer.resolvedSources.indexOf(at.source)] ?? scriptURL,
          line: at.line - 1,
          column: at.column,
          name: at.name ?? undefined,
        };
      },
      content: (url) => tracer.sourcesContent?.[urls.indexOf(url)] ?? undefined,
    };
  } catch {
    return undefined; // A damaged map is no reason to fail: positions are then those of the script.
  }
}

function inlineMap(sourceMapURL: string): { json: string; base: string | undefined } | undefined {
  const [, encoding, data] = /^data:application\/json[^,]*?(;base64)?,(.*)$/s.exec(sourceMapURL) ?? [];
  if (data === undefined) return undefined;
  const json =
    encoding === undefined ? decodeURIComponent(data) : Buffer.from(data, "base64").toString("utf8");
  return { json, base: undefined };
}

function mapFile(sourceMapURL: string, scriptURL: string): { json: string; base: string } | undefined {
  const script = scriptURL.startsWith("/") ? pathToFileURL(scriptURL).href : scriptURL;
  const url = new URL(sourceMapURL, script);
  if (url.protocol !== "file:") return undefined;
  const json = readFileSync(fileURLToPath(url), "utf8");
  return json.length > largestMapBytes ? undefined : { json, base: url.href };
}

/** The script's own URL, when the source is the script itself. */
function sameFile(source: string, scriptURL: string): string | undefined {
  const script = scriptURL.startsWith("file:") ? fileURLToPath(scriptURL) : (scriptURL.split("?")[0] ?? "");
  const path = source.startsWith("file:") ? fileURLToPath(source) : source;
  return path === script || script.endsWith(`/${path}`) ? scriptURL : undefined;
}
