/**
 * `npx tsx test/runtime/serialization/write-codec-table.ts`: brings `docs/serialization.md`, and the table in
 * `docs/functions.md`, up to date.
 */
import { writeFileSync } from "node:fs";
import { pagePath, renderPage } from "./codec-table.ts";
import { functionsPagePath, renderFunctionsPage } from "./functions-table.ts";

writeFileSync(pagePath, await renderPage());
writeFileSync(functionsPagePath, await renderFunctionsPage());
