/** A session of Manta for one row. */
import { totalmem } from "node:os";

import * as ray from "@mantajs/runtime";

import { MIB } from "../payload.ts";
import type { Prepared } from "./row.ts";

/** Room for rows with large objects, also where 30 % of the machine's memory are less. */
export const LARGE_STORE: ray.InitOptions = { objectStoreMemory: Math.min(4096 * MIB, totalmem()) };

/** Starts the runtime, prepares, and ends the runtime with the row. What workers print would only be noise. */
export async function withSession(
  prepare: () => Promise<Prepared> | Prepared,
  options: ray.InitOptions = {},
): Promise<Prepared> {
  await ray.init({ logToDriver: false, ...options });
  const prepared = await prepare();
  return {
    ...prepared,
    async close() {
      await prepared.close?.();
      await ray.shutdown();
    },
  };
}
