/**
 * The contract of the serialization room. Values and functions become one `Encoded`: msgpack bytes, large buffers
 * beside them in shared memory, and the live references (object refs, actor handles) that the bytes mention.
 */

/** Memory that can be shared with another thread without a copy. */
export type SharedBytes = Uint8Array<SharedArrayBuffer>;

/** A value made ready to travel or to be stored. Immutable once made. */
export interface Encoded {
  /** The msgpack envelope. Backed by a `SharedArrayBuffer` when longer than the inline limit. */
  readonly bytes: Uint8Array;
  /** Large or shared buffers, out of band, in the order in which the envelope names them. */
  readonly buffers: readonly SharedArrayBuffer[];
  /** Live objects of tracked kinds (ObjectRef, ActorHandle) inside the value, each once, in order. */
  readonly tracked: readonly object[];
}

/** Makes shared memory for a buffer that goes out of band; throws ObjectStoreFullError when there is none. */
export type AllocateShared = (byteLength: number) => SharedArrayBuffer;

/** Tells memory of the object store from the user's own. */
export type IsOfStore = (memory: SharedArrayBuffer) => boolean;

export interface EncodeOptions {
  /** Label of the root in error paths: `args`, `return value of square`, ... */
  readonly label: string;
  readonly allocate: AllocateShared;
  /** Whether values that came out of the store lie in this memory. @defaultValue nothing came out of it */
  readonly isOfStore?: IsOfStore;
}

/**
 * How instances of one class travel as something else than their fields. `reduce` gives the state (itself encoded),
 * `revive` makes the instance from it. `tracked` instances are also listed in `Encoded.tracked`.
 */
export interface Reducer<T extends object = object, S = unknown> {
  /** Unique among all reducers of the process, the same in every thread. */
  readonly kind: string;
  readonly class: abstract new (...args: never[]) => T;
  readonly tracked?: boolean;
  /** Also stands for instances of derived prototypes. @defaultValue false: exactly the class */
  readonly subclasses?: boolean;
  /** `revive` keeps its state and reads it when it is used, so the state may lead back to the instance. */
  readonly readsStateLater?: boolean;
  reduce(value: T): S;
  revive(state: S): T;
  /** For tracked kinds: makes the value from the live object that the receiver already holds (`Encoded.tracked`). */
  adopt?(held: T): T;
}

/** The entry points, implemented in `codec.ts`:
 *
 *   encode(value, options): Encoded                  sync; throws SerializationError with its path
 *   decode(encoded): unknown                         sync; imports that it needs must be loaded, else falls back to require(esm)
 *   prepare(encoded): Promise<void> | undefined      loads the modules that the value refers to; undefined when there is nothing to load
 *   registerReducer(reducer) / registerSerializer(cls, { serialize, deserialize })
 */
