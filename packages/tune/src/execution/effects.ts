/**
 * What the controller answers with: effects as data. The loop performs them in the order of their kinds: the journal
 * first (nothing takes effect that is not written), then checkpoints, then hooks, then commands to the executor.
 */
import type { ExploitOrder } from "../schedulers/types.ts";
import type { Trial } from "../trial/trial.ts";
import type { CheckpointView, Config, TrialResult, TrialView } from "../trial/types.ts";
import type { TrialContinue, TrialStart } from "./types.ts";

/** A decision about a trial that reported. `COMPLETE`: it met a stop condition or said that it is done. */
export type TrialDecision = "CONTINUE" | "PAUSE" | "STOP" | "COMPLETE";

/** One line of `journal.jsonl`, in the order in which things took effect. */
export type JournalEntry =
  | {
      readonly type: "trial";
      readonly trial: string;
      readonly name: string;
      readonly path: string;
      readonly config: Config;
      readonly evaluatedParams: Readonly<Record<string, unknown>>;
    }
  /** It runs in a new actor; `checkpoint` is the path of what it continues from. */
  | {
      readonly type: "start";
      readonly trial: string;
      readonly config: Config;
      readonly checkpoint: string | undefined;
    }
  /** It goes on from where it was parked with the hyperparameters of an exploit. */
  | {
      readonly type: "perturbed";
      readonly trial: string;
      readonly config: Config;
      readonly checkpoint: string | undefined;
    }
  | {
      readonly type: "result";
      readonly trial: string;
      readonly result: TrialResult;
      readonly decision: TrialDecision;
    }
  /** What it returned; undefined: it ended without a value. */
  | { readonly type: "final"; readonly trial: string; readonly row: TrialResult | undefined }
  | { readonly type: "exploit"; readonly trial: string; readonly donor: string; readonly config: Config }
  | { readonly type: "checkpoint"; readonly trial: string; readonly path: string }
  | { readonly type: "complete"; readonly trial: string }
  | { readonly type: "error"; readonly trial: string; readonly message: string; readonly recovers: boolean }
  | { readonly type: "end"; readonly reason: string };

/** What hooks (storage, reporters, callbacks) are told. */
export type ExperimentEvent =
  | { readonly type: "trialAdd"; readonly trial: TrialView }
  | { readonly type: "trialStart"; readonly trial: TrialView; readonly restored: CheckpointView | undefined }
  /** `row` is what files get; it differs from `result` for what a trainable returned. */
  | {
      readonly type: "trialResult";
      readonly trial: TrialView;
      readonly result: TrialResult;
      readonly row: TrialResult;
    }
  | { readonly type: "trialSave"; readonly trial: TrialView; readonly checkpoint: CheckpointView }
  | { readonly type: "trialComplete"; readonly trial: TrialView }
  /** `recovers`: the trial will be started again. */
  | {
      readonly type: "trialError";
      readonly trial: TrialView;
      readonly error: Error;
      readonly recovers: boolean;
    }
  | { readonly type: "perturbation"; readonly order: ExploitOrder }
  | { readonly type: "warning"; readonly message: string; readonly trial: TrialView | undefined };

/** One effect. */
export type Effect =
  | { readonly type: "journal"; readonly entry: JournalEntry }
  | { readonly type: "adopt"; readonly from: string; readonly to: string }
  | { readonly type: "remove"; readonly path: string }
  | { readonly type: "notify"; readonly event: ExperimentEvent }
  | { readonly type: "start"; readonly start: TrialStart }
  | { readonly type: "continue"; readonly trialId: string; readonly answer: TrialContinue }
  | { readonly type: "save"; readonly trialId: string }
  | { readonly type: "stop"; readonly trialId: string }
  | { readonly type: "kill"; readonly trialId: string }
  | { readonly type: "release"; readonly trialId: string };

/** Collects the effects of one step of the controller. */
export class Effects {
  readonly #warned = new Set<string>();
  #list: Effect[] = [];

  /** What was collected since the last call. */
  take(): readonly Effect[] {
    const list = this.#list;
    this.#list = [];
    return list;
  }

  journal(entry: JournalEntry): void {
    this.#list.push({ type: "journal", entry });
  }

  trialAdded(trial: Trial): void {
    const { id, name, path, config, evaluatedParams } = trial;
    this.journal({ type: "trial", trial: id, name, path, config, evaluatedParams });
    this.#notify({ type: "trialAdd", trial });
  }

  start(trial: Trial, experimentName: string, checkpoint: CheckpointView | undefined): void {
    const { id, name, config, resources, path, reports } = trial;
    this.journal({ type: "start", trial: id, config, checkpoint: checkpoint?.path });
    this.#notify({ type: "trialStart", trial, restored: checkpoint });
    const from = checkpoint === undefined ? undefined : { path: checkpoint.path };
    const start = { trialId: id, trialName: name, experimentName, config, resources, path, checkpoint: from };
    this.#list.push({ type: "start", start: { ...start, iteration: reports } });
  }

  continue(trial: Trial, answer: TrialContinue): void {
    if (answer.perturbed) {
      const { config, checkpoint } = answer;
      this.journal({ type: "perturbed", trial: trial.id, config, checkpoint: checkpoint?.path });
    }
    this.#list.push({ type: "continue", trialId: trial.id, answer });
  }

  result(trial: Trial, result: TrialResult, decision: TrialDecision): void {
    this.journal({ type: "result", trial: trial.id, result, decision });
    this.#notify({ type: "trialResult", trial, result, row: result });
  }

  final(trial: Trial, result: TrialResult, row: TrialResult): void {
    this.journal({ type: "final", trial: trial.id, row });
    this.#notify({ type: "trialResult", trial, result, row });
  }

  adopt(trial: Trial, from: string, checkpoint: CheckpointView): void {
    this.journal({ type: "checkpoint", trial: trial.id, path: checkpoint.path });
    this.#list.push({ type: "adopt", from, to: checkpoint.path });
    this.#notify({ type: "trialSave", trial, checkpoint });
  }

  remove(paths: readonly string[]): void {
    for (const path of paths) this.#list.push({ type: "remove", path });
  }

  exploit(order: ExploitOrder): void {
    const { trial, donor, config } = order;
    this.journal({ type: "exploit", trial: trial.id, donor: donor.id, config });
    this.#notify({ type: "perturbation", order });
  }

  completed(trial: Trial): void {
    this.journal({ type: "complete", trial: trial.id });
    this.#notify({ type: "trialComplete", trial });
  }

  failed(trial: Trial, error: Error, recovers: boolean): void {
    this.journal({ type: "error", trial: trial.id, message: error.message, recovers });
    this.#notify({ type: "trialError", trial, error, recovers });
  }

  /** Shows a message once per distinct text. */
  warn(message: string, trial?: TrialView): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#notify({ type: "warning", message, trial });
  }

  command(type: "save" | "stop" | "kill" | "release", trial: Trial): void {
    this.#list.push({ type, trialId: trial.id });
  }

  #notify(event: ExperimentEvent): void {
    this.#list.push({ type: "notify", event });
  }
}
