/** What users write in `run`. Checked and filled in by `options.ts`, and nowhere else. */
import type { MetricName } from "../analysis/types.ts";
import type { Callback } from "../callbacks/types.ts";
import type { CheckpointConfig } from "../checkpoints/config.ts";
import type { ProgressReporter } from "../reporters/types.ts";
import type { Mode, TrialScheduler } from "../schedulers/types.ts";
import type { Searcher } from "../search/types.ts";
import type { SearchSpace } from "../search-space/types.ts";
import type { StopCondition } from "../stoppers/types.ts";
import type { Metrics } from "../trial/types.ts";
import type { TrialResources } from "../with-parameters.ts";

/**
 * Where trials run. `thread`: each in a thread of its own. `shared`: many in one thread, which cannot be interrupted
 * inside synchronous code. `auto`: threads for up to 64 trials that live at once, and shared beyond.
 */
export type TrialIsolation = "thread" | "shared" | "auto";

/** Options of `run`. `S` is the search space, `M` what the trainable reports. */
export interface RunOptions<S extends SearchSpace = SearchSpace, M extends Metrics = Metrics> {
  /** Name of the experiment, and of its directory. @defaultValue `<trainable>_<date>` */
  readonly name?: string;
  /** The metric that decides which trial is best; nested by `/`. @defaultValue the scheduler's */
  readonly metric?: MetricName<M>;
  /** Whether larger or smaller is better. @defaultValue the scheduler's */
  readonly mode?: Mode;
  /** When a trial stops: bounds by metric (`>=`), a function, a Stopper, or a list of these. @defaultValue never */
  readonly stop?: StopCondition;
  /** Seconds until the experiment ends. @defaultValue no limit */
  readonly timeBudgetS?: number;
  /** The search space: constants, domains, `gridSearch`, nested. @defaultValue `{}` */
  readonly config?: S;
  /** Resources of one trial. @defaultValue `{ cpu: 1 }`, or what `withResources` says */
  readonly resourcesPerTrial?: TrialResources;
  /** How often the search space is sampled (its grid is repeated as often); -1: until something stops it. @defaultValue 1 */
  readonly numSamples?: number;
  /** Directory in which experiments lie. @defaultValue `~/manta_results` */
  readonly storagePath?: string;
  /** What proposes configurations. @defaultValue `BasicVariantGenerator` */
  readonly searchAlg?: Searcher;
  /** What decides which trials go on. @defaultValue "fifo" */
  readonly scheduler?: TrialScheduler | "fifo" | "asha" | "pbt";
  readonly checkpointConfig?: CheckpointConfig;
  /** 0: silent; 1: progress; 2: also each result. @defaultValue 1 */
  readonly verbose?: 0 | 1 | 2;
  /** Shows progress. @defaultValue `CLIReporter`, none with `verbose: 0` */
  readonly progressReporter?: ProgressReporter;
  /** How often a trial is started again after it failed; -1: always. @defaultValue 0 */
  readonly maxFailures?: number;
  /** true: the first failed trial ends the experiment; "raise": and `run` rejects with its error. Needs `maxFailures: 0`. @defaultValue false */
  readonly failFast?: boolean | "raise";
  /** Whether `run` rejects with a TuneError when a trial failed. @defaultValue true */
  readonly raiseOnFailedTrial?: boolean;
  readonly callbacks?: readonly Callback[];
  /** How many trials may be RUNNING at once, besides what resources allow. @defaultValue no limit */
  readonly maxConcurrentTrials?: number;
  /** Fixes sampling, scheduling decisions and perturbations. A whole number >= 0. @defaultValue random, and reported */
  readonly seed?: number;
  /**
   * Reports are handled in a fixed order, whichever thread is faster: two runs with one seed make the same decisions.
   * Trials that run beside each other then wait for the slowest. @defaultValue false
   */
  readonly deterministic?: boolean;
  /** Aborting ends the experiment as Ctrl-C does. */
  readonly signal?: AbortSignal;
  /** @defaultValue "auto" */
  readonly trialIsolation?: TrialIsolation;
  /** Name of a trial. @defaultValue `<trainable>_<id>` */
  readonly trialNameCreator?: (trial: { readonly id: string; readonly index: number }) => string;
  /** How long a run that ends waits for its trials' next report, in seconds; then they are killed. @defaultValue 3 */
  readonly gracePeriodS?: number;
  /** Beyond this many parked trials, those that made a checkpoint at their report give up their thread. @defaultValue 64 */
  readonly maxParkedTrials?: number;
}
