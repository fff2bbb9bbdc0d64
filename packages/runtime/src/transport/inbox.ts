/**
 * One per thread: all of its channels, and when it looks at them. After each message the thread looks around for a
 * moment (`setImmediate`, so that timers and sockets get their turns), because the next message of a conversation is
 * usually close; then it sleeps and costs nothing until somebody rings. A blocking wait serves all channels meanwhile.
 */
import { availableParallelism } from "node:os";

import { now } from "../core/clock.ts";
import { Attention } from "./attention.ts";
import { OwnBell, type Bells } from "./bells.ts";

export { makeBells, MAX_THREADS, type Bells } from "./bells.ts";

/** What the inbox needs of a channel. */
export interface InboxChannel {
  /** Sends what waits for room or for the end of the turn. */
  flush(): void;
  /** Handles what has arrived, at most so many messages. Returns whether there may be more. */
  drain(most?: number): boolean;
}

export interface InboxOptions {
  readonly bells: Bells;
  readonly slot: number;
  /** How long to look around after the last message at least, in microseconds; 0: never. @defaultValue 50 */
  readonly pollUs?: number | undefined;
}

const DEFAULT_POLL_US = 50;
/**
 * A turn of the event loop costs more than a message. So a thread looks several times in each, and what it found is
 * done in between, promises included. Timers and sockets wait for all of them: 50 us when nothing comes.
 */
const LOOKS_PER_TURN = 8;
/** How often one look reads the bell: together about as long as an answer takes. */
const READS_PER_LOOK = 600;

/**
 * How many messages of one channel are handled before what they asked for is done. The others wait in the ring, where
 * they are a few bytes each; and a thread that sends without end keeps nobody else waiting.
 */
const MESSAGES_PER_LOOK = 256;

/** Looking around takes the core from the thread that is waited for, when there are more threads than cores. */
const cores = availableParallelism();

export class Inbox {
  readonly bells: Bells;
  readonly #bell: OwnBell;
  readonly #pollMs: number;
  readonly #channels = new Set<InboxChannel>();
  readonly #attention: Attention;
  readonly #look = (): void => this.#lookAround();
  #seen = 0;
  /** There may be more than was taken last. */
  #more = false;
  #looking = false;
  /** Looks that are scheduled for this turn of the event loop. */
  #scheduled = 0;

  constructor(options: InboxOptions) {
    this.bells = options.bells;
    this.#bell = new OwnBell(options.bells, options.slot);
    this.#pollMs = cores > 1 ? (options.pollUs ?? DEFAULT_POLL_US) / 1000 : 0;
    this.#attention = new Attention(this.#pollMs);
    this.wake();
  }

  add(channel: InboxChannel): void {
    this.#channels.add(channel);
    this.wake();
  }

  remove(channel: InboxChannel): void {
    this.#channels.delete(channel);
    // A call to this channel may have been lost with it.
    this.wake();
  }

  /** Looks around from now on: an answer is expected. */
  wake(): void {
    this.#attention.expect();
    if (this.#looking) return;
    this.#looking = true;
    this.#bell.awake();
    this.#schedule();
  }

  /** Somebody called. */
  called(): void {
    const wasAsleep = !this.#looking;
    this.wake();
    if (!wasAsleep) return;
    this.#attention.called(now());
    this.#take();
    this.flush();
  }

  /** Sends what is queued on every channel. */
  flush(): void {
    for (const channel of this.#channels) channel.flush();
  }

  /** Handles everything that has arrived by now. */
  drain(): void {
    for (const channel of this.#channels) channel.drain();
  }

  /**
   * Blocks this thread, serving messages, until `done()` or the deadline (milliseconds of `core/clock.ts`).
   * Returns whether it was done in time.
   */
  waitSync(done: () => boolean, deadline: number = Infinity): boolean {
    this.wake(); // an answer is expected, and afterwards this thread looks around by itself
    for (;;) {
      this.#take();
      if (done()) return true;
      this.flush();
      const time = now();
      if (time >= deadline) {
        this.drain();
        return done();
      }
      if (this.#more) continue;
      const looks = this.#attention.lookOn(time, this.#hasCore);
      if (looks) this.#await();
      else this.#bell.block(this.#seen, deadline - time);
      if (this.#bell.count === this.#seen) continue;
      if (looks) this.#attention.found(now());
      else this.#attention.called(now());
    }
  }

  get #hasCore(): boolean {
    return this.#bell.awakeThreads <= cores;
  }

  /** Immediates that an immediate schedules belong to the next turn, so all of a turn are scheduled at once. */
  #schedule(): void {
    if (this.#scheduled > 0) return;
    this.#scheduled = this.#attention.pays ? LOOKS_PER_TURN : 1;
    for (let look = 0; look < this.#scheduled; look++) setImmediate(this.#look);
  }

  #lookAround(): void {
    this.#scheduled--;
    if (!this.#looking) return;
    if (!this.#more && this.#attention.pays && this.#hasCore) this.#await();
    const wasRung = this.#bell.count !== this.#seen;
    if (wasRung) this.#attention.found(now());
    if (wasRung || this.#more) {
      this.#take();
      this.flush();
    }
    if (this.#scheduled > 0) return;
    if (this.#more || this.#attention.lookOn(now(), this.#hasCore)) return this.#schedule();
    this.#looking = false;
    this.#bell.asleep();
    if (this.#bell.count !== this.#seen) this.wake();
  }

  /** Handles some of what has arrived on each channel. */
  #take(): void {
    this.#seen = this.#bell.count;
    this.#more = false;
    for (const channel of this.#channels) if (channel.drain(MESSAGES_PER_LOOK)) this.#more = true;
  }

  #await(): void {
    const bell = this.#bell;
    const seen = this.#seen;
    for (let read = 0; read < READS_PER_LOOK && bell.count === seen; read++);
  }
}
