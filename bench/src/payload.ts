/** What all rows carry, peers' too; imports nothing, so that it weighs on nobody. */

/** Two bytes, as in Ray's list. */
export const OK = "ok";
/** Calls of an asynchronous batch. */
export const BATCH = 1000;
export const MIB: number = 1024 * 1024;
