/**
 * `progress.csv` of a trial: nested metrics flattened with `/`, the columns fixed by the first result. Numbers that
 * are not finite are written as pandas reads them: nan, inf, -inf.
 */
import { stringify } from "csv-stringify/sync";

import { flatten } from "../trial/metrics.ts";
import { toJson } from "./json.ts";

/** Makes the lines of one file. */
export class CsvTable {
  #columns: readonly string[] | undefined = undefined;

  /** The line of a result, with the header before the first one. Keys that the first result did not have are left out. */
  line(result: Readonly<Record<string, unknown>>): string {
    const flat = flatten(result);
    const header = this.#columns === undefined;
    const columns = (this.#columns ??= Object.keys(flat));
    const row = columns.map((column) => cell(flat[column]));
    return stringify(header ? [[...columns], row] : [row]);
  }
}

function cell(value: unknown): string {
  switch (typeof value) {
    case "undefined":
      return "";
    case "string":
      return value;
    case "number":
      return Number.isNaN(value)
        ? "nan"
        : Number.isFinite(value)
          ? String(value)
          : value > 0
            ? "inf"
            : "-inf";
    case "boolean":
    case "bigint":
      return String(value);
    default:
      return value === null ? "" : toJson(value);
  }
}
