/**
 * Exact probabilities instead of statistics: runs a function once for every way its random draws can fall, and adds
 * up the probability of each outcome. `float()` falls into the middle of one of `cells` equal cells.
 */
import type { RandomStream } from "../../packages/tune/dist/random.js";

export function enumerateOutcomes(
  run: (random: RandomStream) => unknown,
  cells = 4,
): Readonly<Record<string, number>> {
  const outcomes: Record<string, number> = {};
  let script: number[] | undefined = [];
  while (script !== undefined) {
    const stream: ScriptedStream = new ScriptedStream(script, cells);
    const key = JSON.stringify(run(stream));
    outcomes[key] = (outcomes[key] ?? 0) + stream.probability;
    script = stream.nextScript();
  }
  return outcomes;
}

class ScriptedStream implements RandomStream {
  readonly #script: readonly number[];
  readonly #cells: number;
  readonly #taken: { choice: number; of: number }[] = [];
  probability = 1;

  constructor(script: readonly number[], cells: number) {
    this.#script = script;
    this.#cells = cells;
  }

  float(): number {
    return (this.#draw(this.#cells) + 0.5) / this.#cells;
  }

  int(low: number, high: number): number {
    return low + this.#draw(high - low + 1);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)] as T;
  }

  normal(): number {
    throw new Error("a normal draw cannot be enumerated");
  }

  derive(): RandomStream {
    return this;
  }

  state(): readonly number[] {
    return [];
  }

  setState(): void {}

  /** The script of the next run; undefined when all ways have been taken. */
  nextScript(): number[] | undefined {
    const last = this.#taken.findLastIndex(({ choice, of }) => choice < of - 1);
    if (last === -1) return undefined;
    return this.#taken.slice(0, last + 1).map(({ choice }, at) => (at === last ? choice + 1 : choice));
  }

  #draw(of: number): number {
    const choice = this.#script[this.#taken.length] ?? 0;
    this.#taken.push({ choice, of });
    this.probability /= of;
    return choice;
  }
}
