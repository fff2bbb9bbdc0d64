/**
 * Puts every statement of transformed code on the line that it has in the user's file, so that stacks and breakpoints
 * in a worker show the user's lines without source map support there. Only line breaks before statements are added,
 * where they cannot change the meaning.
 */
import type { Edit } from "./edits.ts";
import type { Position, SourcePositions } from "./positions.ts";

/** The breaks to insert, for a function that stands at `offset` in its script and begins at `first` for the user. */
export function lineBreaks(
  text: string,
  statements: readonly number[],
  offset: number,
  first: Position,
  positions: SourcePositions,
): Edit[] {
  const edits: Edit[] = [];
  let line = first.line;
  let at = 0;
  for (const start of statements.toSorted((a, b) => a - b)) {
    line += countBreaks(text, at, start);
    at = start;
    const wanted = positions.original(offset + start)?.line;
    if (wanted === undefined || wanted <= line) continue;
    edits.push({ start, end: start, text: "\n".repeat(wanted - line) });
    line = wanted;
  }
  return edits;
}

function countBreaks(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
