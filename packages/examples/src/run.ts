/**
 * `npm run example -- <name> [options]`: runs one of the example programs in this process, so that its output, its
 * exit code and Ctrl-C are its own. Without a name it lists them.
 */
const EXAMPLES: Readonly<Record<string, string>> = {
  "pbt-digits": "the main job: a network learns digits, Population Based Training against random search",
  "pbt-mnist": "Population Based Training in twenty lines, with simulated training",
  "pbt-toy": "the toy of the PBT paper: 20 seeds against grid search, as a table",
  "custom-scheduler": "a trial scheduler of your own, checked for conformance and run",
  "parameter-server": "workers that train on shared weights which an actor holds",
  "monte-carlo-pi": "pi by many tasks, with an actor that counts their progress",
  "actor-pool": "values mapped over a pool of actors, in order and as they come",
};

const [name, ...options] = process.argv.slice(2);

if (name !== undefined && Object.hasOwn(EXAMPLES, name)) {
  const url = new URL(`./${name}.js`, import.meta.url);
  // The example sees the command line that it would have as the main script.
  process.argv = [process.argv[0] ?? "node", url.pathname, ...options];
  await import(url.href);
} else {
  const width = Math.max(...Object.keys(EXAMPLES).map((key) => key.length));
  const lines = Object.entries(EXAMPLES).map(([key, text]) => `  ${key.padEnd(width)}  ${text}`);
  const usage = ["Usage: npm run example -- <name> [options]", "", ...lines].join("\n");
  if (name === undefined || name === "--help" || name === "-h") console.log(usage);
  else console.error(`There is no example "${name}".\n\n${usage}`);
  process.exitCode = name === undefined || name === "--help" || name === "-h" ? 0 : 1;
}
