/**
 * The options of `run`, checked and filled in: the one place that does so. Every message names the option and quotes
 * the value.
 */
import { resolve } from "node:path";

import { InvalidArgumentError } from "@mantajs/runtime";

import { isPlainObject } from "../trial/metrics.ts";
import { bind, unwrap, type Parameters, type TrialResources } from "../with-parameters.ts";
import type { RunOptions } from "./run-options.ts";
import { isClassTrainable, makesCheckpoints, type AnyTrainable } from "./trainable.ts";

type Check = (value: unknown) => string | undefined;

const isNumber = (value: unknown): value is number => typeof value === "number" && !Number.isNaN(value);
const whole =
  (least: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && Number(value) >= least ? undefined : `a whole number >= ${least}`;
const positive: Check = (value) =>
  isNumber(value) && value > 0 && value < Infinity ? undefined : "a finite number > 0";
const atLeastZero: Check = (value) =>
  isNumber(value) && value >= 0 && value < Infinity ? undefined : "a finite number >= 0";
const flag: Check = (value) => (typeof value === "boolean" ? undefined : "true or false");
const text: Check = (value) => (typeof value === "string" && value !== "" ? undefined : "a non-empty string");
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value) ? undefined : `one of ${values.map((one) => JSON.stringify(one)).join(", ")}`;
const plain: Check = (value) => (isPlainObject(value) ? undefined : "an object");
const having =
  (what: string, ...methods: readonly string[]): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    methods.every((name) => typeof Reflect.get(value, name) === "function")
      ? undefined
      : what;
const directoryName: Check = (value) =>
  typeof value === "string" && /^[^/\\]+$/.test(value) && value !== "." && value !== ".."
    ? undefined
    : "a non-empty string without / and \\";
const scheduler = having("a scheduler", "onTrialResult", "chooseTrialToRun");
const anything: Check = () => undefined;

const table: Readonly<Record<keyof RunOptions, Check>> = {
  name: directoryName,
  metric: text,
  mode: oneOf("min", "max"),
  // Checked by `toStopper`, which knows its forms.
  stop: anything,
  timeBudgetS: positive,
  config: plain,
  resourcesPerTrial: plain,
  numSamples: (value) =>
    value === -1 ? undefined : whole(1)(value) && "a whole number >= 1, or -1 for no limit",
  storagePath: text,
  searchAlg: having("a Searcher", "suggest", "onTrialComplete"),
  scheduler: (value) =>
    ["fifo", "asha", "pbt"].includes(String(value)) || scheduler(value) === undefined
      ? undefined
      : '"fifo", "asha", "pbt" or a TrialScheduler',
  checkpointConfig: plain,
  verbose: oneOf(0, 1, 2),
  progressReporter: having("a ProgressReporter", "setup", "onProgress", "onMessage"),
  maxFailures: (value) =>
    value === -1 ? undefined : whole(0)(value) && "a whole number >= 0, or -1 for no limit",
  failFast: oneOf(true, false, "raise"),
  raiseOnFailedTrial: flag,
  callbacks: (value) =>
    Array.isArray(value) && value.every((one) => typeof one === "object" && one !== null)
      ? undefined
      : "an array of callbacks",
  maxConcurrentTrials: whole(1),
  seed: whole(0),
  deterministic: flag,
  signal: (value) => (value instanceof AbortSignal ? undefined : "an AbortSignal"),
  trialIsolation: oneOf("thread", "shared", "auto"),
  trialNameCreator: (value) => (typeof value === "function" ? undefined : "a function"),
  gracePeriodS: atLeastZero,
  maxParkedTrials: whole(0),
};

const resourceTable: Readonly<Record<keyof TrialResources, Check>> = {
  cpu: atLeastZero,
  gpu: atLeastZero,
  custom: (value) =>
    isPlainObject(value) && Object.values(value).every((amount) => atLeastZero(amount) === undefined)
      ? undefined
      : "an object of finite numbers >= 0",
};

const checkpointTable = {
  numToKeep: whole(1),
  scoreAttribute: text,
  scoreOrder: oneOf("max", "min"),
  frequency: whole(0),
  atEnd: flag,
};

/** The options of `run` with all defaults. */
export type FilledOptions = Omit<RunOptions, "storagePath"> &
  Required<
    Pick<
      RunOptions,
      | "config"
      | "numSamples"
      | "checkpointConfig"
      | "verbose"
      | "maxFailures"
      | "failFast"
      | "raiseOnFailedTrial"
      | "callbacks"
      | "deterministic"
      | "trialIsolation"
      | "gracePeriodS"
      | "maxParkedTrials"
    >
  > & {
    /** The trainable itself, and the values that `withParameters` gave it. */
    readonly trainable: AnyTrainable;
    readonly parameters: Parameters;
    readonly trainableName: string;
    readonly resources: Readonly<Record<string, number>>;
    readonly storagePath: string | undefined;
  };

/**
 * Checks a trainable and the options of `run`.
 *
 * Throws `InvalidArgumentError` (`MANTA_INVALID_ARGUMENT`) for an unknown option, a value that an option cannot have,
 * and options that exclude each other.
 */
export function fillOptions(given: AnyTrainable<never>, options: RunOptions, where = "run"): FilledOptions {
  if (typeof given !== "function") {
    throw InvalidArgumentError.forValue(
      `${where}(trainable)`,
      "a function or a class with a step method",
      given,
    );
  }
  checkTable(where, options, table);
  const { resourcesPerTrial, checkpointConfig = {}, failFast = false, maxFailures = 0 } = options;
  checkTable(`${where}.checkpointConfig`, checkpointConfig, checkpointTable);
  const { trainable, values, resources: own } = unwrap(given);
  const resources = resourcesPerTrial ?? own ?? {};
  checkTable(`${where}.resourcesPerTrial`, resources, resourceTable);
  if (failFast !== false && maxFailures !== 0) {
    throw new InvalidArgumentError(
      `${where}({ failFast })`,
      `needs maxFailures: 0, got maxFailures: ${maxFailures}`,
    );
  }
  const asks = (checkpointConfig.frequency ?? 0) > 0 || checkpointConfig.atEnd === true;
  // A trainable is called with configurations of the search space, whatever its own parameter type says.
  const general = trainable as AnyTrainable;
  if (asks && !(isClassTrainable(general) && makesCheckpoints(general))) {
    throw new InvalidArgumentError(
      `${where}({ checkpointConfig })`,
      "frequency and atEnd need a class with saveCheckpoint and loadCheckpoint; a function hands checkpoints to report()",
    );
  }
  return {
    ...options,
    config: options.config ?? {},
    numSamples: options.numSamples ?? 1,
    checkpointConfig,
    verbose: options.verbose ?? 1,
    maxFailures,
    failFast,
    raiseOnFailedTrial: options.raiseOnFailedTrial ?? true,
    callbacks: options.callbacks ?? [],
    deterministic: options.deterministic ?? false,
    trialIsolation: options.trialIsolation ?? "auto",
    gracePeriodS: options.gracePeriodS ?? 3,
    maxParkedTrials: options.maxParkedTrials ?? 64,
    trainable: general,
    parameters: values,
    trainableName: given.name === "" ? "trainable" : given.name,
    resources: toResources(resources),
    storagePath: options.storagePath === undefined ? undefined : resolve(options.storagePath),
  };
}

/** The trainable with its parameters as a plain function or class, for a run in this thread. */
export const boundTrainable = ({ trainable, parameters }: FilledOptions): AnyTrainable =>
  Object.keys(parameters).length === 0 ? trainable : bind(trainable, parameters);

const tunerTable = { paramSpace: plain, tuneConfig: plain, runConfig: plain };

/** Checks the groups of a Tuner's options; `fillOptions` checks what is in them. */
export function checkTunerOptions(options: {
  readonly runConfig?: { readonly failureConfig?: unknown };
}): void {
  checkTable("Tuner", options, tunerTable);
  const { failureConfig } = options.runConfig ?? {};
  if (failureConfig !== undefined && !isPlainObject(failureConfig)) {
    throw InvalidArgumentError.forValue("Tuner({ runConfig.failureConfig })", "an object", failureConfig);
  }
}

function toResources({ cpu = 1, gpu = 0, custom = {} }: TrialResources): Readonly<Record<string, number>> {
  const all = { CPU: cpu, GPU: gpu, ...custom };
  return Object.fromEntries(Object.entries(all).filter(([, amount]) => amount > 0));
}

function checkTable(where: string, options: object, checks: Readonly<Record<string, Check>>): void {
  if (!isPlainObject(options)) throw InvalidArgumentError.forValue(where, "an object of options", options);
  for (const [key, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check === undefined) {
      throw new InvalidArgumentError(
        `${where}({ ${key} })`,
        `is not an option; there are ${Object.keys(checks).join(", ")}`,
      );
    }
    if (value === undefined) continue;
    const mustBe = check(value);
    if (mustBe !== undefined) throw InvalidArgumentError.forValue(`${where}({ ${key} })`, mustBe, value);
  }
}
