/** The flags of `npm run bench`. */
import { parseArgs } from "node:util";

export interface Options {
  readonly only: readonly string[];
  readonly quick: boolean;
  readonly json: string | undefined;
  readonly ray: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

export const usage = `npm run bench -- [flags]

  --only <text>   only rows whose name contains the text, or the rows of a subject (tasks, actors, ...);
                  repeatable; what a row is compared with runs, too
  --quick         shorter windows, fewer samples, a smaller envelope (the names say the scale)
  --json <file>   writes the results there instead of to bench/results/<date>.json
  --ray           runs the same list on Ray, when python3 can import it, and prints the ratio
  --list          names the rows and their recipes, runs nothing
  --help          this text
`;

/** @throws TypeError for a flag that does not exist, a missing value or an argument that is no flag */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      only: { type: "string", multiple: true, default: [] },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      ray: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return { ...values, json: values.json };
}
