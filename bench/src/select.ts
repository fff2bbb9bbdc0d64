/** Which rows run: those whose names match, and those that they are compared with. Pure. */
import { rowsNeeded, type Target } from "./report/targets.ts";

interface Selectable {
  readonly name: string;
  readonly subject: string;
  readonly targets?: readonly Target[];
}

/**
 * Rows whose name contains one of the texts, or whose subject is one of them; with no text all. What they need is
 * added, in the order of the list.
 *
 * @throws RangeError for a text that matches nothing
 */
export function selectRows<R extends Selectable>(rows: readonly R[], only: readonly string[]): R[] {
  if (only.length === 0) return [...rows];
  const wanted = new Set<string>();
  for (const text of only) {
    const matching = rows.filter(({ name, subject }) => name.includes(text) || subject === text);
    if (matching.length === 0)
      throw new RangeError(`--only ${JSON.stringify(text)} matches no row; see --list`);
    for (const { name } of matching) wanted.add(name);
  }
  const byName = new Map(rows.map((row) => [row.name, row]));
  for (const name of wanted) {
    // A set goes on over what is added while it is walked, so needs of needs come in, too.
    for (const needed of rowsNeeded(byName.get(name)?.targets ?? [])) wanted.add(needed);
  }
  return rows.filter(({ name }) => wanted.has(name));
}
