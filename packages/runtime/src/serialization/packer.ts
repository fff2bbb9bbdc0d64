/**
 * The byte layer: one msgpackr instance without records, extensions or `toJSON`, and nothing else of msgpackr used.
 * Packed bytes are copied out of msgpackr's scratch memory, so that an `Encoded` never pins a large scratch buffer and
 * nothing can overwrite it. The entry `msgpackr/pack` leaves out the streams and the native decoder of strings, whose
 * loading costs each worker more than it saves.
 *
 * msgpackr itself is loaded by the first value that needs it: small values have ways of their own.
 */
import { SerializationError } from "../core/errors.ts";
import { load, once } from "../core/load.ts";
import { NOTHING } from "../core/nothing.ts";
import type * as Msgpackr from "../vendor/msgpackr.ts";
import { INLINE_LIMIT_BYTES } from "./limits.ts";
import type { AllocateShared, Encoded } from "./types.ts";

const msgpackr = load<typeof Msgpackr>("../vendor/msgpackr.js");

/** Loads it, when there is nothing better to do. */
export function loadPacker(): void {
  packer();
}

const packer = once(
  () =>
    new (msgpackr().Packr)({
      useRecords: false,
      useToJSON: false,
      mapsAsObjects: true,
      variableMapSize: true,
      int64AsType: "bigint",
    }),
);

const SCRATCH_BYTES = 8192;
/** Scratch that grew past this is given back. */
const SCRATCH_KEPT_BYTES = 1024 * 1024;

/** A value that is nothing but its bytes. */
export function plainOf(bytes: Uint8Array): Encoded {
  return { bytes, buffers: NOTHING, tracked: NOTHING };
}

/** Packs `value`, leaving room for `prefix` in front of it. Longer than the inline limit, the bytes lie in `allocate` memory. */
export function pack(value: unknown, prefix: readonly number[], allocate: AllocateShared): Uint8Array {
  const { RESERVE_START_SPACE, RESET_BUFFER_MODE } = msgpackr();
  const packr = packer();
  const packed = packr.pack(value, RESET_BUFFER_MODE | RESERVE_START_SPACE | prefix.length);
  const bytes = copyOut(packed, allocate);
  bytes.set(prefix, 0);
  if (packed.buffer.byteLength > SCRATCH_KEPT_BYTES) packr.useBuffer(Buffer.allocUnsafeSlow(SCRATCH_BYTES));
  return bytes;
}

function copyOut(packed: Uint8Array, allocate: AllocateShared): Uint8Array {
  const bytes =
    packed.byteLength > INLINE_LIMIT_BYTES
      ? new Uint8Array(allocate(packed.byteLength), 0, packed.byteLength)
      : Buffer.allocUnsafe(packed.byteLength);
  bytes.set(packed);
  return bytes;
}

/** The inverse of {@link pack}, without the prefix. Damaged bytes throw `SerializationError`. */
export function unpack(bytes: Uint8Array): unknown {
  try {
    return packer().unpack(bytes);
  } catch (cause) {
    throw corrupted("the bytes are not valid msgpack", cause);
  }
}

/** The error for input that no `encode` made. */
export function corrupted(what: string, cause?: unknown): SerializationError {
  return new SerializationError(
    "encoded value",
    `The encoded value is damaged: ${what}. Encode it again with the same version of @mantajs/runtime.`,
    cause === undefined ? {} : { cause },
  );
}
