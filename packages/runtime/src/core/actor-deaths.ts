/** The deaths that most actors die. Each is one object, so that many dead actors share it, and travels as a number. */
import type { DeathCause } from "./actor-directory.ts";

export const KILLED: DeathCause = { kind: "killed", message: "it was killed by kill(actor)" };
export const OUT_OF_SCOPE: DeathCause = {
  kind: "out-of-scope",
  message: "its last handle went out of scope",
};
export const EXITED: DeathCause = { kind: "exited", message: "it called exitActor()" };

export const usualDeaths: readonly (DeathCause | undefined)[] = [KILLED, OUT_OF_SCOPE, EXITED];
