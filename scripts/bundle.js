/**
 * Bundles a package for its users: `node ../../scripts/bundle.js index.ts worker/entry.ts ...`, run in the package's
 * directory after `tsc -b`. Each entry is a file below `src`. What several entries need lies in chunks that they share,
 * so that a module has one state however it is reached. A few files load in a fraction of the time of a hundred.
 *
 * There is one build, of CommonJS, for `require` and `import` alike: beside an entry named `index.ts` lies an ES module
 * that passes its exports on, so that a process that does both has one copy of everything. Npm packages are bundled
 * with it, because ES modules among them cannot be required everywhere; packages of this repository are not.
 *
 * Declarations come from `tsc` and are copied. The single modules in `dist` are for tests of one module and are not
 * published.
 */
import { readdirSync, readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { rolldown } from "rolldown";

const directory = "dist/bundle";
const types = `${directory}/types`;

// Every file of the bundle lies in a directory of `dist/bundle`, as every module of a room lies in one of `src`. So
// `new URL("../worker/entry.js", import.meta.url)` names the worker's entry wherever the code that says it ends up.
const nameOf = (entry) => (entry.includes("/") ? entry : `main/${entry}`).replace(/\.ts$/, "");

// Entries behind `--` are bundled by themselves: threads that load them load nothing else of the package.
const groups = process.argv.slice(2).join(" ").split(" -- ");
const chunks = [];
for (const [at, group] of groups.entries()) chunks.push(...(await bundleGroup(group.split(" "), at === 0)));

// For Node, what `.js` and `.d.ts` files here are.
write(`${directory}/package.json`, `{ "type": "commonjs" }\n`);
for (const { fileName, exports } of chunks) {
  if (/^[^/]+\/index\.js$/.test(fileName)) writeModule(fileName.replace(/\.js$/, ""), exports);
}
copyDeclarations();
writeLicenses(chunks.flatMap(({ moduleIds }) => moduleIds));

async function bundleGroup(entries, isFirst) {
  const bundle = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [nameOf(entry), resolve("src", entry)])),
    platform: "node",
    external: /^(?:node:|@mantajs\/)/,
  });
  const options = { format: "cjs", entryFileNames: "[name].js", chunkFileNames: "chunks/[name].js" };
  // All that the first entry shares with others is one file, and so is what the second shares beyond that, and so on.
  const whole = (await bundle.generate(options)).output;
  const groups = entries.map((entry, at) => {
    const modules = modulesOf(`${nameOf(entry)}.js`, whole);
    const name = at === 0 ? "shared" : nameOf(entry).replaceAll("/", "-");
    return { name, test: (id) => modules.has(id), minShareCount: 2, priority: entries.length - at };
  });
  const { output } = await bundle.write({
    ...options,
    dir: directory,
    cleanDir: isFirst,
    // V8 reads what loads, comments as well, and keeps books on every name. Lines stay: Node prints the one where a
    // program ends by an error. What functions and classes are called stays as well: stacks and messages name them.
    comments: { annotation: true, jsdoc: false, legal: false },
    minify: {
      compress: { keepNames: { function: true, class: true } },
      mangle: { toplevel: true, keepNames: { function: true, class: true } },
      codegen: { removeWhitespace: false },
    },
    sourcemap: true,
    // The sources are published beside the bundle.
    sourcemapExcludeSources: true,
    codeSplitting: { groups },
  });
  await bundle.close();
  const chunks = output.filter(({ type }) => type === "chunk");
  for (const { fileName, code } of chunks) write(`${directory}/${fileName}`, asciiOnly(code));
  return chunks;
}

/** Text with a single other character takes twice the memory, and longer to read and to compile. */
function asciiOnly(code) {
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return code.replace(/\P{ASCII}/gu, (character) => character.split("").map(escaped).join(""));
}

/** The modules that a file of the bundle loads at once. */
function modulesOf(fileName, output, found = new Set()) {
  const chunk = output.find((each) => each.fileName === fileName);
  for (const id of chunk?.moduleIds ?? []) found.add(id);
  for (const imported of chunk?.imports ?? []) modulesOf(imported, output, found);
  return found;
}

/** `require` and not `import`: under a loader, Node gives an imported CommonJS module an instance of its own. */
function writeModule(name, exports) {
  write(
    `${directory}/${name}.mjs`,
    'import { createRequire } from "node:module";\n' +
      `export const { ${exports.join(", ")} } = createRequire(import.meta.url)("./index.js");\n`,
  );
  const declarations = name.replace(/^main\//, "");
  write(`${directory}/${name}.d.mts`, `export * from "../types/${declarations}.js";\n`);
}

/** Types are the same classes for `import` and `require` as well, so there is one copy: of CommonJS, as the code is. */
function copyDeclarations() {
  for (const name of readdirSync("dist", { recursive: true })) {
    if (name.startsWith("bundle") || !/\.d\.ts(?:\.map)?$/.test(name)) continue;
    const text = readFileSync(`dist/${name}`, "utf8");
    if (name.endsWith(".ts")) write(`${types}/${name}`, text);
    else {
      const map = JSON.parse(text);
      const from = dirname(`${types}/${name}`);
      const sources = map.sources.map((source) => relative(from, join(dirname(`dist/${name}`), source)));
      write(`${types}/${name}`, JSON.stringify({ ...map, sources }));
    }
  }
}

/** The licences of the npm packages whose code is in the bundle. */
function writeLicenses(modules) {
  const folders = modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []);
  const texts = [...new Set(folders)]
    .toSorted((a, b) => a.localeCompare(b))
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
      const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
      const text = file === undefined ? "" : `\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}`;
      return `${name} ${version} (${license})${text}`;
    });
  write(`${directory}/THIRD-PARTY-LICENSES.txt`, `${texts.join(`\n\n${"-".repeat(72)}\n\n`)}\n`);
}

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
