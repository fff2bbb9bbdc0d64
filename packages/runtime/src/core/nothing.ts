/** An empty list of anything. One for all of them: each call would make several. */
export const NOTHING: readonly never[] = Object.freeze([]);
