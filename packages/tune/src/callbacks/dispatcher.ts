/** Calls the user's callbacks one after another, and keeps what one throws from the others. */
import { asError, TuneError } from "../errors.ts";
import type { Callback } from "./types.ts";

type Hook = Exclude<keyof Callback, "name" | "optional">;
type Arguments<H extends Hook> = Parameters<NonNullable<Callback[H]>>;

/** All callbacks of an experiment. */
export class CallbackDispatcher {
  readonly #callbacks: readonly Callback[];
  readonly #warn: (message: string) => void;

  constructor(callbacks: readonly Callback[], warn: (message: string) => void) {
    this.#callbacks = callbacks;
    this.#warn = warn;
  }

  /**
   * Calls a hook of every callback. Throws `TuneError` (`MANTA_TUNE`) for the first that threw, after all were
   * called, unless it is `optional`.
   */
  async call<H extends Hook>(hook: H, ...args: Arguments<H>): Promise<void> {
    let failure: TuneError | undefined;
    for (const callback of this.#callbacks) {
      // The hook's own parameter types, which the union of all hooks hides.
      const method = callback[hook] as ((...args: Arguments<H>) => void | Promise<void>) | undefined;
      if (method === undefined) continue;
      try {
        await method.apply(callback, args);
      } catch (thrown) {
        const error = named(callback, hook, thrown);
        if (callback.optional === true) this.#warn(error.message);
        else failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
  }
}

function named(callback: Callback, hook: Hook, thrown: unknown): TuneError {
  const className = Object.getPrototypeOf(callback)?.constructor?.name;
  const name = callback.name ?? (className === "Object" || className === undefined ? "callback" : className);
  const cause = asError(thrown);
  return new TuneError(`${name}.${hook}() threw: ${cause.message}`, { cause, fields: { callback: name } });
}
