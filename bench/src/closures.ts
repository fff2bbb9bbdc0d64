/**
 * What shipping functions costs: the first capture of a process, the next ones, putting functions together again, and
 * the speed of shipped code. Each figure is the median over fresh processes. `node bench/dist/closures.js` prints the
 * table; `closureCosts()` gives the figures to whoever wants them in a table of their own.
 */
import { execFileSync } from "node:child_process";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

/** One figure. */
export interface ClosureCost {
  readonly row: string;
  readonly value: number;
  readonly unit: "us" | "bytes" | "x native";
}

type Figures = Readonly<Record<string, number>>;

/** Measures in `processes` fresh processes, once as they are and once warmed up. Takes a few seconds. */
export function closureCosts(processes = 5): readonly ClosureCost[] {
  const cold = Array.from({ length: processes }, () => child());
  const warmed = Array.from({ length: processes }, () => child("warm"));
  const cost = (
    row: string,
    runs: readonly Figures[],
    key: string,
    unit: ClosureCost["unit"],
  ): ClosureCost => {
    const all = runs.map((figures) => figures[key] ?? NaN).toSorted((a, b) => a - b);
    return { row, value: all[all.length >> 1] ?? NaN, unit };
  };
  return [
    cost("capture: first in the process", cold, "first", "us"),
    cost("capture: warm-up", warmed, "warmUp", "us"),
    cost("capture: first after the warm-up", warmed, "first", "us"),
    cost("capture: next function of the file, with two helpers", cold, "next", "us"),
    cost("capture: next class of the file", cold, "nextClass", "us"),
    cost("capture: another closure of a known source", cold, "warm", "us"),
    cost("rehydration: first", cold, "firstRehydration", "us"),
    cost("rehydration: of known code", cold, "rehydration", "us"),
    cost("call: shipped against native, time", cold, "callRatio", "x native"),
    cost("payload: one captured number", cold, "payloadBytes", "bytes"),
    cost("payload: one import", cold, "payloadImportsBytes", "bytes"),
  ];
}

function child(...args: string[]): Figures {
  const program = fileURLToPath(new URL("./closures-child.js", import.meta.url));
  return JSON.parse(execFileSync(process.execPath, [program, ...args], { encoding: "utf8" })) as Figures;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  console.table(
    closureCosts().map(({ row, value, unit }) => ({ row, value: Number(value.toFixed(2)), unit })),
  );
}
