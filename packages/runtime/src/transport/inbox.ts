/**
 * One per thread: all of its channels, and when it looks at them. After each message the thread looks around for a
 * moment (`setImmediate`, so that timers and sockets get their turns), because the next message of a conversation is
 * usually close; then it sleeps and costs nothing until somebody rings. A blocking wait serves all channels meanwhile.
 */
import { availableParallelism } from "node:os";

import { OwnBell, type Bells } from "./bells.ts";

export { makeBells, MAX_THREADS, type Bells } from "./bells.ts";

/** What the inbox needs of a channel. */
export interface InboxChannel {
  /** Sends what waits for room or for the end of the turn. */
  flush(): void;
  /** Handles what has arrived. Returns whether there was anything. */
  drain(): boolean;
}

export interface InboxOptions {
  readonly bells: Bells;
  readonly slot: number;
  /** How long to look around after the last message at least, in microseconds; 0: never. @defaultValue 50 */
  readonly pollUs?: number | undefined;
}

const DEFAULT_POLL_US = 50;
/**
 * Two threads that both sleep between their messages would go on so for ever, each waiting for the other to wake up.
 * So a thread that is called soon after it fell asleep looks around longer next time, up to this many times as long.
 */
const MAX_PATIENCE = 4;
/** Looks before each turn of the event loop: about as long as the turn takes, since a reply often comes within it. */
const LOOKS = 400;

/** Looking around takes the core from the thread that is waited for, when there are more threads than cores. */
const cores = availableParallelism();

export class Inbox {
  readonly bells: Bells;
  readonly #bell: OwnBell;
  readonly #pollMs: number;
  readonly #channels = new Set<InboxChannel>();
  readonly #look = (): void => this.#lookAround();
  #seen = 0;
  #patience = 1;
  /** When to stop looking around; 0: as long as it takes, counted from now. */
  #lookUntil = 0;
  #asleepSince = 0;
  #looking = false;

  constructor(options: InboxOptions) {
    this.bells = options.bells;
    this.#bell = new OwnBell(options.bells, options.slot);
    this.#pollMs = cores > 1 ? (options.pollUs ?? DEFAULT_POLL_US) / 1000 : 0;
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
    this.#lookUntil = 0;
    if (this.#looking) return;
    this.#looking = true;
    this.#bell.awake();
    setImmediate(this.#look);
  }

  /** Somebody called. */
  called(): void {
    if (!this.#looking) {
      const slept = performance.now() - this.#asleepSince;
      this.#patience =
        slept < MAX_PATIENCE * this.#pollMs
          ? Math.min(MAX_PATIENCE, this.#patience * 2)
          : Math.max(1, this.#patience / 2);
    }
    this.wake();
  }

  /** Sends what is queued on every channel. */
  flush(): void {
    for (const channel of this.#channels) channel.flush();
  }

  /** Handles everything that has arrived. */
  drain(): void {
    for (let any = true; any;) {
      any = false;
      this.#seen = this.#bell.count;
      for (const channel of this.#channels) if (channel.drain()) any = true;
    }
  }

  /**
   * Blocks this thread, serving messages, until `done()` or the deadline (`performance.now()` milliseconds).
   * Returns whether it was done in time.
   */
  waitSync(done: () => boolean, deadline: number = Infinity): boolean {
    if (!this.#looking) this.wake(); // afterwards this thread looks around by itself
    const spin = performance.now() + this.#pollMs;
    for (;;) {
      const seen = this.#bell.count;
      this.drain();
      if (done()) return true;
      this.flush();
      const now = performance.now();
      if (now >= deadline) return false;
      if (now < spin && this.#canLook) continue;
      this.#bell.block(seen, deadline - now);
    }
  }

  get #canLook(): boolean {
    return this.#pollMs > 0 && this.#bell.awakeThreads <= cores;
  }

  #lookAround(): void {
    if (this.#canLook) for (let look = 0; look < LOOKS && this.#bell.count === this.#seen; look++);
    if (this.#bell.count !== this.#seen) {
      this.#lookUntil = 0;
      this.drain();
      this.flush();
    }
    const now = performance.now();
    if (this.#lookUntil === 0) this.#lookUntil = now + this.#pollMs * this.#patience;
    if (now < this.#lookUntil && this.#canLook) {
      setImmediate(this.#look);
      return;
    }
    this.#looking = false;
    this.#asleepSince = now;
    this.#bell.asleep();
    if (this.#bell.count !== this.#seen) this.wake();
  }
}
