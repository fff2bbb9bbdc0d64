/**
 * The reporter's sentences: status of the experiment, what happened to a trial, what a perturbation changed. Pure;
 * a line is text with the style of the whole line, so that it can be cut to the terminal's width before colour.
 */
import type { styleText } from "node:util";

import type { TrialStatus, TrialView } from "../trial/types.ts";
import { countByStatus, paramsOf } from "./columns.ts";
import {
  formatBytes,
  formatDuration,
  formatNumber,
  formatParams,
  formatValue,
  oneLine,
  plural,
} from "./format.ts";
import type { Perturbation, ProgressState } from "./types.ts";

/** Formats of `util.styleText`. */
export type Style = Parameters<typeof styleText>[0];

/** One line of output. */
export interface Line {
  readonly text: string;
  readonly style?: Style;
}

// Amounts in bytes, which are of interest only where trials ask for them.
const BYTE_RESOURCES: ReadonlySet<string> = new Set(["memory", "object_store_memory"]);

/** How each state of a trial is coloured. */
export const STATUS_STYLE: Readonly<Record<TrialStatus, Style>> = {
  RUNNING: "green",
  PAUSED: "yellow",
  PENDING: "gray",
  TERMINATED: "cyan",
  ERROR: "red",
};

/** What the header of a status block needs besides the state itself. */
export interface StatusOptions {
  readonly experimentName: string;
  readonly totalTrials: number | undefined;
  /** How many of the latest perturbations are listed. */
  readonly maxPerturbations: number;
}

/** The block above the table. */
export function statusLines(state: ProgressState, options: StatusOptions): readonly Line[] {
  const resources = formatResources(state.resources);
  const perturbations = state.perturbations.slice(-options.maxPerturbations);
  return [
    { text: `== Status of ${options.experimentName} ==`, style: "bold" },
    {
      text: `Running for ${formatDuration(state.elapsedSeconds)}${resources === "" ? "" : ` on ${resources}`}`,
    },
    ...splitLines(state.schedulerText).map((text) => ({ text })),
    ...(state.best === undefined ? [] : [{ text: `Best trial: ${bestText(state)}` }]),
    ...(perturbations.length === 0 ? [] : [{ text: "Recent perturbations:" }]),
    ...perturbations.map((perturbation) => ({ text: `  ${perturbationText(perturbation)}` })),
    { text: `Results: ${state.experimentPath}`, style: "gray" as const },
    ...splitLines(state.message ?? "").map((text) => ({ text, style: "yellow" as const })),
    { text: countsText(state.trials, options.totalTrials) },
  ];
}

/** The whole status in one line, for logs. */
export function compactStatus(state: ProgressState, totalTrials: number | undefined): string {
  const parts = [
    `Status after ${formatDuration(state.elapsedSeconds)}: ${countsText(state.trials, totalTrials)}`,
    formatResources(state.resources),
    ...splitLines(state.schedulerText),
    ...(state.best === undefined ? [] : [`best trial: ${bestText(state)}`]),
    ...splitLines(state.message ?? ""),
  ];
  return parts.filter((part) => part !== "").join("; ");
}

/** `Trials: 3/8 (2 RUNNING, 1 PENDING)`. */
export function countsText(trials: readonly TrialView[], totalTrials: number | undefined): string {
  const total = totalTrials === undefined ? "" : `/${totalTrials}`;
  const counts = statusCounts(trials);
  return `Trials: ${trials.length}${total}${counts === "" ? "" : ` (${counts})`}`;
}

/** `2 RUNNING, 1 PENDING`. */
export function statusCounts(trials: readonly TrialView[]): string {
  return [...countByStatus(trials)].map(([status, count]) => `${count} ${status}`).join(", ");
}

/** `train_b: lr: 0.01 -> 0.012 (* 1.2), width: 64 from train_a`: the donor's value and what became of it. */
export function perturbationText({ trialName, donorName, changes }: Perturbation): string {
  const texts = changes.map(({ key, donor, after, operation }) =>
    operation === undefined
      ? `${key}: ${formatValue(after)}`
      : `${key}: ${formatValue(donor)} -> ${formatValue(after)} (${operation})`,
  );
  return `${trialName}: ${texts.length === 0 ? "no change" : texts.join(", ")} from ${donorName}`;
}

/** `train_a started with lr=0.01`. */
export function startedText(trial: TrialView): string {
  const params = formatParams(paramsOf(trial));
  return `${trial.name} started${params === "" ? "" : ` with ${params}`}`;
}

/** `train_a finished after 10 reports: loss=0.1`; `metrics` are the ones to show. */
export function finishedText(trial: TrialView, metrics: Readonly<Record<string, unknown>>): string {
  const reports = plural(trial.lastResult?.reports_total ?? 0, "report");
  const values = formatParams(metrics);
  return `${trial.name} finished after ${reports}${values === "" ? "" : `: ${values}`}`;
}

/** `train_a failed (1 failure): out of memory`. */
export function failedText(trial: TrialView, recovers: boolean): string {
  const again = recovers ? " and will be tried again" : "";
  return `${trial.name} failed (${plural(trial.numFailures, "failure")})${again}: ${errorText(trial)}`;
}

/** The first line of a trial's error. */
export function errorText(trial: TrialView): string {
  return oneLine(splitLines(trial.error?.message ?? "")[0] ?? trial.error?.name ?? "unknown error");
}

function bestText(state: ProgressState): string {
  if (state.best === undefined) return "";
  const { trial, value } = state.best;
  const params = formatParams(paramsOf(trial));
  const metric = `${trial.name} with ${state.metric ?? "metric"}=${formatNumber(value)}`;
  return params === "" ? metric : `${metric} and ${params}`;
}

function formatResources({ used, total }: ProgressState["resources"]): string {
  return Object.entries(total)
    .filter(([name, amount]) => amount > 0 && (!BYTE_RESOURCES.has(name) || (used[name] ?? 0) > 0))
    .map(([name, amount]) => {
      const format = BYTE_RESOURCES.has(name) ? formatBytes : formatNumber;
      return `${format(used[name] ?? 0)}/${format(amount)} ${name}`;
    })
    .join(", ");
}

function splitLines(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line !== "");
}
