/** Runs a class trainable: its object, its steps, and what happens to the object when hyperparameters change. */
import { rmSync } from "node:fs";

import { Checkpoint } from "../checkpoints/checkpoint.ts";
import type { Session } from "../session.ts";
import type { ConfigView } from "./config-view.ts";
import type { ClassTrainable, TrainableInstance } from "./trainable.ts";

/** What a class needs of its trial beyond what users see. */
export interface ClassSession extends Session {
  readonly config: ConfigView;
  /** Makes an empty directory for files of a checkpoint. */
  scratchDirectory(): string;
}

/** The object of one trial. */
export class ClassRun {
  readonly #make: ClassTrainable;
  readonly #session: ClassSession;
  #object: TrainableInstance | undefined = undefined;

  constructor(make: ClassTrainable, session: ClassSession) {
    this.#make = make;
    this.#session = session;
  }

  /** Steps until the trial is told to end; then the error that says so passes through, after `cleanup`. */
  async run(): Promise<void> {
    const { signal } = this.#session.context;
    try {
      let object = await this.#create();
      let loaded = this.#session.getCheckpoint();
      if (loaded !== undefined) await load(object, loaded);
      for (;;) {
        const { perturbed } = await this.#session.report(await object.step());
        const checkpoint = this.#session.getCheckpoint();
        const exploits = checkpoint !== undefined && checkpoint !== loaded;
        if (!perturbed && !exploits) continue;
        const kept = (await object.resetConfig?.(this.#session.config.view)) === true;
        if (!exploits) continue;
        loaded = checkpoint;
        if (!kept) {
          await this.#cleanup();
          object = await this.#create();
        }
        await load(object, checkpoint);
      }
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    } finally {
      await this.#cleanup();
    }
  }

  /** The object's state as a checkpoint. */
  async save(): Promise<Checkpoint> {
    const directory = this.#session.scratchDirectory();
    const state: unknown = await this.#object?.saveCheckpoint?.(directory);
    if (state === undefined || state === directory) return Checkpoint.fromDirectory(directory);
    rmSync(directory, { recursive: true, force: true });
    return Checkpoint.fromValue(state);
  }

  async #create(): Promise<TrainableInstance> {
    const object = new this.#make();
    // For the base class `Trainable`, whose fields these are; a class of the user's own may ignore them.
    Object.assign(object, { config: this.#session.config.view, context: this.#session.context });
    this.#object = object;
    await object.setup?.(this.#session.config.view, this.#session.context);
    return object;
  }

  async #cleanup(): Promise<void> {
    const object = this.#object;
    this.#object = undefined;
    await object?.cleanup?.();
  }
}

async function load(object: TrainableInstance, checkpoint: Checkpoint): Promise<void> {
  await object.loadCheckpoint?.(checkpoint.isValue ? checkpoint.toValue() : checkpoint.path);
}
