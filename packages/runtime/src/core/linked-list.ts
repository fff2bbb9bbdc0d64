/** A first-in-first-out list that lets go of any element in constant time. Linked through the elements themselves. */
export interface Linked<T extends Linked<T>> {
  before: T | undefined;
  after: T | undefined;
  /** The list that it is in; it can be in one at a time. */
  list: LinkedList<T> | undefined;
}

export class LinkedList<T extends Linked<T>> {
  #first: T | undefined;
  #last: T | undefined;

  get first(): T | undefined {
    return this.#first;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  push(item: T): void {
    item.list = this;
    item.before = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.after = item;
    this.#last = item;
  }

  /** Puts items at the front, the first of them first. */
  unshift(items: readonly T[]): void {
    const rest = this.clear();
    for (const item of items) this.push(item);
    for (const item of rest) this.push(item);
  }

  shift(): T | undefined {
    const first = this.#first;
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Does nothing when the item is not in this list. */
  remove(item: T): void {
    if (item.list !== this) return;
    item.list = undefined;
    if (item.before === undefined) this.#first = item.after;
    else item.before.after = item.after;
    if (item.after === undefined) this.#last = item.before;
    else item.after.before = item.before;
    item.before = undefined;
    item.after = undefined;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let item = this.#first; item !== undefined; item = item.after) yield item;
  }

  /** Takes everything out. */
  clear(): T[] {
    const all: T[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) all.push(item);
    return all;
  }
}
