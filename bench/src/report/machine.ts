/** What the figures depend on: the machine and the versions. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGiB: number;
  /** Work that waited for a core in the last minute; above 0.5 a core the figures are not to be trusted. */
  readonly loadAverage: number;
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly arch: string;
  readonly packages: Readonly<Record<string, string>>;
}

const PACKAGES = ["@mantajs/runtime", "msgpackr", "piscina", "tinypool", "workerpool", "comlink"];

export function describeMachine(): Machine {
  return {
    cores: os.availableParallelism(),
    cpu: os.cpus()[0]?.model.trim() ?? "unknown",
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    loadAverage: os.loadavg()[0] ?? 0,
    node: process.version,
    v8: process.versions.v8,
    platform: process.platform,
    arch: process.arch,
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
  };
}

const require = createRequire(import.meta.url);

/** Read from the folder, since not every package exports its package.json. */
function versionOf(name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8")) as {
        version?: string;
      };
      if (version !== undefined) return version;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return "unknown";
}
