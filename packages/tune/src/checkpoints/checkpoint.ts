/**
 * A trial's state as users handle it: a directory of files, or one value that is kept in a file. Loaded inside
 * workers. File access is synchronous because `reportSync` hands checkpoints over from synchronous loops.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { deserialize, serialize } from "node:v8";

import { TuneError } from "../errors.ts";

const valueFile = "value.v8";

/**
 * The state of a trial. Make one from a directory that you filled, or from a value.
 *
 * @example await tune.report({ loss }, { checkpoint: tune.Checkpoint.fromValue({ epoch, weights }) });
 */
export class Checkpoint {
  readonly #path: string | undefined;
  readonly #bytes: Buffer | undefined;

  private constructor(path: string | undefined, bytes: Buffer | undefined) {
    this.#path = path;
    this.#bytes = bytes;
  }

  /** A checkpoint that is the content of a directory. It is copied when it is reported, before `report` resolves. */
  static fromDirectory(path: string): Checkpoint {
    return new Checkpoint(resolve(path), undefined);
  }

  /**
   * A checkpoint of one value, as it is now: anything that structured clone carries (typed arrays, Map, Set, Date,
   * cycles). Class instances come back as plain objects; functions throw `TuneError` (`MANTA_TUNE`).
   */
  static fromValue(value: unknown): Checkpoint {
    try {
      return new Checkpoint(undefined, serialize(value));
    } catch (cause) {
      throw new TuneError(`Checkpoint.fromValue(): the value cannot be written: ${String(cause)}`, { cause });
    }
  }

  /** Absolute path of the directory; undefined for a value that is not written yet. */
  get path(): string | undefined {
    return this.#path;
  }

  /** A fresh copy of the value. Throws `TuneError` (`MANTA_TUNE`) when the checkpoint was made from a directory. */
  // The caller says what type was put in, as with `JSON.parse`.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  toValue<T = unknown>(): T {
    // The caller knows what it has put in; the bytes carry no type.
    return deserialize(this.#bytes ?? this.#read()) as T;
  }

  /** Whether `toValue` works: it was made from a value. */
  get isValue(): boolean {
    return this.#bytes !== undefined || existsSync(join(this.#path ?? "", valueFile));
  }

  /** Writes or copies the content into a directory (default: a new temporary one) and returns its path. */
  toDirectory(path: string = mkdtempSync(join(tmpdir(), "manta-checkpoint-"))): string {
    mkdirSync(path, { recursive: true });
    if (this.#bytes !== undefined) writeFileSync(join(path, valueFile), this.#bytes);
    else if (this.#path !== undefined) cpSync(this.#path, path, { recursive: true });
    return path;
  }

  #read(): Buffer {
    const path = this.#path ?? "";
    try {
      return readFileSync(join(path, valueFile));
    } catch (cause) {
      throw new TuneError(
        `checkpoint ${path} holds no value; it was made from a directory: use its path or toDirectory()`,
        { cause },
      );
    }
  }
}
