/** How an experiment ends before its trials do: the first reason counts, and the grace period runs from it. */

/**
 * `budget`: the time budget is used up. `stopper`: a stopper ended everything. `failFast`: a trial failed.
 * `interrupt`: the user said so (Ctrl-C or `signal`). `fatal`: the machinery, a scheduler or a hook threw.
 */
export type EndReason = "budget" | "stopper" | "failFast" | "interrupt" | "fatal";

/** State of an ending; nothing before `begin`. */
export class Ending {
  #reason: EndReason | undefined = undefined;
  #deadline: number | undefined = undefined;
  #error: Error | undefined = undefined;

  get reason(): EndReason | undefined {
    return this.#reason;
  }

  /** When what still runs is killed, on the executor's clock. */
  get deadline(): number | undefined {
    return this.#deadline;
  }

  /** What the run fails with. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Whether trials that are stopped count as TERMINATED; otherwise they keep a status that `resume` goes on from. */
  get completesTrials(): boolean {
    return this.#reason !== "interrupt" && this.#reason !== "fatal";
  }

  get isFatal(): boolean {
    return this.#reason === "fatal";
  }

  /** Begins the ending; false when it has begun already, and then only an error is still taken in. */
  begin(reason: EndReason, deadline: number, error?: Error): boolean {
    this.#error ??= error;
    if (this.#reason !== undefined) return false;
    this.#reason = reason;
    this.#deadline = deadline;
    return true;
  }
}
