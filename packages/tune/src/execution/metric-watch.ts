/** Watches the experiment's metric: one warning for NaN, and a clear error when nobody ever reports it. */
import { TuneError } from "../errors.ts";
import { metricOf } from "../trial/metrics.ts";
import type { Trial } from "../trial/trial.ts";
import type { TrialResult } from "../trial/types.ts";
import type { Effects } from "./effects.ts";

/** Knows whether the metric was reported. */
export class MetricWatch {
  readonly #metric: string | undefined;
  readonly #effects: Effects;
  #seen = false;
  /** Name and keys of a trial that ended without the metric. */
  #without: { readonly trial: string; readonly keys: readonly string[] } | undefined = undefined;

  constructor(metric: string | undefined, effects: Effects) {
    this.#metric = metric;
    this.#effects = effects;
  }

  see(trial: Trial, result: TrialResult): void {
    if (this.#metric === undefined) return;
    const value = metricOf(result, this.#metric);
    if (value === undefined) return;
    this.#seen = true;
    if (typeof value === "number" && Number.isNaN(value)) {
      this.#effects.warn(`metric ${JSON.stringify(this.#metric)} is NaN in a result; NaN ranks last`, trial);
    }
  }

  /** A trial ended by itself. The error when it reported other things and no trial has reported the metric so far. */
  missingAfter(trial: Trial): TuneError | undefined {
    if (this.#metric === undefined || this.#seen) return undefined;
    this.#without ??= { trial: trial.name, keys: trial.reportedKeys };
    if (trial.reports > 0) return this.#error({ trial: trial.name, keys: trial.reportedKeys });
    this.#effects.warn(`${trial.name} ended without having reported anything`, trial);
    return undefined;
  }

  /** The error when the whole experiment went by without the metric. */
  missing(): TuneError | undefined {
    return this.#seen || this.#without === undefined ? undefined : this.#error(this.#without);
  }

  #error(without: { readonly trial: string; readonly keys: readonly string[] }): TuneError {
    const keys = without.keys.map((key) => JSON.stringify(key)).join(", ");
    return new TuneError(
      `metric ${JSON.stringify(this.#metric)} was never reported; trial ${without.trial} reported ${keys === "" ? "nothing" : keys}. ` +
        "Report the metric with tune.report(), or name one of the reported keys as metric",
    );
  }
}
