import { defineConfig } from "vitest/config";

/** Packages are tested as users get them: built, from `dist`, loaded by Node and not transformed. */
const server = { deps: { external: [/\/packages\/[^/]+\/dist\//] } };

const project = (name: string, testTimeout = 60_000) => ({
  extends: true as const,
  test: { name, include: [`${name}/**/*.test.ts`], testTimeout },
});

export default defineConfig({
  test: {
    server,
    pool: "forks",
    maxWorkers: 2,
    retry: 0,
    reporters: ["default", "./summary-reporter.ts"],
    projects: [
      project("runtime", 180_000),
      project("tune", 120_000),
      project("properties", 180_000),
      project("examples", 180_000),
      project("bench"),
    ],
  },
});
