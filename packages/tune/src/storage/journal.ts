/**
 * The journal of an experiment: every result and decision as one line of JSON, in the hands of the operating system
 * before it takes effect, so that a process that is killed at any moment has lost nothing that was reported.
 */
import { closeSync, openSync, writeSync } from "node:fs";

import type { JournalEntry } from "../execution/effects.ts";
import { toJson } from "./json.ts";

/** An append-only file. */
export class Journal {
  #file: number | undefined;

  constructor(path: string) {
    this.#file = openSync(path, "a");
  }

  /** Appends entries with one write. */
  append(entries: readonly JournalEntry[]): void {
    if (this.#file === undefined) throw new Error("the journal is closed");
    const bytes = Buffer.from(entries.map((entry) => `${toJson(entry)}\n`).join(""));
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
