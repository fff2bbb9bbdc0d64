/**
 * The files of one trial in Ray's layout: params.json, result.json, progress.csv, error.txt. Results are buffered and
 * written when the buffer is large, when the trial ends, and with each snapshot of the experiment.
 */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";

import { isPlainObject } from "../trial/metrics.ts";
import type { Config, TrialResult } from "../trial/types.ts";
import { CsvTable } from "./csv.ts";
import { toJson } from "./json.ts";

const maxBufferedLength = 64 * 1024;

/** Writes one trial's files. */
export class TrialFiles {
  readonly #path: string;
  readonly #table: CsvTable = new CsvTable();
  #results = "";
  #progress = "";

  constructor(path: string) {
    this.#path = path;
    mkdirSync(path, { recursive: true });
  }

  /** The configuration that the trial has from now on. */
  params(config: Config): void {
    writeFileSync(join(this.#path, "params.json"), `${toJson(sorted(config), 2)}\n`);
  }

  result(row: TrialResult): void {
    this.#results += `${toJson(row)}\n`;
    this.#progress += this.#table.line(row);
    if (this.#results.length > maxBufferedLength) this.flush();
  }

  error(error: Error, failures: number, date: string): void {
    const text = `Failure # ${failures} (occurred at ${date})\n${inspect(error)}\n`;
    appendFileSync(join(this.#path, "error.txt"), text);
  }

  flush(): void {
    if (this.#results === "") return;
    appendFileSync(join(this.#path, "result.json"), this.#results);
    appendFileSync(join(this.#path, "progress.csv"), this.#progress);
    this.#results = "";
    this.#progress = "";
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isPlainObject(value)) return value;
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}
