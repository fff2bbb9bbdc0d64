/**
 * Things that a thread describes to others once and names by number from then on: what all tasks of a function, or all
 * actors of a class, have in common. The oldest are forgotten on both sides.
 */
import type { PeerId } from "../core/ids.ts";

export interface IntroductionsOptions<T, P> {
  /** Describes it to somebody who does not know it. */
  readonly introduce: (thing: T, number: number, to: P) => void;
  /** It will not be named any more. */
  readonly forget: (number: number, to: P) => void;
  /** How many are remembered. @defaultValue 10,000 */
  readonly limit?: number;
}

export class Introductions<T, P> {
  readonly #options: IntroductionsOptions<T, P>;
  readonly #limit: number;
  readonly #known = new Map<T, { readonly number: number; readonly to: Set<P> }>();
  #next = 0;

  constructor(options: IntroductionsOptions<T, P>) {
    this.#options = options;
    this.#limit = options.limit ?? 10_000;
  }

  /** The number of the thing, which the other side knows afterwards. */
  numberFor(thing: T, to: P): number {
    let known = this.#known.get(thing);
    if (known === undefined) {
      known = { number: this.#next++, to: new Set() };
      this.#known.set(thing, known);
      this.#forgetOldest();
    }
    if (!known.to.has(to)) {
      known.to.add(to);
      this.#options.introduce(thing, known.number, to);
    }
    return known.number;
  }

  /** Whoever it was has ended. */
  drop(who: P): void {
    for (const { to } of this.#known.values()) to.delete(who);
  }

  /** A forgotten thing that comes again is introduced anew, under another number. */
  #forgetOldest(): void {
    if (this.#known.size <= this.#limit) return;
    for (const [thing, { number, to }] of this.#known) {
      this.#known.delete(thing);
      for (const who of to) this.#options.forget(number, who);
      return;
    }
  }
}

/** The other side: what each thread has introduced, by its number there. */
export class Introduced<T> {
  readonly #known = new Map<PeerId, Map<number, T>>();

  learn(from: PeerId, number: number, thing: T): void {
    const known = this.#known.get(from);
    if (known === undefined) this.#known.set(from, new Map([[number, thing]]));
    else known.set(number, thing);
  }

  /** @throws Error when it was never introduced: a defect of the sender. */
  get(from: PeerId, number: number): T {
    const thing = this.#known.get(from)?.get(number);
    if (thing === undefined) throw new Error(`${from} names template ${number}, which it never introduced`);
    return thing;
  }

  forget(from: PeerId, number: number): void {
    this.#known.get(from)?.delete(number);
  }

  peerDied(peer: PeerId): void {
    this.#known.delete(peer);
  }
}
