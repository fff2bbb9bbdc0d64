/** Writes `docs/serialization.md` from the cases that the tests run. */
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { carried } from "./codec-cases.ts";
import { refused } from "./codec-cases-refused.ts";

export const pagePath: string = fileURLToPath(new URL("../../../docs/serialization.md", import.meta.url));

/** The page as it should be. */
export async function renderPage(): Promise<string> {
  const parts = [
    "<!-- Written by test/runtime/serialization/write-codec-table.ts from the cases that the tests run. Do not edit. -->",
    "# What travels, and how",
    INTRODUCTION,
    ...carried.flatMap(({ title, cases }) => [
      `## ${title}`,
      table(
        ["value", "arrives"],
        cases.map(({ value, how }) => [value, how]),
      ),
    ]),
    "## What is refused",
    REFUSALS,
    table(
      ["value", "instead"],
      refused.map(({ value, hint }) => [value, hint]),
    ),
    "## Costs and limits",
    LIMITS,
  ];
  return format(parts.join("\n\n"), { ...(await resolveConfig(pagePath)), parser: "markdown" });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const INTRODUCTION = `
Arguments, results, captured variables and what is \`put\` are copied when they are handed over: what happens to the
original afterwards does not show on the other side. Each value of this page has a test of the same name. _Equal_ means
equal in everything that JavaScript can see: class, prototype, order and attributes of properties, entries, identity
within the value, whether it is frozen. No value changes silently; where something arrives otherwise, the table says how.
`;

const REFUSALS = `
These fail at the call with a [\`SerializationError\`](errors.md#manta_serialization) whose message and \`path\` say where in the value the part is
(\`args[0].socket\`, \`args[0].get("k")\`, \`args[0] -> captured 'cfg' -> .db\`), what is there and what to do instead.
\`inspectSerializability(value)\` names all such parts at once.
`;

const LIMITS = `
- Depth is no limit: lists, errors with causes and maps nested 100,000 deep travel, both ways.
- Short messages of plain data and typed arrays (up to 1 KiB, 16 objects) take a path of their own that costs tenths of a
  microsecond; longer plain data is msgpack; everything else is a table of its objects, carried by msgpack.
- Memory of 64 KiB and more goes into shared memory instead of the message.
- Damaged bytes are a \`SerializationError\` or another value, never a crash. What the object store moves to disk has a
  checksum, and damage there is always an error.
`;
