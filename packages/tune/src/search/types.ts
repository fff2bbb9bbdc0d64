/**
 * The public interface of searchers: what proposes configurations. A searcher is pure like a scheduler: randomness
 * comes from the stream it is given, and its state can be saved and restored.
 */
import type { RandomStream } from "../random.ts";
import type { Mode } from "../schedulers/types.ts";
import type { SearchSpace } from "../search-space/types.ts";
import type { Config, TrialResult } from "../trial/types.ts";

/** What a searcher is told once, before the first `suggest`. */
export interface SearchProperties {
  readonly metric: string | undefined;
  readonly mode: Mode | undefined;
  readonly space: SearchSpace;
  /** As given to `run`; -1: no limit. */
  readonly numSamples: number;
  /** The searcher's own stream; it derives from it and leaves other streams alone. */
  readonly random: RandomStream;
  /** Shows a message to the user once per distinct text. */
  readonly warn: (message: string) => void;
}

/** Opaque, JSON-able state of a searcher. */
export type SearcherState = Readonly<Record<string, unknown>>;

/**
 * Implement this to write a searcher.
 * @example
 * class Halving implements Searcher {
 *   readonly name = "Halving";
 *   #next = 1;
 *   setSearchProperties() {}
 *   suggest() { return { lr: (this.#next /= 2) }; }
 *   onTrialResult() {}
 *   onTrialComplete() {}
 *   save() { return { next: this.#next }; }
 *   restore(state: SearcherState) { this.#next = Number(state.next); }
 * }
 */
export interface Searcher {
  /** Name for logs and reporters. */
  readonly name: string;
  /** How many trials there will be, if the searcher knows; Infinity: no end. For progress only. */
  readonly totalTrials?: number | undefined;
  setSearchProperties(properties: SearchProperties): void;
  /** The next configuration; undefined: none for now, ask again after a result; `"FINISHED"`: no more will come. */
  suggest(trialId: string): Config | undefined | "FINISHED";
  onTrialResult(trialId: string, result: TrialResult): void;
  /** The trial ended. `result` is its last, if it reported; `error` is set when it failed for good. */
  onTrialComplete(trialId: string, result: TrialResult | undefined, error?: Error): void;
  save(): SearcherState;
  restore(state: SearcherState): void;
}
