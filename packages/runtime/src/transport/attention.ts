/**
 * How long a thread looks for its next message before it sleeps. The next message of a conversation is usually close,
 * and waking a thread costs many times what a message does; so looking pays where the other thread runs on another
 * core and answers soon. It does harm where that thread needs this core, which nobody can know: on a busy machine the
 * answer comes only once this thread sleeps. So what comes in time, and what comes late, decides whether to look.
 */

/** An answer that takes longer could as well have woken the thread; the other one may have to wake up as well. */
const IN_TIME_MS = 0.1;
/** A thread that slept longer is in another conversation: what was late in the last one says little. */
const PAUSE_MS = 5;
/** So many messages that came late, less those that came in time, end the looking. */
const MAX_LUCK = 8;
/** After as many that woke the thread meanwhile, looking is tried again. */
const TRY_AGAIN_AFTER = 64;
/**
 * Two threads that both sleep between their messages would go on so for ever, each waiting for the other to wake up.
 * So a thread that is called soon after it fell asleep looks longer next time, up to this many times as long.
 */
const MAX_PATIENCE = 4;

/** All times are milliseconds of `core/clock.ts`. */
export class Attention {
  readonly #lookMs: number;
  #patience = 1;
  #luck = MAX_LUCK;
  #late = 0;
  /** Since when it looks; unknown until the clock is read next. */
  #since: number | undefined;
  #asleepSince = -Infinity;

  /** @param lookMs how long to look after a message at least; 0: never */
  constructor(lookMs: number) {
    this.#lookMs = lookMs;
  }

  /** Whether looking is of any use at present. */
  get pays(): boolean {
    return this.#luck > 0 && this.#lookMs > 0;
  }

  /** A message is expected from now on. */
  expect(): void {
    this.#since = undefined;
  }

  /** A look found a message. */
  found(now: number): void {
    if (this.#since !== undefined && now - this.#since > IN_TIME_MS) this.#luck = Math.max(0, this.#luck - 1);
    else if (this.#luck < MAX_LUCK) this.#luck++;
    this.#since = undefined;
  }

  /** A message called the thread out of its sleep. */
  called(now: number): void {
    this.#since = undefined;
    const slept = now - this.#asleepSince;
    const isClose = slept < MAX_PATIENCE * this.#lookMs;
    this.#patience = isClose ? Math.min(MAX_PATIENCE, this.#patience * 2) : Math.max(1, this.#patience / 2);
    if (slept >= PAUSE_MS) this.#luck = Math.max(1, this.#luck);
    else if (this.#luck > 0) this.#luck--;
    else if (++this.#late === TRY_AGAIN_AFTER) {
      this.#late = 0;
      this.#luck = 2;
    }
  }

  /** Whether to look on; otherwise the thread sleeps from now on. @param hasCore whether there is a core for it */
  lookOn(now: number, hasCore: boolean): boolean {
    this.#since ??= now;
    if (hasCore && this.pays && now - this.#since < this.#lookMs * this.#patience) return true;
    this.#asleepSince = now;
    return false;
  }
}
