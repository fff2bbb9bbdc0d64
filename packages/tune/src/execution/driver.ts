/** What `run` and `Tuner` load when they are called, in one piece: none of it is needed inside workers. */
export { runExperiment } from "./experiment.ts";
export { checkTunerOptions, fillOptions } from "./options.ts";
