/** `npx tsx test/runtime/serialization/write-codec-table.ts`: brings `docs/serialization.md` up to date. */
import { writeFileSync } from "node:fs";
import { pagePath, renderPage } from "./codec-table.ts";

writeFileSync(pagePath, await renderPage());
