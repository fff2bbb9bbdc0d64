/** Directories of this name inside a trial's directory were made to be handed over: they are moved, not copied. */
export const scratchPrefix = ".checkpoint-";
