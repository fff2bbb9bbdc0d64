/** The private members that instances of a class have, found in its text. */
import { parseFunction } from "./parse.ts";

/** The `#names` of a class without those of its bases. */
export function privateNames(text: string): string[] {
  try {
    return (parseFunction(text, true).class?.members ?? [])
      .filter((member) => member.private && !member.static)
      .map((member) => `#${privateName(text.slice(member.start, member.end))}`);
  } catch {
    return []; // A source that the parser does not know is refused when the class itself is sent.
  }
}

function privateName(member: string): string {
  return /#([\p{ID_Continue}$]+)/u.exec(member)?.[1] ?? "private";
}
