/**
 * The order in which events reach the controller. Normally that in which they happened. In a deterministic run no
 * event passes before every trial that owes one has delivered; then they pass by trial index, so that decisions do not
 * depend on which thread is faster. A trial is held up by the slowest one that runs beside it: that is the price.
 */
import type { TrialController } from "./controller.ts";
import type { TrialEvent } from "./types.ts";

/** Holds events back until they may be handled. */
export class EventGate {
  readonly #deterministic: boolean;
  #held: TrialEvent[] = [];

  constructor(deterministic: boolean) {
    this.#deterministic = deterministic;
  }

  /** Takes new events in, and returns those that may be handled now, in the order to handle them. */
  pass(events: readonly TrialEvent[], controller: TrialController, settling: boolean): readonly TrialEvent[] {
    if (!this.#deterministic) return events;
    const through = events.filter((event) => !isDecisive(event));
    this.#held.push(...events.filter(isDecisive));
    const indexOf = (event: TrialEvent): number => controller.population.get(event.trialId)?.index ?? -1;
    const delivered = new Set(this.#held.map((event) => event.trialId));
    const everyone = [...controller.population.seated].every(
      (trial) => !controller.isAwaited(trial.id) || delivered.has(trial.id),
    );
    // An experiment that ends waits for nobody: a trial that never reports must not hold up the end.
    const mayPass = controller.endReason !== undefined || (everyone && !settling);
    if (!mayPass) return through;
    const batch = this.#held.toSorted((a, b) => indexOf(a) - indexOf(b));
    this.#held = [];
    return [...through, ...batch];
  }
}

const isDecisive = (event: TrialEvent): boolean => event.type !== "started" && event.type !== "warning";
