/** A session of Manta for one row. */
import * as ray from "@mantajs/runtime";

import type { Prepared } from "./row.ts";

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
