/**
 * Bundles a package for its users: `node ../../scripts/bundle.js index.ts worker/entry.ts ...`, run in the package's
 * directory after `tsc -b`. Each entry is a file below `src`. What several entries need lies in chunks that they share,
 * so that a module has one state however it is reached. A few files load in a fraction of the time of a hundred.
 *
 * Declarations come from `tsc`, and so do the single modules in `dist`, which tests of one module import and which are
 * not published. Npm packages are not bundled.
 */
import { resolve } from "node:path";
import { rolldown } from "rolldown";

// Every file of the bundle lies in a directory of `dist/bundle`, as every module of a room lies in one of `src`. So
// `new URL("../worker/entry.js", import.meta.url)` names the worker's entry wherever the code that says it ends up.
const nameOf = (entry) => (entry.includes("/") ? entry : `main/${entry}`).replace(/\.ts$/, "");

const bundle = await rolldown({
  input: Object.fromEntries(process.argv.slice(2).map((entry) => [nameOf(entry), resolve("src", entry)])),
  platform: "node",
  external: /^[^./]/,
});
await bundle.write({
  dir: "dist/bundle",
  cleanDir: true,
  format: "esm",
  entryFileNames: "[name].js",
  chunkFileNames: "chunks/[name].js",
  sourcemap: true,
  // The sources are published beside the bundle.
  sourcemapExcludeSources: true,
});
await bundle.close();
