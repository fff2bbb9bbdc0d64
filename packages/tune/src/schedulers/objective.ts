/**
 * The metric that a scheduler ranks trials by, and in which direction: what its options say, what `run` fills in, and
 * which combinations of the two are errors.
 */
import { InvalidArgumentError } from "@mantajs/runtime";

import { checkOneOf, checkText } from "../search-space/checks.ts";
import { metricOf } from "../trial/metrics.ts";
import type { Mode } from "./types.ts";

/** The metric of a trainable that returns a plain number; what a scheduler with a mode and no metric ranks by. */
export const anonymousMetric = "_metric";

/** The options of every scheduler that ranks trials. */
export interface ObjectiveOptions {
  /** Default: `run`'s. A nested metric is `"test/loss"`. */
  readonly metric?: string;
  /** Default: `run`'s. */
  readonly mode?: Mode;
}

/** A metric and its direction. */
export class Objective {
  readonly #owner: string;
  /** The metric came as `rewardAttr`, which may repeat what `run` says. */
  readonly #isAlias: boolean;
  #metric: string | undefined;
  #mode: Mode | undefined;

  constructor(owner: string, { metric, mode }: ObjectiveOptions, rewardAttr?: string) {
    this.#owner = owner;
    if (metric !== undefined) checkText(`${owner}({ metric })`, metric);
    if (mode !== undefined) checkOneOf(`${owner}({ mode })`, ["min", "max"], mode);
    this.#isAlias = rewardAttr !== undefined;
    this.#metric = metric;
    this.#mode = mode;
    if (rewardAttr === undefined) return;
    checkText(`${owner}({ rewardAttr })`, rewardAttr);
    if (metric !== undefined) {
      throw new InvalidArgumentError(
        `${owner}({ rewardAttr })`,
        "is another name of metric; give one of them",
      );
    }
    if (mode === "min") {
      throw new InvalidArgumentError(
        `${owner}({ rewardAttr })`,
        'is maximised; use metric with mode "min" instead',
      );
    }
    this.#metric = rewardAttr;
    this.#mode = "max";
  }

  get metric(): string | undefined {
    return this.#metric;
  }

  get mode(): Mode | undefined {
    return this.#mode;
  }

  /** Takes over what `run` was given. A `rewardAttr` may be repeated by `run`, anything else must be given once. */
  set(metric: string | undefined, mode: Mode | undefined): void {
    this.#metric = this.#merge("metric", this.#metric, metric);
    this.#mode = this.#merge("mode", this.#mode, mode);
    this.check();
  }

  /** @throws InvalidArgumentError when no metric or mode is known. */
  check(): void {
    if (this.#mode === undefined) {
      const missing = this.#metric === undefined ? "metric and mode" : "mode";
      throw new InvalidArgumentError(
        missing,
        `${this.#owner} needs them; pass them to run or to the scheduler`,
      );
    }
    this.#metric ??= anonymousMetric;
  }

  /** The score of a result, larger is better; NaN stays NaN; undefined when the metric is not there or no number. */
  scoreOf(result: Readonly<Record<string, unknown>>): number | undefined {
    const value = metricOf(result, this.#metric ?? anonymousMetric);
    if (typeof value !== "number") return undefined;
    return this.#mode === "min" ? -value : value;
  }

  #merge<T extends string>(what: string, own: T | undefined, runs: T | undefined): T | undefined {
    if (own === undefined || runs === undefined) return own ?? runs;
    if (this.#isAlias && own === runs) return own;
    throw new InvalidArgumentError(
      what,
      `is given to run (${JSON.stringify(runs)}) and to ${this.#owner} (${JSON.stringify(own)}); give it once`,
    );
  }
}
