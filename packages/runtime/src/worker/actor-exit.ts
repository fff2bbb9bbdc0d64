/** How `exitActor()` leaves the method that called it. */
import type { ActorDiedError } from "../core/errors.ts";

export class ActorExit extends Error {
  override name = "ActorExit";
  /** What the caller of the method gets. */
  readonly died: ActorDiedError | undefined;

  constructor(died?: ActorDiedError) {
    super("the actor ends itself; do not catch this");
    this.died = died;
  }
}
