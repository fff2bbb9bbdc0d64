/** What schedulers may look at and order: the public `SchedulerContext` over the controller's own records. */
import { TuneError } from "../errors.ts";
import type { RandomStream } from "../random.ts";
import type { ExploitOrder, SchedulerContext } from "../schedulers/types.ts";
import { flatten } from "../trial/metrics.ts";
import type { Trial } from "../trial/trial.ts";
import { isLive, type Config, type TrialView } from "../trial/types.ts";
import type { Effects } from "./effects.ts";
import type { Exploits } from "./exploits.ts";
import type { Population } from "./population.ts";

interface ContextParts {
  readonly population: Population;
  readonly random: RandomStream;
  readonly exploits: Exploits;
  readonly effects: Effects;
  /** Has a trial that is paused and parked write a checkpoint. */
  readonly save: (trial: Trial) => void;
}

/** One for all calls to a scheduler; its orders become effects and bookkeeping at once. */
export class ControllerContext implements SchedulerContext {
  readonly random: RandomStream;
  readonly #parts: ContextParts;
  /** Trials that write a checkpoint before the decision about their present report is carried out. */
  readonly #saveRequests = new Set<string>();
  /** Trials whose next checkpoint is for the scheduler to hand out. */
  readonly #offersWanted = new Set<string>();

  constructor(parts: ContextParts) {
    this.#parts = parts;
    this.random = parts.random;
  }

  get trials(): readonly TrialView[] {
    return this.#parts.population.queue;
  }

  exploit(order: ExploitOrder): void {
    const { exploits, effects } = this.#parts;
    const trial = this.#live(order.trial, "exploit");
    const donor = this.#known(order.donor, "exploit");
    if (trial === donor) throw new TuneError(`exploit: trial ${trial.id} cannot be its own donor`);
    const byCheckpoint = trial.checkpointing !== "none" && donor.checkpointing !== "none";
    if (byCheckpoint && !this.#isBeingSaved(donor) && exploits.donated(donor) === undefined)
      this.checkpoint(donor);
    if (byCheckpoint && this.#isBeingSaved(donor)) effects.remove(exploits.put(order, undefined, donor.id));
    else effects.remove(exploits.put(order, byCheckpoint ? exploits.donated(donor) : undefined));
    effects.exploit(order);
  }

  checkpoint(view: TrialView): void {
    const trial = this.#known(view, "checkpoint");
    const { checkpoint } = trial;
    if (checkpoint !== undefined && (trial.checkpointing === "reported" || trial.isSaved)) {
      this.#parts.effects.remove(this.#parts.exploits.offer(checkpoint));
    } else if (trial.checkpointing === "on-demand" && isLive(trial) && !this.#isBeingSaved(trial)) {
      this.#offersWanted.add(trial.id);
      if (trial.status === "PAUSED" && trial.seat === "parked") this.#parts.save(trial);
      else this.#saveRequests.add(trial.id);
    }
  }

  setConfig(view: TrialView, config: Config): void {
    const trial = this.#live(view, "setConfig");
    if (trial.status !== "PENDING") {
      throw new TuneError(
        `setConfig: trial ${trial.id} is ${trial.status}; use exploit() once it has started`,
      );
    }
    const before = flatten(trial.config);
    const filledIn = Object.entries(flatten(config)).filter(([key, value]) => before[key] !== value);
    trial.config = config;
    trial.evaluatedParams = { ...trial.evaluatedParams, ...Object.fromEntries(filledIn) };
    trial.experimentTag = this.#parts.population.tag(trial, config);
  }

  warn(message: string): void {
    this.#parts.effects.warn(message);
  }

  /** Whether the scheduler asked for a checkpoint at the trial's present report; asks are forgotten then. */
  takeSaveRequest(trial: Trial): boolean {
    return this.#saveRequests.delete(trial.id);
  }

  /** Whether the trial's new checkpoint is one that the scheduler asked for. */
  takeOffer(trial: Trial): boolean {
    return this.#offersWanted.delete(trial.id);
  }

  forget(trial: Trial): void {
    this.#saveRequests.delete(trial.id);
    this.#offersWanted.delete(trial.id);
  }

  /** It writes one now, or does so before the decision about its present report is carried out. */
  #isBeingSaved(trial: Trial): boolean {
    return trial.seat === "saving" || (this.#saveRequests.has(trial.id) && trial.seat === "parked");
  }

  #known(view: TrialView, what: string): Trial {
    const trial = this.#parts.population.get(view.id);
    if (trial === undefined) throw new TuneError(`${what}: trial ${view.id} is not of this experiment`);
    return trial;
  }

  #live(view: TrialView, what: string): Trial {
    const trial = this.#known(view, what);
    if (!isLive(trial)) throw new TuneError(`${what}: trial ${trial.id} is ${trial.status}`);
    return trial;
  }
}
