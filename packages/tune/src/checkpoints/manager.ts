/**
 * Which checkpoints of a trial stay. Kept are the `numToKeep` best, always the latest, and whatever is pinned: a
 * checkpoint that a scheduler may still hand to another trial, or that a trial still has to load. It decides only;
 * the paths that it returns are for others to delete.
 *
 * Order of scores as in Ray: NaN < -Infinity < numbers; of equal scores the later checkpoint is better.
 */
import { metricOf } from "../trial/metrics.ts";
import type { CheckpointView } from "../trial/types.ts";
import type { CheckpointConfig } from "./config.ts";

interface Shelf {
  nextIndex: number;
  kept: CheckpointView[];
}

/** The checkpoints of all trials of an experiment. */
export class CheckpointManager {
  readonly #config: CheckpointConfig;
  readonly #shelves = new Map<string, Shelf>();
  readonly #pins = new Map<string, number>();
  /** Paths that would be gone but for a pin. */
  readonly #condemned = new Set<string>();

  constructor(config: CheckpointConfig = {}) {
    this.#config = config;
  }

  /** Ordinal of the trial's next checkpoint. */
  nextIndex(trialId: string): number {
    return this.#shelf(trialId).nextIndex;
  }

  /** The trial's checkpoints that retention keeps, oldest first. */
  checkpoints(trialId: string): readonly CheckpointView[] {
    return this.#shelf(trialId).kept;
  }

  /** The best checkpoint by score, undefined when the trial has none. */
  best(trialId: string): CheckpointView | undefined {
    return this.#ranked(this.#shelf(trialId).kept)[0];
  }

  /** Takes a new checkpoint in, and returns the paths that may be deleted now. */
  add(checkpoint: CheckpointView): readonly string[] {
    const shelf = this.#shelf(checkpoint.trialId);
    shelf.nextIndex = checkpoint.index + 1;
    shelf.kept.push(checkpoint);
    const limit = this.#config.numToKeep;
    if (limit === undefined || shelf.kept.length <= limit) return [];
    const keep = new Set([...this.#ranked(shelf.kept).slice(0, limit), checkpoint]);
    const dropped = shelf.kept.filter((one) => !keep.has(one));
    shelf.kept = shelf.kept.filter((one) => keep.has(one));
    return dropped.map((one) => one.path).filter((path) => this.#mayDelete(path));
  }

  /** Keeps a checkpoint until as many `unpin` calls. */
  pin(checkpoint: CheckpointView): void {
    this.#pins.set(checkpoint.path, (this.#pins.get(checkpoint.path) ?? 0) + 1);
  }

  /** Takes one pin back, and returns the path if it may be deleted now. */
  unpin(checkpoint: CheckpointView): readonly string[] {
    const { path } = checkpoint;
    const pins = (this.#pins.get(path) ?? 0) - 1;
    if (pins > 0) {
      this.#pins.set(path, pins);
      return [];
    }
    this.#pins.delete(path);
    return this.#condemned.delete(path) ? [path] : [];
  }

  #mayDelete(path: string): boolean {
    if (!this.#pins.has(path)) return true;
    this.#condemned.add(path);
    return false;
  }

  #ranked(checkpoints: readonly CheckpointView[]): CheckpointView[] {
    return checkpoints.toSorted((a, b) => compare(this.#score(b), this.#score(a)) || b.index - a.index);
  }

  /** Larger is better, whatever the order that was asked for. */
  #score(checkpoint: CheckpointView): number {
    const attribute = this.#config.scoreAttribute;
    if (attribute === undefined) return checkpoint.index;
    const value = metricOf(checkpoint.result, attribute);
    const number = typeof value === "number" || typeof value === "bigint" ? Number(value) : Number.NaN;
    return this.#config.scoreOrder === "min" ? -number : number;
  }

  #shelf(trialId: string): Shelf {
    let shelf = this.#shelves.get(trialId);
    if (shelf === undefined) this.#shelves.set(trialId, (shelf = { nextIndex: 0, kept: [] }));
    return shelf;
  }
}

function compare(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1;
  if (Number.isNaN(b)) return 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
