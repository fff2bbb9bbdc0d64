/** Tells a progress reporter what happens, and keeps what it throws from the experiment. */
import { asError } from "../errors.ts";
import { bestSoFar, describePerturbation } from "../reporters/progress.ts";
import type {
  BestSoFar,
  Perturbation,
  ProgressReporter,
  ProgressState,
  ReporterSetup,
} from "../reporters/types.ts";
import type { TrialView } from "../trial/types.ts";
import type { ExperimentEvent } from "./effects.ts";
import { toJson } from "../storage/json.ts";

const keptPerturbations = 10;

/** What the feed looks up when a reporter is to be told. */
export interface ProgressFacts extends ReporterSetup {
  readonly trials: () => readonly TrialView[];
  readonly resources: () => ProgressState["resources"];
  readonly elapsedSeconds: () => number;
  readonly schedulerText: () => string;
}

/** One experiment's reporter. */
export class ProgressFeed {
  #reporter: ProgressReporter | undefined;
  readonly #facts: ProgressFacts;
  readonly #verbose: 0 | 1 | 2;
  #perturbations: readonly Perturbation[] = [];
  #perturbed = 0;

  constructor(reporter: ProgressReporter | undefined, facts: ProgressFacts, verbose: 0 | 1 | 2) {
    this.#reporter = reporter;
    this.#facts = facts;
    this.#verbose = verbose;
  }

  async setup(): Promise<void> {
    const { experimentName, experimentPath, metric, mode, totalTrials } = this.#facts;
    try {
      await this.#reporter?.setup({ experimentName, experimentPath, metric, mode, totalTrials });
    } catch (thrown) {
      this.#giveUp(thrown);
    }
  }

  notify(event: ExperimentEvent): void {
    if (event.type === "perturbation") {
      const described = describePerturbation(event.order, this.#perturbed++);
      this.#perturbations = [...this.#perturbations, described].slice(-keptPerturbations);
    } else if (event.type === "warning") {
      this.message(`Warning: ${event.message}`);
    } else if (event.type === "trialResult" && this.#verbose === 2) {
      const { config: _, ...row } = event.row;
      this.message(`${event.trial.name}: ${toJson(row)}`);
    }
  }

  /** Shows a line: through the reporter, so that it does not break its table, else on stderr. */
  message(line: string): void {
    if (this.#reporter !== undefined) this.#tell((reporter) => reporter.onMessage(line));
    else if (this.#verbose > 0) process.stderr.write(`${line}\n`);
  }

  progress(done: boolean): void {
    if (this.#reporter === undefined) return;
    const state = this.#state();
    this.#tell((reporter) => reporter.onProgress(state, done));
  }

  #state(): ProgressState {
    const facts = this.#facts;
    const perturbations = this.#perturbations;
    // Looked up when asked for: a reporter that does not print now should cost nothing.
    return {
      get trials(): readonly TrialView[] {
        return facts.trials();
      },
      metric: facts.metric,
      mode: facts.mode,
      get best(): BestSoFar | undefined {
        return bestSoFar(facts.trials(), facts.metric, facts.mode);
      },
      get resources(): ProgressState["resources"] {
        return facts.resources();
      },
      elapsedSeconds: facts.elapsedSeconds(),
      get schedulerText(): string {
        return facts.schedulerText();
      },
      perturbations,
      experimentPath: facts.experimentPath,
      message: undefined,
    };
  }

  #tell(action: (reporter: ProgressReporter) => void): void {
    if (this.#reporter === undefined) return;
    try {
      action(this.#reporter);
    } catch (thrown) {
      this.#giveUp(thrown);
    }
  }

  #giveUp(thrown: unknown): void {
    this.#reporter = undefined;
    this.message(`Warning: the progress reporter threw and is no longer called: ${asError(thrown).message}`);
  }
}
