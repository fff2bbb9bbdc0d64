/**
 * Puts every statement of transformed code on the line that it has in the user's file, so that stacks and breakpoints
 * in a worker show the user's lines without source map support there. Only line breaks before statements are added, and
 * taken away where they separate nothing, so that the meaning stays.
 */
import type { Edit } from "./edits.ts";
import type { Place, SourcePositions } from "./positions.ts";

/** The breaks to insert and to take away, for a function that stands at `offset` in its script and begins at `first` for the user. */
export function lineBreaks(
  text: string,
  statements: readonly number[],
  offset: number,
  first: Place,
  positions: SourcePositions,
): Edit[] {
  const edits: Edit[] = [];
  let line = first.line;
  let at = 0;
  for (const start of statements.toSorted((a, b) => a - b)) {
    line += countBreaks(text, at, start);
    at = start;
    const place = positions.original(offset + start);
    // A bundler may have put in something from another file.
    const wanted = place?.url === first.url ? place.line : undefined;
    if (wanted === undefined || wanted === line) continue;
    if (wanted > line) {
      edits.push({ start, end: start, text: "\n".repeat(wanted - line) });
      line = wanted;
      continue;
    }
    const blank = removableBlank(text, start);
    const surplus = Math.min(line - wanted, countBreaks(text, blank, start));
    if (surplus === 0) continue;
    const kept = countBreaks(text, blank, start) - surplus;
    edits.push({ start: blank, end: start, text: kept === 0 ? " " : "\n".repeat(kept) });
    line -= surplus;
  }
  return edits;
}

/** Where the white space before a statement begins, if the breaks in it mean nothing. */
function removableBlank(text: string, start: number): number {
  const [blank = ""] = /\s*$/.exec(text.slice(Math.max(0, start - 200), start)) ?? [];
  const from = start - blank.length;
  // Behind anything else a break may end a statement, and behind a comment it ends the comment.
  const line = text.slice(text.lastIndexOf("\n", from - 1) + 1, from);
  return /[;{}]$/.test(line) && !line.includes("//") ? from : start;
}

function countBreaks(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
