/** Checkpoints as directories on disk. */
import { existsSync } from "node:fs";
import { cp, rename, rm } from "node:fs/promises";
import { basename, dirname } from "node:path";

import { scratchPrefix } from "../checkpoints/scratch.ts";
import type { CheckpointStore } from "../execution/types.ts";

/** A `CheckpointStore` of directories. */
export const checkpointFiles: CheckpointStore = {
  async adopt(from, to) {
    // What lies at `to` is from a run that was killed between this and its next journal entry.
    if (existsSync(to)) await rm(to, { recursive: true });
    const own = dirname(from) === dirname(to) && basename(from).startsWith(scratchPrefix);
    if (own) await rename(from, to);
    else await cp(from, to, { recursive: true });
  },
  async remove(path) {
    await rm(path, { recursive: true, force: true });
  },
};
