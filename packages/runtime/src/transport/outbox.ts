/**
 * What goes to one thread, with neighbours in one message: actors that are made together are registered, placed and
 * reported in runs. The order of everything that is sent stays.
 */
import type { Attachment, Channel, Message } from "./channel.ts";
import type { InboxChannel } from "./inbox.ts";

/** A message about `times` things with numbers one after another, beginning at `first`. */
export interface Run extends Message {
  readonly first: number;
  readonly times: number;
}

/** After so many the other thread is told, so that it begins while this one goes on. */
const LONGEST = 64;

/** Whether a message about one thing follows a run that is `times` long by now. */
export type Follows<R extends Run> = (run: R, times: number, next: R) => boolean;

export class Outbox<M extends Message, R extends M & Run> implements InboxChannel {
  readonly #channel: Channel;
  readonly #follows: Follows<R>;
  readonly #sendLater = (): void => {
    this.#scheduled = false;
    this.#sendRun();
  };
  #run: R | undefined;
  #times = 0;
  #scheduled = false;

  constructor(channel: Channel, follows: Follows<R>) {
    this.#channel = channel;
    this.#follows = follows;
  }

  send(message: M, attachments?: readonly Attachment[]): void {
    this.#sendRun();
    this.#channel.send(message, attachments);
  }

  /** Sends a message about one thing, at the end of this turn at the latest, joined to the run before it. */
  join(next: R): void {
    if (this.#run !== undefined && this.#follows(this.#run, this.#times, next)) this.#times++;
    else {
      this.#sendRun();
      this.#run = next;
      this.#times = 1;
    }
    if (this.#times >= LONGEST) return this.flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#sendLater);
  }

  flush(): void {
    this.#sendRun();
    this.#channel.flush();
  }

  /** Only the channel has something to read. */
  drain(): boolean {
    return false;
  }

  #sendRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    this.#channel.send({ ...run, times: this.#times });
  }
}
