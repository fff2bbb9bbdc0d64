/** The calls to one actor that were sent and not answered, in order. Linked through the calls themselves. */
export interface Linked<T> {
  before: T | undefined;
  after: T | undefined;
  listed: boolean;
}

export class CallList<T extends Linked<T>> {
  #first: T | undefined;
  #last: T | undefined;

  add(call: T): void {
    call.listed = true;
    call.before = this.#last;
    if (this.#last === undefined) this.#first = call;
    else this.#last.after = call;
    this.#last = call;
  }

  remove(call: T): void {
    if (!call.listed) return;
    call.listed = false;
    if (call.before === undefined) this.#first = call.after;
    else call.before.after = call.after;
    if (call.after === undefined) this.#last = call.before;
    else call.after.before = call.before;
    call.before = undefined;
    call.after = undefined;
  }

  /** Takes everything out. */
  clear(): T[] {
    const all: T[] = [];
    for (let call = this.#first; call !== undefined; call = this.#first) {
      this.remove(call);
      all.push(call);
    }
    return all;
  }
}
