/**
 * Positions: an offset in the code that runs, as a line and column of the file that the user wrote. Transformed code
 * (tsx, vitest, bundles) is followed through its source map.
 */
import { readFileSync } from "node:fs";
import { once } from "../../core/load.ts";
import { fileName, filePath } from "./script-names.ts";
import { sourceMapOf } from "./source-maps.ts";
import type { MappedPosition } from "./source-maps.ts";

/** Counted from 0. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A position in a file. */
export interface Place extends Position {
  readonly url: string;
}

export interface SourcePositions {
  /** The code is not what the user wrote. */
  readonly mapped: boolean;
  /** Offset in the running code of a position that V8 reports. */
  offsetOf(position: Position): number;
  /** The user's position of an offset; undefined when the source map knows none for it. */
  original(offset: number): Place | undefined;
  /** What the user calls the thing at an offset, when a minifier has renamed it. */
  nameAt(offset: number): string | undefined;
  /** `main.ts:12:10`, counted from 1 as editors do. */
  label(offset: number): string;
  /** Three lines of the user's file with a caret under the offset. */
  frame(offset: number): string | undefined;
}

/** Positions in a script. */
export function sourcePositions(
  head: { url: string; sourceMapURL: string; startLine: number; startColumn: number },
  source: string,
): SourcePositions {
  const lines = once(() => lineStarts(source));
  const map = once(() => sourceMapOf(head.sourceMapURL, head.url));
  const reported = (offset: number): Position => {
    const starts = lines();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const column = offset - (starts[low] ?? 0);
    return { line: low + head.startLine, column: low === 0 ? column + head.startColumn : column };
  };
  const mapped = (offset: number): MappedPosition | undefined => {
    // The map speaks of the module's code; what a loader has put before it is the negative first columns.
    const { line, column } = reported(offset);
    return map()?.original(line, column);
  };
  const original = (offset: number): Place | undefined =>
    map() === undefined ? { ...reported(offset), url: head.url } : mapped(offset);
  const texts = new Map<string, string | undefined>();
  const textOf = (url: string): string | undefined => {
    if (!texts.has(url))
      texts.set(url, map() === undefined ? source : (map()?.content(url) ?? readUserFile(url)));
    return texts.get(url);
  };
  return {
    get mapped() {
      return map() !== undefined;
    },
    offsetOf({ line, column }) {
      const relative = line - head.startLine;
      return (lines()[relative] ?? 0) + (relative === 0 ? column - head.startColumn : column);
    },
    original,
    nameAt: (offset) => mapped(offset)?.name,
    label(offset) {
      const at = original(offset);
      return at === undefined ? fileName(head.url) : `${fileName(at.url)}:${at.line + 1}:${at.column + 1}`;
    },
    frame(offset) {
      const at = original(offset);
      const text = at && textOf(at.url);
      return at === undefined || text === undefined ? undefined : codeFrame(text, at);
    },
  };
}

/** The lines around a position, the position's own marked, with a caret under its column. */
export function codeFrame(text: string, { line, column }: Position): string | undefined {
  const lines = text.split("\n");
  if (lines[line] === undefined) return undefined;
  const width = String(line + 2).length;
  const shown: string[] = [];
  for (let at = Math.max(0, line - 1); at <= Math.min(lines.length - 1, line + 1); at++) {
    const content = (lines[at] ?? "").replace(/\r$/, "");
    // A minified line would bury the caret.
    if (content.length > 200) return undefined;
    shown.push(`${at === line ? ">" : " "} ${String(at + 1).padStart(width)} | ${content}`);
    if (at === line) shown.push(`  ${" ".repeat(width)} | ${" ".repeat(column)}^`);
  }
  return shown.join("\n");
}

function readUserFile(url: string): string | undefined {
  const path = filePath(url);
  try {
    return path === undefined ? undefined : readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function lineStarts(source: string): number[] {
  const starts = [0];
  for (let at = source.indexOf("\n"); at !== -1; at = source.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
