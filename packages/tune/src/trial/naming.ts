/** Names of trials: ids and directory names, in Ray's forms. */
import type { RandomStream } from "../random.ts";
import { formatDate } from "./trial.ts";

/** Longest directory name of a trial, in characters. */
export const maxDirnameLength = 130;

const safe = (text: string): string => text.replaceAll(/[^A-Za-z0-9_=,.+-]/g, "_");

/** Makes the ids of an experiment's trials: five hexadecimal digits of the experiment, and the index. */
export function trialIds(random: RandomStream): (index: number) => string {
  const prefix = random.int(0, 0xfffff).toString(16).padStart(5, "0");
  return (index) => `${prefix}_${String(index).padStart(5, "0")}`;
}

/** `<name>_<tag>_<date>`, shortened in the tag so that it is at most `maxDirnameLength` long. */
export function trialDirname(name: string, tag: string, now: number): string {
  const date = formatDate(now);
  const head = safe(name).slice(0, maxDirnameLength - date.length - 2);
  const room = maxDirnameLength - head.length - date.length - 2;
  const middle = safe(tag).slice(0, Math.max(0, room));
  return middle === "" ? `${head}_${date}` : `${head}_${middle}_${date}`;
}
