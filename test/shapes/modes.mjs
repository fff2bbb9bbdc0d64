/**
 * The ways in which a program can run, and the programs of shapes that each can run. A mode writes the program as that
 * way needs it and runs it in a process of its own; the program writes one line of JSON for each shape.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { asRequire, moved } from "./rewrite.mjs";

const require = createRequire(import.meta.url);
const fixtures = fileURLToPath(new URL("../fixtures/functions/", import.meta.url));
const generated = fileURLToPath(new URL("./.generated/", import.meta.url));

const everywhere = ["shapes.mjs", "more.mjs", "unusual.mjs", "ray.mjs", "tune.mjs"];
const inModules = [...everywhere, "modules.mjs"];
const scripts = ["commonjs.cjs", "sloppy.cjs"];
const typed = ["typescript.ts"];
/** With syntax that Node does not have yet and that tsx and esbuild lower. */
const lowered = [...typed, "decorators.ts"];

const source = (file) => readFileSync(join(fixtures, file), "utf8");
const renamed = (file, ending) => file.replace(/\.\w+$/, ending);

/** Writes a program into the folder of the run and gives its path. */
function written(folder, name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const asIs = (_, file) => ({ args: [join(fixtures, file)] });

/** The same text under another ending: a loader compiles it. */
const typescript = (ending) => (folder, file) => {
  const text = moved(source(file));
  const path = /\.c?ts$/.test(file)
    ? join(fixtures, file)
    : written(
        folder,
        renamed(file, ending),
        ending === ".cts" ? text.replace(/^import (?=.*harness)/m, "import ") : text,
      );
  return { args: ["--import", import.meta.resolve("tsx"), path] };
};

/**
 * What tsx makes of TypeScript in CommonJS. In its loader on Node 20 nothing can `require` an ES module, so there the
 * program's own modules are CommonJS as well, and the package that is an ES module only is missing.
 */
const typescriptCommonJs = async (folder, file, node) => {
  if (node.major >= 22 || file.endsWith(".cts")) return typescript(".cts")(folder, file);
  for (const module of ["harness.mjs", "ship.mjs", ...libraries]) await writeCommonJs(folder, module);
  written(folder, "lib/data.json", source("lib/data.json"));
  const text = commonJsNames(source(file)).replace(/^import \{ nanoid \}.*$/m, "const nanoid = undefined;");
  return { args: ["--import", import.meta.resolve("tsx"), written(folder, renamed(file, ".cts"), text)] };
};

/** The modules beside the programs; `mocked.mjs` is for vitest. */
const libraries = readdirSync(join(fixtures, "lib"))
  .filter((name) => name.endsWith(".mjs") && name !== "mocked.mjs")
  .map((name) => `lib/${name}`);

/** An own module of the programs, compiled. */
async function writeCommonJs(folder, file) {
  const { transform } = require("esbuild");
  const { code } = await transform(commonJsNames(source(file)), {
    format: "cjs",
    define: { "import.meta.url": JSON.stringify(pathToFileURL(join(fixtures, file)).href) },
  });
  mkdirSync(join(folder, "lib"), { recursive: true });
  written(folder, renamed(file, ".cjs"), code);
}

const commonJsNames = (text) => text.replace(/(["']\.\/(?:lib\/)?(?!worker)[\w-]+)\.mjs(?=["'])/g, "$1.cjs");

const bundle = (options) => async (folder, file) => {
  const { build } = require("esbuild");
  const outfile = join(folder, renamed(file, options.format === "cjs" ? ".cjs" : ".mjs"));
  await build({
    entryPoints: [join(fixtures, file)],
    outfile,
    bundle: true,
    platform: "node",
    target: "es2022",
    packages: "external",
    sourcemap: "linked",
    logLevel: "error",
    plugins: [{ name: "harness-stays-outside", setup: keepHarnessOutside }],
    ...options,
  });
  return { args: [outfile] };
};

/** The harness loads the built codec, which finds its worker beside itself. */
function keepHarnessOutside({ onResolve }) {
  onResolve({ filter: /harness\.mjs$/ }, () => ({
    path: "../../../fixtures/functions/harness.mjs",
    external: true,
  }));
}

const vitest = (pool) => (folder, file) => {
  const body = moved(source(file)).replace(/^finish\(\);$/m, "await finish();");
  const name = renamed(file, file.endsWith(".ts") ? ".test.ts" : ".test.mjs");
  const last = 'import { it as testOf } from "vitest";\ntestOf("ran", () => {});';
  written(folder, name, `${body}\n${last}\n`);
  const options = `{ pool: "${pool}", include: ["*.test.*"], testTimeout: 60000, server: { deps: { external: [/\\/packages\\/[^/]+\\/dist\\//] } } }`;
  const config = written(folder, "vitest.config.mjs", `export default { test: ${options} };\n`);
  const entry = join(require.resolve("vitest/package.json"), "../vitest.mjs");
  return { args: [entry, "run", "--root", folder, "--config", config, name] };
};

/**
 * `quick` modes run with the other tests, all of them in `npm run test:shapes`. `since` is the first major version of
 * Node that has the mode.
 */
export const modes = [
  { name: "plain ESM", files: inModules, quick: true, prepare: asIs },
  {
    name: "CommonJS",
    files: [...everywhere, ...scripts],
    quick: true,
    prepare: (folder, file) =>
      file.endsWith(".cjs")
        ? asIs(folder, file)
        : { args: [written(folder, renamed(file, ".cjs"), asRequire(moved(source(file))))] },
  },
  { name: "tsx, ESM", files: [...inModules, ...lowered], quick: true, prepare: typescript(".mts") },
  {
    name: "tsx, CommonJS",
    files: [...everywhere, "commonjs.cts"],
    prepare: typescriptCommonJs,
  },
  {
    name: "Node strips types",
    files: inModules,
    since: 22,
    prepare: (folder, file) => ({ args: [written(folder, renamed(file, ".mts"), moved(source(file)))] }),
  },
  { name: "bundle, ESM", files: [...inModules, ...lowered], prepare: bundle({ format: "esm" }) },
  { name: "bundle, CommonJS", files: [...everywhere, ...lowered], prepare: bundle({ format: "cjs" }) },
  {
    name: "minified, ESM",
    files: [...inModules, ...lowered],
    prepare: bundle({ format: "esm", minify: true }),
  },
  {
    name: "minified, CommonJS",
    files: everywhere,
    prepare: bundle({ format: "cjs", minify: true, sourcemap: "inline" }),
  },
  { name: "vitest threads", files: [...inModules, ...typed], prepare: vitest("threads") },
  { name: "vitest forks", files: [...inModules, ...typed], prepare: vitest("forks") },
  {
    name: "node -e",
    files: everywhere,
    prepare: (_, file) => ({ args: ["-e", asRequire(source(file))] }),
  },
  {
    name: "node -e, ESM",
    files: inModules,
    prepare: (_, file) => ({ args: ["--input-type=module", "-e", source(file)] }),
  },
  {
    name: "stdin, ESM",
    files: inModules,
    prepare: (_, file) => ({ args: ["--input-type=module"], input: source(file) }),
  },
  {
    name: "REPL",
    files: everywhere,
    prepare: (_, file) => ({
      args: ["-i"],
      input: asRequire(source(file)).replace(/^finish\(\);$/m, "finish().then(() => process.exit());"),
      keepOpen: true,
    }),
  },
  {
    name: "no inspector",
    files: ["denied.mjs"],
    quick: true,
    prepare: (_, file, node) => ({
      args: [
        node.major >= 24 ? "--permission" : "--experimental-permission",
        "--allow-fs-read=*",
        "--allow-fs-write=*",
        "--allow-worker",
        join(fixtures, file),
      ],
    }),
  },
];

/** Runs the programs of a mode; gives the results of all shapes, each with the name of its program. */
export async function runMode(mode, node = { binary: process.execPath, major: currentMajor }) {
  const results = [];
  for (const file of mode.files) {
    const folder = join(generated, `${mode.name.replace(/\W+/g, "-")}-${node.major}`);
    mkdirSync(folder, { recursive: true });
    const out = join(folder, `${file}.jsonl`);
    rmSync(out, { force: true });
    const { args, input = "", keepOpen = false } = await mode.prepare(folder, file, node);
    const { status, output } = await run(
      node.binary,
      args,
      { input, keepOpen },
      { MANTA_SHAPES_OUT: out, MANTA_SHAPES_MODE: mode.name },
    );
    const lines = existsSync(out) ? readFileSync(out, "utf8").trim().split("\n") : [];
    for (const line of lines) results.push({ file, ...JSON.parse(line) });
    if (status !== 0 || !lines.at(-1)?.includes('"finished"')) {
      results.push({
        file,
        name: "the program",
        ok: false,
        outcome: "fails",
        detail: `ended with ${status} after ${lines.length} shapes: ${output.slice(-3000)}`,
      });
    }
  }
  return results.filter(({ name }) => name !== "finished");
}

/** Major version of the Node that runs this. */
export const currentMajor = Number(process.versions.node.split(".")[0]);

function run(binary, args, { input, keepOpen }, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, {
      cwd: fixtures,
      env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1", VITEST: undefined, ...env },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, output }));
    child.stdin.write(input);
    // The REPL ends with its input, whatever still runs.
    if (!keepOpen) child.stdin.end();
  });
}
