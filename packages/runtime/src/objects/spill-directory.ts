/**
 * The directory of a session's spill files: `manta-<place>-<process>-<session>`. A process that a signal ends cannot
 * remove it (a handler would do that, and change what signals do to the program), so the next session does.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";

const NAME = /^manta-(?<place>[\w.]+)-(?<pid>\d+)-session_\w+$/;

/** Made by who first needs it. */
export function spillDirectoryIn(parent: string, sessionId: string): string {
  return resolve(parent, `manta-${place()}-${process.pid}-${sessionId}`);
}

/** Removes what sessions of this user left behind whose process has ended. Never fails: others may do the same. */
export function removeLeftSpillDirectories(parent: string): void {
  for (const name of listed(parent)) {
    const { place: where, pid } = NAME.exec(name)?.groups ?? {};
    if (where !== place() || isAlive(Number(pid))) continue;
    const directory = join(parent, name);
    try {
      if (isOurs(directory)) rmSync(directory, { recursive: true, force: true });
    } catch {
      // It is gone already, or stays.
    }
  }
}

function listed(parent: string): string[] {
  try {
    return readdirSync(parent);
  } catch {
    return []; // may be written to, but not listed
  }
}

let known: string | undefined;

/** Where process ids mean the same: machines can share a directory, and so can containers of one machine. */
function place(): string {
  return (known ??= linuxPlace() ?? hostname().replace(/[^\w.]/g, "_"));
}

function linuxPlace(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
    return `${boot}.${readlinkSync("/proc/self/ns/pid").replace(/\D/g, "")}`;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** Made like one, by this user; no link to somewhere else. Windows knows neither modes nor users. */
function isOurs(directory: string): boolean {
  const status = lstatSync(directory);
  if (!status.isDirectory()) return false;
  return process.getuid === undefined || (status.uid === process.getuid() && (status.mode & 0o777) === 0o700);
}
