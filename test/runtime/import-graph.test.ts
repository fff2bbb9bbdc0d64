/**
 * What the packages load. Each npm package and each large built-in module costs milliseconds in every worker, and is
 * easily pulled in by one import; so the lists below say what may load before anything is used.
 */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";

const require = createRequire(import.meta.url);
const directoryOf = (name: string) => dirname(require.resolve(`${name}/package.json`));
const runtime = `${directoryOf("@mantajs/runtime")}/dist/bundle`;

interface Loaded {
  /** Files of Manta's packages. */
  readonly own: string[];
  /** Npm packages. */
  readonly packages: string[];
  /** Public built-in modules that the process did not have before. */
  readonly builtins: string[];
}

/** Loads a module in a fresh process, or in a thread of one, and lists what came with it. */
function load(specifier: string, { worker = false } = {}): Loaded {
  const script = fileURLToPath(new URL("../fixtures/import-graph.mjs", import.meta.url));
  const args = [script, specifier, worker ? "worker" : "main"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const { urls, builtins } = JSON.parse(stdout) as { urls: string[]; builtins: string[] };
  const packageOf = (url: string) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1];
  return {
    own: urls.filter((url) => packageOf(url) === undefined),
    packages: [...new Set(urls.map(packageOf).filter((name) => name !== undefined))].toSorted(),
    builtins,
  };
}

/** Heavy, and needed by few programs: a parser's companions, keys and hashes, the inspector, the network. */
const heavyBuiltins = [
  "crypto",
  "inspector",
  "http",
  "net",
  "tls",
  "zlib",
  "child_process",
  "readline",
  "repl",
];

describe("the list of what loads", () => {
  it.each([false, true])(
    "sees built-in modules, required and imported packages (in a worker: %s)",
    (worker) => {
      const imported = pathToFileURL(require.resolve("picocolors")).href;
      const required = require.resolve("fast-check");
      const code = `import "node:crypto"; import "node:inspector"; import "${imported}"; import { createRequire } from "node:module";
      createRequire("${imported}")(${JSON.stringify(required)});`;
      const { packages, builtins } = load(`data:text/javascript,${encodeURIComponent(code)}`, { worker });
      expect(packages).toEqual(expect.arrayContaining(["fast-check", "picocolors"]));
      expect(builtins).toEqual(expect.arrayContaining(["crypto", "inspector"]));
    },
  );
});

describe("loading @mantajs/runtime", () => {
  it.each([
    { what: "in a program", specifier: "@mantajs/runtime", worker: false, files: 5 },
    { what: "in a thread", specifier: "@mantajs/runtime", worker: true, files: 5 },
    {
      what: "as a worker",
      specifier: pathToFileURL(`${runtime}/worker/main.js`).href,
      worker: true,
      files: 5,
    },
  ])("$what loads a few files and no npm package", ({ specifier, worker, files }) => {
    const { own, packages, builtins } = load(specifier, { worker });
    expect(packages).toEqual([]);
    expect(builtins.filter((name) => heavyBuiltins.includes(name))).toEqual([]);
    expect(own.length).toBeLessThanOrEqual(files);
  });

  it("as the node thread loads nothing of serialization", () => {
    const { own, packages, builtins } = load(pathToFileURL(`${runtime}/node/node.js`).href, {
      worker: true,
    });
    expect(packages).toEqual([]);
    expect(builtins.filter((name) => heavyBuiltins.includes(name))).toEqual([]);
    expect(own.length).toBeLessThanOrEqual(3);
  });

  it("shares modules between its entries", async () => {
    const { own } = load("@mantajs/runtime");
    const withTesting = load("@mantajs/runtime/testing");
    // Everything that the second entry needs, but itself, came with the first, or comes when a session starts.
    expect(withTesting.own.filter((url) => !own.includes(url)).toSorted()).toEqual(
      ["chunks/worker-main.js", "testing/index.js", "testing/index.mjs"].map(
        (file) => pathToFileURL(`${runtime}/${file}`).href,
      ),
    );
  });

  it.each(["@mantajs/runtime", "@mantajs/tune"])("keeps the names of what %s exports", async (specifier) => {
    const exported = new Map(Object.entries((await import(specifier)) as Record<string, unknown>));
    const names = [...exported.values()]
      .filter((value) => typeof value === "function")
      .map(({ name }) => name);
    // Some are exported under two names, so each must have a name that it is exported under.
    expect(names.filter((name) => typeof exported.get(name) !== "function")).toEqual([]);
  });
});

describe("loading @mantajs/tune", () => {
  it("in a worker loads what `report` and search spaces need, and no machinery of `run`", () => {
    const { own, packages, builtins } = load("@mantajs/tune", { worker: true });
    expect(packages).toEqual([]);
    expect(builtins.filter((name) => heavyBuiltins.includes(name))).toEqual([]);
    expect(own.length).toBeLessThanOrEqual(5 + 5);
  });
});
