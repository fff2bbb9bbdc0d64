/**
 * Runs every shape in every mode on every version of Node and prints what came out as a table.
 *
 *     node test/shapes/matrix.mjs [--node current,22.23.3] [--mode "bundle"] [--verbose]
 *
 * Ends with 1 when a shape fails anywhere.
 */
import { parseArgs } from "node:util";

import { currentMajor, modes, runMode } from "./modes.mjs";
import { nodeBinary, otherVersions } from "./node-versions.mjs";

const { values } = parseArgs({
  options: { node: { type: "string" }, mode: { type: "string" } },
});

const versions = (values.node?.split(",") ?? ["current", ...otherVersions]).map((version) =>
  version === "current"
    ? { version: process.versions.node, binary: process.execPath, major: currentMajor }
    : { version, binary: nodeBinary(version), major: Number(version.split(".")[0]) },
);
const chosen = modes.filter(({ name }) => values.mode === undefined || name.includes(values.mode));

const rows = [];
let failed = false;
for (const node of versions) {
  for (const mode of chosen) {
    if (mode.since !== undefined && node.major < mode.since) {
      rows.push({ mode: mode.name, node: node.version, note: "n.a." });
      continue;
    }
    const results = await runMode(mode, node);
    const count = (outcome) => results.filter((result) => result.outcome === outcome).length;
    const row = {
      runs: count("runs"),
      "clear error": count("clear error"),
      fails: count("fails"),
      "n.a.": count("n.a."),
    };
    rows.push({ mode: mode.name, node: node.version, ...row });
    console.log(`${node.version.padEnd(9)} ${mode.name.padEnd(20)} ${JSON.stringify(row)}`);
    for (const { file, name, ok, detail } of results) {
      if (ok) continue;
      failed = true;
      console.log(`  ${file}: ${name}\n    ${detail.replaceAll("\n", "\n    ").slice(0, 1500)}`);
    }
  }
}
console.log(table(rows));
process.exitCode = failed ? 1 : 0;

/** A row for each mode, a column for each version: runs / clear error / fails / n.a. */
function table(all) {
  const cell = (row) =>
    row === undefined
      ? ""
      : (row.note ?? `${row.runs} / ${row["clear error"]} / ${row.fails} / ${row["n.a."]}`);
  const lines = [
    ["runs / clear error / fails / n.a.", ...versions.map(({ version }) => `Node ${version}`)],
    [":--", ...versions.map(() => ":--")],
    ...chosen.map(({ name }) => [
      name,
      ...versions.map(({ version }) => cell(all.find((row) => row.mode === name && row.node === version))),
    ]),
  ];
  const widths = lines[0].map((_, at) => Math.max(...lines.map((line) => line[at].length)));
  return lines.map((line) => `| ${line.map((text, at) => text.padEnd(widths[at])).join(" | ")} |`).join("\n");
}
