/** Replacements in a text by position, and names that the text does not use yet. */

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with all edits made. Edits must not overlap; an edit inside a larger one is dropped. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = edits.toSorted((a, b) => a.start - b.start || b.end - a.end);
  let result = "";
  let at = 0;
  for (const { start, end, text: replacement } of sorted) {
    if (start < at) continue;
    result += text.slice(at, start) + replacement;
    at = end;
  }
  return result + text.slice(at);
}

/** Hands out names that occur nowhere in the text, so that they can shadow nothing. */
export function freshNames(text: string): (wish: string) => string {
  const given = new Set<string>();
  return (wish) => {
    const stem = `$${wish.replaceAll(/[^\p{ID_Continue}$]/gu, "_")}`;
    let name = stem;
    for (let count = 1; text.includes(name) || given.has(name); count++) name = `${stem}${count}`;
    given.add(name);
    return name;
  };
}
