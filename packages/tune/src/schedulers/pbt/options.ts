/** Options of Population Based Training: what the user writes, checked once, and what the scheduler works with. */
import { InvalidArgumentError } from "@mantajs/runtime";

import {
  checkBoolean,
  checkFinite,
  checkOneOf,
  checkOptions,
  checkPositive,
  checkText,
  checkWithin,
} from "../../search-space/checks.ts";
import type { Config } from "../../trial/types.ts";
import type { ObjectiveOptions } from "../objective.ts";
import { donorSelections, type DonorSelection } from "./donors.ts";
import type { ExploreOptions } from "./explore.ts";
import { checkMutations, mutationLeaves, type Mutations } from "./mutations.ts";

/** Options of `PopulationBasedTraining`. Times are in units of `timeAttr`. */
export interface PopulationBasedTrainingOptions extends ObjectiveOptions {
  /** The field of a result that says how far a trial is. Default: `"time_total_s"`, seconds of training. */
  readonly timeAttr?: string;
  /** Another name of `metric` with `mode: "max"`; only one of the two may be given. */
  readonly rewardAttr?: string;
  /** Time between two looks at a trial. Default: 60. */
  readonly perturbationInterval?: number;
  /** Time before which nothing is perturbed. Default: 0. */
  readonly burnInPeriod?: number;
  /** What may be mutated and how. Without it, `customExploreFn` must be given. */
  readonly hyperparamMutations?: Mutations;
  /** Called last with the new configuration; what it returns is used. It should draw no random numbers of its own. */
  readonly customExploreFn?: (config: Config) => Config;
  /** Part of the population that counts as best, and as worst, from 0 (never exploit) to 0.5. Default: 0.25. */
  readonly quantileFraction?: number;
  /** Probability that a mutated value is drawn anew instead of moved. Default: 0.25. */
  readonly resampleProbability?: number;
  /** Factors that a number is multiplied by, all equally likely; at least two. Default: [1.2, 0.8]. */
  readonly perturbationFactors?: readonly number[];
  /** Whether a report without time or metric is an error; otherwise it is ignored with a warning. Default: true. */
  readonly requireAttrs?: boolean;
  /** Wait for the whole population before each exploit. Default: false, decide about each trial when it reports. */
  readonly synch?: boolean;
  /** Who is replaced: the bottom quantile, or everybody below the top quantile. Default: `"bottom"`. */
  readonly replace?: "bottom" | "rest";
  /** How the donor is picked among the top quantile. Default: `"uniform"`. */
  readonly donorSelection?: DonorSelection;
  /** Keep `policyLog`, from which `pbt_global.txt` is written. Default: true. */
  readonly log?: boolean;
}

/** The options with defaults, checked; frozen. */
export interface PbtSettings {
  readonly timeAttr: string;
  readonly interval: number;
  readonly burnIn: number;
  readonly explore: ExploreOptions;
  readonly quantileFraction: number;
  readonly requireAttrs: boolean;
  readonly synch: boolean;
  readonly replace: "bottom" | "rest";
  readonly donorSelection: DonorSelection;
  readonly log: boolean;
}

const keys = [
  "timeAttr",
  "metric",
  "mode",
  "rewardAttr",
  "perturbationInterval",
  "burnInPeriod",
  "hyperparamMutations",
  "customExploreFn",
  "quantileFraction",
  "resampleProbability",
  "perturbationFactors",
  "requireAttrs",
  "synch",
  "replace",
  "donorSelection",
  "log",
] as const satisfies readonly (keyof PopulationBasedTrainingOptions)[];

/** @throws InvalidArgumentError that names the option and quotes its value. */
export function checkPbtOptions(owner: string, options: PopulationBasedTrainingOptions): PbtSettings {
  checkOptions(owner, keys, options);
  const named = (key: (typeof keys)[number]): string => `${owner}({ ${key} })`;
  const { hyperparamMutations, customExploreFn, burnInPeriod = 0 } = options;
  checkFinite(named("burnInPeriod"), burnInPeriod);
  if (burnInPeriod < 0) {
    throw InvalidArgumentError.forValue(named("burnInPeriod"), "a number >= 0", burnInPeriod);
  }
  if (customExploreFn !== undefined && typeof customExploreFn !== "function") {
    throw InvalidArgumentError.forValue(named("customExploreFn"), "a function", customExploreFn);
  }
  if (hyperparamMutations === undefined && customExploreFn === undefined) {
    throw new InvalidArgumentError(
      named("hyperparamMutations"),
      "or customExploreFn must be given; otherwise nothing would ever be explored",
    );
  }
  const leaves =
    hyperparamMutations === undefined
      ? []
      : mutationLeaves(checkMutations(named("hyperparamMutations"), hyperparamMutations));
  return Object.freeze({
    timeAttr: checkText(named("timeAttr"), options.timeAttr ?? "time_total_s"),
    interval: checkPositive(named("perturbationInterval"), options.perturbationInterval ?? 60),
    burnIn: burnInPeriod,
    explore: {
      leaves,
      customExploreFn,
      resampleProbability: checkWithin(
        named("resampleProbability"),
        0,
        1,
        options.resampleProbability ?? 0.25,
      ),
      perturbationFactors: checkFactors(
        named("perturbationFactors"),
        options.perturbationFactors ?? [1.2, 0.8],
      ),
    },
    quantileFraction: checkWithin(named("quantileFraction"), 0, 0.5, options.quantileFraction ?? 0.25),
    requireAttrs: checkBoolean(named("requireAttrs"), options.requireAttrs ?? true),
    synch: checkBoolean(named("synch"), options.synch ?? false),
    replace: checkOneOf(named("replace"), ["bottom", "rest"], options.replace ?? "bottom"),
    donorSelection: checkOneOf(named("donorSelection"), donorSelections, options.donorSelection ?? "uniform"),
    log: checkBoolean(named("log"), options.log ?? true),
  });
}

function checkFactors(argument: string, factors: unknown): readonly number[] {
  if (!Array.isArray(factors) || factors.length < 2) {
    throw InvalidArgumentError.forValue(argument, "a list of at least two factors", factors);
  }
  return factors.map((factor, at) => checkPositive(`${argument}[${at}]`, factor));
}
