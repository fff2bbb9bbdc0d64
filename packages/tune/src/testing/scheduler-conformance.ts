/**
 * What every trial scheduler has to keep to, as a list of named checks that any test runner can loop over. Each check
 * plays seeded random experiments in the harness: trials report, end, fail, come back and are removed in any order.
 *
 * @example
 * for (const { name, run } of schedulerConformance(() => new MyScheduler())) it(name, run);
 */
import { isDeepStrictEqual } from "node:util";

import { randomStream, type RandomStream } from "../random.ts";
import type { TrialScheduler } from "../schedulers/types.ts";
import { isLive, type Checkpointing, type Config, type Metrics } from "../trial/types.ts";
import { SchedulerHarness, type HarnessTrial } from "./scheduler-harness.ts";

/** One check. `run` throws when the scheduler does not hold it. */
export interface ConformanceCheck {
  readonly name: string;
  readonly run: () => void;
}

/** What the checks need to know about a scheduler. */
export interface SchedulerConformanceOptions {
  /** Field of the score, unless the scheduler names its own metric. Default: `"score"`. */
  readonly metric?: string;
  /** Default: `"max"`. */
  readonly mode?: "min" | "max";
  /** Field that says how far a trial is. Default: `"training_iteration"`. */
  readonly timeAttr?: string;
  /** Configuration of a trial. Default: `{ lr: 0.1 }`. */
  readonly config?: (index: number) => Config;
  /** What the scheduler does about a report without the metric: nothing, or throw. Default: `"ignored"`. */
  readonly missingMetrics?: "ignored" | "throws";
  /** How many random experiments each check plays. Default: 25. */
  readonly experiments?: number;
}

type Settings = Required<SchedulerConformanceOptions>;

interface Play {
  readonly harness: SchedulerHarness;
  /** What the scheduler decided, one entry an event. */
  readonly trace: readonly string[];
}

interface PlayOptions {
  readonly seed: number;
  /** Event before which the scheduler is replaced by one that was restored from its state. */
  readonly restoreAt?: number;
  /** Metrics as they may come: NaN, infinite, missing. */
  readonly scores?: "finite" | "any";
}

const eventsOfAnExperiment = 120;

/** The checks for the schedulers that `makeScheduler` makes; it must return a new one for each call. */
export function schedulerConformance(
  makeScheduler: () => TrialScheduler,
  options: SchedulerConformanceOptions = {},
): readonly ConformanceCheck[] {
  const settings: Settings = {
    metric: makeScheduler().metric ?? "score",
    mode: "max",
    timeAttr: "training_iteration",
    config: () => ({ lr: 0.1 }),
    missingMetrics: "ignored",
    experiments: 25,
    ...options,
  };
  const seeds = Array.from({ length: settings.experiments }, (_, at) => at + 1);
  const playOne = (how: PlayOptions): Play => play(makeScheduler, settings, how);
  const forEachSeed = (check: (seed: number) => void) => (): void => seeds.forEach(check);
  return [
    {
      name: "names only trials of the experiment that are PENDING or PAUSED, and gives legal decisions",
      // The harness throws at the first that is not.
      run: forEachSeed((seed) => playOne({ seed })),
    },
    {
      name: "exploits no trial from itself, and neither from nor to one that is over",
      run: forEachSeed((seed) => {
        for (const { trial, donor, config } of playOne({ seed }).harness.exploits) {
          expect(trial.id !== donor.id, `${trial.id} was exploited from itself`);
          expect(typeof config === "object" && config !== null, `${trial.id} got no configuration`);
        }
      }),
    },
    {
      name: "decides the same for the same seed and the same events",
      run: forEachSeed((seed) => expectSame(playOne({ seed }).trace, playOne({ seed }).trace)),
    },
    {
      name: "decides the same after save and restore at any moment",
      run: forEachSeed((seed) => {
        const restoreAt = 1 + ((seed * 37) % (eventsOfAnExperiment - 1));
        expectSame(playOne({ seed, restoreAt }).trace, playOne({ seed }).trace);
      }),
    },
    {
      name: "has a state that JSON holds without loss",
      run: forEachSeed((seed) => {
        const state = playOne({ seed, scores: "any" }).harness.scheduler.save();
        expect(isDeepStrictEqual(throughJson(state), state), "the state differs after JSON");
      }),
    },
    {
      name: "goes on when scores are NaN, infinite or, if its contract says so, missing",
      run: forEachSeed((seed) => playOne({ seed, scores: "any" })),
    },
    {
      name:
        settings.missingMetrics === "throws"
          ? "throws at a report without the metric"
          : "lets a report without the metric pass",
      run: () => {
        const harness = new SchedulerHarness(makeScheduler(), settings);
        const trial = harness.add({ config: settings.config(0) });
        harness.choose();
        const report = (): unknown => harness.report(trial, { [settings.timeAttr]: 1_000_000 });
        if (settings.missingMetrics === "ignored") report();
        else expect(throws(report), "nothing was thrown");
      },
    },
    {
      name: "lets every trial run to its end when nothing else happens",
      run: forEachSeed((seed) => {
        const harness = new SchedulerHarness(makeScheduler(), { ...settings, seed });
        for (let index = 0; index < 4; index += 1) harness.add({ config: settings.config(index) });
        const random = randomStream(seed);
        const step = (trial: HarnessTrial): Metrics => ({
          [settings.timeAttr]: trial.iteration + 1,
          [settings.metric]: random.float(),
        });
        harness.train({
          step,
          iterations: 30,
          slots: 1 + (seed % 4),
          next: (running) => random.pick(running),
        });
      }),
    },
    {
      name: "says something about itself",
      run: () => expect(makeScheduler().summary().text !== "", "the summary is empty"),
    },
  ];
}

/** A random experiment. The events depend on the seed and on what the scheduler decided, on nothing else. */
function play(makeScheduler: () => TrialScheduler, settings: Settings, how: PlayOptions): Play {
  const random = randomStream(`conformance-${how.seed}`);
  let harness = new SchedulerHarness(makeScheduler(), { ...settings, seed: how.seed });
  const trace: string[] = [];
  const kinds: readonly Checkpointing[] = ["none", "reported", "on-demand"];
  const checkpointing = random.pick(kinds);
  const population = random.int(1, 8);
  for (let index = 0; index < population; index += 1) {
    harness.add({ config: settings.config(index), checkpointing, state: index });
  }
  for (let event = 0; event < eventsOfAnExperiment; event += 1) {
    if (event === how.restoreAt) harness = continued(harness, makeScheduler(), settings, how.seed);
    const ordered = harness.exploits.length;
    const what = step(harness, settings, random, how.scores ?? "finite");
    const exploits = harness.exploits
      .slice(ordered)
      .map(({ trial, donor, config }) => `${trial.id} < ${donor.id} ${JSON.stringify(config)}`);
    trace.push([what, ...exploits].join("; "));
  }
  return { harness, trace };
}

/** The same experiment with a new scheduler that was restored from the old one's state, by way of JSON. */
function continued(
  before: SchedulerHarness,
  scheduler: TrialScheduler,
  settings: Settings,
  seed: number,
): SchedulerHarness {
  const harness = new SchedulerHarness(scheduler, { ...settings, seed });
  harness.random.setState(before.random.state());
  harness.trials.push(...before.trials);
  scheduler.restore(throughJson(before.scheduler.save()));
  return harness;
}

function step(
  harness: SchedulerHarness,
  settings: Settings,
  random: RandomStream,
  scores: "finite" | "any",
): string {
  const kind = random.float();
  const live = harness.trials.filter(isLive);
  const running = live.filter(({ status }) => status === "RUNNING");
  const waiting = live.filter(({ status }) => status !== "RUNNING");
  if (kind < 0.03 && waiting.length > 0) {
    const trial = random.pick(waiting);
    harness.remove(trial);
    return `remove ${trial.id}`;
  }
  if (running.length > 0 && kind < 0.06) {
    const trial = random.pick(running);
    harness.complete(trial);
    return `complete ${trial.id}`;
  }
  if (running.length > 0 && kind < 0.12) {
    const trial = random.pick(running);
    harness.fail(trial);
    if (random.float() < 0.7) harness.recover(trial);
    return `fail ${trial.id} ${trial.status}`;
  }
  if (running.length > 0 && kind < 0.7) {
    const trial = random.pick(running);
    const time = trial.iteration + random.int(1, 3);
    trial.iteration = time - 1;
    const decision = harness.report(trial, { [settings.timeAttr]: time, ...score(settings, random, scores) });
    return `report ${trial.id} ${decision} ${trial.status} ${trial.iteration}`;
  }
  return `choose ${harness.choose()?.id}`;
}

function score(settings: Settings, random: RandomStream, scores: "finite" | "any"): Metrics {
  const finite = random.normal();
  const odd = random.float();
  if (scores === "finite" || odd < 0.6) return { [settings.metric]: finite };
  if (odd < 0.75) return { [settings.metric]: NaN };
  if (odd < 0.85) return { [settings.metric]: odd < 0.8 ? Infinity : -Infinity };
  return settings.missingMetrics === "ignored" ? {} : { [settings.metric]: NaN };
}

function throughJson<T>(value: T): T {
  // What JSON gives back is compared with the original where it matters.
  return JSON.parse(JSON.stringify(value)) as T;
}

function throws(action: () => unknown): boolean {
  try {
    action();
    return false;
  } catch {
    return true;
  }
}

function expect(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}

function expectSame(actual: readonly string[], wanted: readonly string[]): void {
  const at = wanted.findIndex((entry, index) => entry !== actual[index]);
  if (at !== -1) throw new Error(`event ${at}: ${actual[at]} instead of ${wanted[at]}`);
}
