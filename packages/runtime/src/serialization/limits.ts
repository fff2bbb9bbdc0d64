/**
 * The sizes that decide how a value travels. Kept in one file so that the store and the transport can read them
 * without loading the codec.
 */

/** An envelope longer than this leaves the ring: it is placed into shared memory of its own. */
export const INLINE_LIMIT_BYTES: number = 100 * 1024;

/** A backing store of at least this size goes out of band and comes out as a zero-copy view on shared memory. */
export const OUT_OF_BAND_BYTES: number = 64 * 1024;

/** Nesting up to which the plain path (whose packer recurses) is used; deeper values take the graph path. */
export const PLAIN_MAX_DEPTH: number = 64;

/** Values that the plain scan looks at before it leaves the question to the graph path. */
export const PLAIN_MAX_WORK: number = 1_000_000;

/** A message up to this length is written by the fast path, and read by it. */
export const SMALL_LIMIT_BYTES: number = 1024;

/** Objects that the fast path takes in one message. */
export const SMALL_MAX_OBJECTS: number = 16;

/** A node table up to this length is read by the fast path. */
export const SMALL_TABLE_BYTES: number = 16 * 1024;
