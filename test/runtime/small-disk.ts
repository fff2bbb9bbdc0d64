/** A disk that is full early, in the eyes of this thread: what is written into one directory may have so many bytes. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";

const real = { writeSync: fs.writeSync, linkSync: fs.linkSync, copyFileSync: fs.copyFileSync };

export class SmallDisk implements Disposable {
  sizeBytes: number;
  /** Whether files can get a second name, or be copied. */
  takesNames = true;
  readonly #directory: string;

  constructor(directory: string, sizeBytes: number) {
    this.#directory = directory;
    this.sizeBytes = sizeBytes;
    const link = (call: () => void): void => {
      if (!this.takesNames) throw noSpace("link");
      call();
    };
    fs.linkSync = (...args) => link(() => real.linkSync(...args));
    fs.copyFileSync = (...args) => link(() => real.copyFileSync(...args));
    Object.assign(fs, {
      writeSync: (open: number, bytes: Uint8Array, at: number, length: number, position: number): number => {
        const fits = Math.min(length, this.freeBytes);
        if (fits <= 0) throw noSpace("write");
        return real.writeSync(open, bytes, at, fits, position);
      },
    });
    syncBuiltinESMExports();
  }

  get freeBytes(): number {
    const entries = fs.readdirSync(this.#directory, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const sizes = files.map((entry) => fs.statSync(path.join(entry.parentPath, entry.name)).size);
    return sizes.reduce((free, size) => free - size, this.sizeBytes);
  }

  [Symbol.dispose](): void {
    Object.assign(fs, real);
    syncBuiltinESMExports();
  }
}

function noSpace(call: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`ENOSPC: no space left on device, ${call}`), { code: "ENOSPC" });
}
