/**
 * Files that hold what does not fit into memory. One directory a session, in it one for each thread (by slot), readable
 * by this user only. A file is a header (magic, length, CRC-32 of the bytes, CRC-32 of the header) and the bytes.
 * Everything is synchronous: `put` is.
 *
 * The directory goes at shutdown, when the process exits, or with the next session (see `spill-directory.ts`); a
 * thread's part of it when the thread ends.
 */
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

import { ObjectStoreFullError } from "../core/errors.ts";
import { newId } from "../core/ids.ts";
import type { StoreUsage } from "./store-usage.ts";

const MAGIC = Buffer.from("MNTSPIL1");
const HEADER_BYTES = 24;
const CHUNK_BYTES = 64 * 1024 * 1024;

/** A spill file of this thread. */
export interface SpillFile {
  readonly path: string;
  /** Without the header. */
  readonly byteLength: number;
}

/** A spill file is missing or is not what was written; the message says which. */
export class SpillFileDamaged extends Error {}

export class SpillFiles {
  readonly #usage: StoreUsage;
  readonly #own: string;

  constructor(usage: StoreUsage) {
    this.#usage = usage;
    this.#own = threadDirectory(usage.handle.spillDirectory, usage.handle.slot);
  }

  /** @throws ObjectStoreFullError whose cause is the file system's error */
  write(bytes: Uint8Array): SpillFile {
    const { byteLength } = bytes;
    const file = join(this.#own, newFileName());
    let open: number | undefined;
    try {
      mkdirSync(this.#own, { recursive: true, mode: 0o700 });
      open = openSync(file, "wx", 0o600);
      writeAll(open, headerOf(bytes), 0);
      for (let at = 0; at < byteLength; at += CHUNK_BYTES) {
        writeAll(open, bytes.subarray(at, at + CHUNK_BYTES), HEADER_BYTES + at);
      }
      closeSync(open);
    } catch (cause) {
      closeQuietly(open);
      quietly(() => rmSync(file, { force: true }));
      throw new ObjectStoreFullError(
        `the object store is full, and ${byteLength} bytes could not be moved to ${file}: ${reasonOf(cause)}; ` +
          "make room there, choose another place with init({ spillDirectory }), or raise init({ objectStoreMemory })",
        { cause, fields: { requestedBytes: byteLength, path: file } },
      );
    }
    return this.takeOver(file, byteLength);
  }

  /** A file that another thread wrote for this one. */
  takeOver(file: string, byteLength: number): SpillFile {
    this.#usage.addSpilled(byteLength);
    return { path: file, byteLength };
  }

  /** @throws SpillFileDamaged */
  read(file: SpillFile, into: Uint8Array): void {
    let open: number | undefined;
    try {
      open = openSync(file.path, "r");
      const header = Buffer.alloc(HEADER_BYTES);
      const whole = readAll(open, header, 0) && readAll(open, into, HEADER_BYTES);
      if (!whole) throw new SpillFileDamaged(`spill file ${file.path} is shorter than it was written`);
      if (!header.equals(headerOf(into)))
        throw new SpillFileDamaged(`spill file ${file.path} is damaged: its checksum does not match`);
    } catch (cause) {
      if (cause instanceof SpillFileDamaged) throw cause;
      throw new SpillFileDamaged(`spill file ${file.path} cannot be read: ${reasonOf(cause)}`, { cause });
    } finally {
      closeQuietly(open);
    }
  }

  /**
   * A second name for the file among those of another thread, so that it outlives this one.
   *
   * @throws the file system's error
   */
  handOver(file: SpillFile, toSlot: number): string {
    const directory = threadDirectory(this.#usage.handle.spillDirectory, toSlot);
    const name = join(directory, newFileName());
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    try {
      linkSync(file.path, name);
    } catch {
      copyFileSync(file.path, name, constants.COPYFILE_EXCL); // not every file system has links
    }
    return name;
  }

  remove(file: SpillFile): void {
    this.#usage.addSpilled(-file.byteLength);
    quietly(() => rmSync(file.path, { force: true }));
  }
}

/** Removes the spill files of one thread, or of the whole session. Does nothing when there are none. */
export function removeSpillFiles(directory: string, slot?: number): void {
  const which = slot === undefined ? directory : threadDirectory(directory, slot);
  quietly(() => rmSync(which, { recursive: true, force: true }));
}

/** Why a place cannot hold spill files; undefined when it can. */
export function whyUnusable(directory: string): string | undefined {
  try {
    if (!statSync(directory).isDirectory()) return "it is not a directory";
    accessSync(directory, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Slots are used again after their thread has ended, and its files may live on: names never repeat. */
const newFileName = (): string => `${newId("file")}.bin`;

const threadDirectory = (directory: string, slot: number): string => join(directory, String(slot));

function headerOf(bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeBigUInt64LE(BigInt(bytes.byteLength), 8);
  header.writeUInt32LE(checksum(bytes), 16);
  header.writeUInt32LE(checksum(header.subarray(0, 20)), 20);
  return header;
}

/** CRC-32, piece by piece: zlib takes lengths modulo 4 GiB. */
export function checksum(bytes: Uint8Array, pieceBytes: number = CHUNK_BYTES): number {
  const { crc32 } = process.getBuiltinModule("node:zlib"); // loaded when needed: most threads never spill
  let sum = 0;
  for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
    sum = crc32(bytes.subarray(at, at + pieceBytes), sum);
  }
  return sum;
}

function writeAll(open: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.byteLength;) {
    at += writeSync(open, bytes, at, bytes.byteLength - at, position + at);
  }
}

/** Returns whether there was enough to fill `into`. */
function readAll(open: number, into: Uint8Array, position: number): boolean {
  for (let at = 0; at < into.byteLength;) {
    const length = Math.min(CHUNK_BYTES, into.byteLength - at);
    const read = readSync(open, into, at, length, position + at);
    if (read === 0) return false;
    at += read;
  }
  return true;
}

/** Cleaning up must not hide the first error, nor fail what has succeeded. */
function quietly(action: () => void): void {
  try {
    action();
  } catch {
    // The session's directory is removed as a whole in the end.
  }
}

function closeQuietly(open: number | undefined): void {
  if (open !== undefined) quietly(() => closeSync(open));
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
