/**
 * Which task a worker may begin next, in a word that it shares with the holder of its lease. Tasks have places in the
 * order in which they are sent over a channel. The worker begins the task at a place only by moving the word on to the
 * next; the holder takes back what has not begun by moving the word to a place that no task has had yet. So each task
 * is begun or taken back, never both, and nobody waits for an answer.
 */
export class Place {
  readonly #words: Int32Array;
  readonly #index: number;

  constructor(words: Int32Array, index: number) {
    this.#words = words;
    this.#index = index;
  }

  /** The place of the first task that has not begun. */
  get begun(): number {
    return Atomics.load(this.#words, this.#index);
  }

  /** The worker's side: whether the task at this place may begin. */
  claim(place: number): boolean {
    return Atomics.compareExchange(this.#words, this.#index, place, (place + 1) | 0) === place;
  }

  /** The holder's side: takes back all that has not begun. Returns the first place taken back; `next` comes next. */
  takeBack(next: number): number {
    return Atomics.exchange(this.#words, this.#index, next | 0);
  }
}
