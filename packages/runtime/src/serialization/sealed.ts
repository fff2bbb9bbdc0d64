/**
 * Encoded values where they leave memory: a file on disk, later a socket. A seal frames the envelope and the buffers
 * of one value and gives each part a checksum, because decoding alone cannot tell: a changed byte inside a text is a
 * text as well. Inside the process nothing is sealed; memory does not rot.
 *
 *   header = magic (4), version u16, 0 u16, buffers u32, tracked u32, header length u32, parts, CRC-32 of all before
 *   part   = length u64, CRC-32 u32, 0 u32          the envelope first, then the buffers in their order
 *   body   = the parts, each from the next multiple of 64 on; what is between them is zeros
 *
 * Numbers are little-endian. CRC-32 finds every damage of up to 32 bits in a row and misses one in four billion others;
 * it is no defence against somebody who means to change the bytes.
 */
import { crc32 } from "node:zlib";
import { SerializationError } from "../core/errors.ts";
import { INLINE_LIMIT_BYTES } from "./limits.ts";
import type { AllocateShared, Encoded } from "./types.ts";
import { GraphFlag, GRAPH_MARK } from "./wire.ts";

const MAGIC = 0x544e4d89; // 89 "MNT": the first byte is in no text.
const VERSION = 1;
const PREFIX_BYTES = 20;
const PART_BYTES = 16;
const CHECKSUM_BYTES = 4;
/** Where a part may begin, so that it can be read straight into aligned memory. */
const ALIGNMENT = 64;
/** More than any value has; a damaged count must not make the reader allocate. */
const MAX_BUFFERS = 1_000_000;

/** One part of a sealed value: where it lies and what its bytes add up to. */
export interface SealedPart {
  /** `envelope`, `buffer 0`, ... */
  readonly name: string;
  readonly offset: number;
  readonly byteLength: number;
  readonly checksum: number;
}

/** What a header says. */
export interface SealedLayout {
  readonly envelope: SealedPart;
  readonly buffers: readonly SealedPart[];
  /** How many live references (`Encoded.tracked`) the value has; they are kept by whoever sealed it. */
  readonly tracked: number;
  /** Bytes of the whole. */
  readonly byteLength: number;
}

export interface UnsealOptions {
  /** What the bytes are, for the error: `object 5f2c… in /tmp/…`. */
  readonly label: string;
  readonly allocate: AllocateShared;
  /** The live references of the value, as they were when it was sealed. @defaultValue none */
  readonly tracked?: readonly object[];
}

/** Bytes from which {@link headerLengthOf} tells how long the header is. */
export const SEAL_PREFIX_BYTES: number = PREFIX_BYTES;

/**
 * Frames an encoded value for storage. The chunks are to be written one after the other; those of large buffers are
 * views, not copies, so they must be written before the value is given up.
 *
 * @throws SerializationError when the value shares a SharedArrayBuffer with its sender: a copy on disk would be
 * another memory. {@link isSealable} asks first.
 */
export function seal(encoded: Encoded, label: string): Uint8Array[] {
  if (!isSealable(encoded))
    throw new SerializationError(
      label,
      `${label}: it shares a SharedArrayBuffer with other threads, so it has to stay in memory. ` +
        "Put a copy of the contents instead if it is to be stored.",
    );
  const bodies = [encoded.bytes, ...encoded.buffers.map((buffer) => new Uint8Array(buffer))];
  const header = new Uint8Array(headerLength(encoded.buffers.length));
  const view = new DataView(header.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint16(4, VERSION, true);
  view.setUint32(8, encoded.buffers.length, true);
  view.setUint32(12, encoded.tracked.length, true);
  view.setUint32(16, header.byteLength, true);
  for (const [index, body] of bodies.entries()) {
    view.setBigUint64(PREFIX_BYTES + index * PART_BYTES, BigInt(body.byteLength), true);
    view.setUint32(PREFIX_BYTES + index * PART_BYTES + 8, crc32(body), true);
  }
  const end = header.byteLength - CHECKSUM_BYTES;
  view.setUint32(end, crc32(header.subarray(0, end)), true);
  const chunks: Uint8Array[] = [];
  for (const chunk of [header, ...bodies]) {
    chunks.push(chunk);
    const gap = gapAfter(chunk.byteLength);
    if (gap > 0) chunks.push(new Uint8Array(gap));
  }
  return chunks;
}

/** Whether a value may be stored outside memory: not when it shares memory with its sender by identity. */
export function isSealable({ bytes }: Encoded): boolean {
  return bytes[0] !== GRAPH_MARK || ((bytes[1] ?? 0) & GraphFlag.sharesMemory) === 0;
}

/**
 * Makes the encoded value of sealed bytes anew; its buffers, and a long envelope, come from `allocate`.
 * @throws SerializationError naming the part that is damaged.
 */
export function unseal(bytes: Uint8Array, options: UnsealOptions): Encoded {
  const { label, allocate, tracked = [] } = options;
  const layout = layoutOf(bytes, label);
  if (bytes.byteLength !== layout.byteLength)
    throw damaged(label, `it has ${bytes.byteLength} bytes instead of ${layout.byteLength}`);
  if (tracked.length !== layout.tracked)
    throw damaged(
      label,
      `it was sealed with ${layout.tracked} live references, and ${tracked.length} are here`,
    );
  const bodyOf = ({ offset, byteLength }: SealedPart): Uint8Array =>
    bytes.subarray(offset, offset + byteLength);
  // Nothing is allocated for a value that turns out to be damaged.
  for (const part of [layout.envelope, ...layout.buffers]) verifyPart(part, bodyOf(part), label);
  const shared = (part: SealedPart): SharedArrayBuffer => {
    const buffer = allocate(part.byteLength);
    new Uint8Array(buffer).set(bodyOf(part));
    return buffer;
  };
  const { envelope } = layout;
  const envelopeBytes =
    envelope.byteLength > INLINE_LIMIT_BYTES
      ? new Uint8Array(shared(envelope), 0, envelope.byteLength)
      : bodyOf(envelope).slice();
  return { bytes: envelopeBytes, buffers: layout.buffers.map(shared), tracked };
}

/** Length of the whole header, from its first {@link SEAL_PREFIX_BYTES} bytes. For reading a file piece by piece. */
export function headerLengthOf(prefix: Uint8Array, label: string): number {
  if (prefix.byteLength < PREFIX_BYTES) throw damaged(label, "its header is cut short");
  const view = viewOf(prefix);
  if (view.getUint32(0, true) !== MAGIC)
    throw damaged(label, "its header does not begin as a sealed value does");
  const version = view.getUint16(4, true);
  if (version !== VERSION)
    throw damaged(label, `its header is of version ${version}, and this package reads version ${VERSION}`);
  const length = view.getUint32(16, true);
  const buffers = view.getUint32(8, true);
  if (buffers > MAX_BUFFERS || length !== headerLength(buffers))
    throw damaged(label, "its header has an impossible length");
  return length;
}

/** The layout that a header tells of; `header` may go on with more bytes. */
export function layoutOf(header: Uint8Array, label: string): SealedLayout {
  const length = headerLengthOf(header, label);
  if (header.byteLength < length) throw damaged(label, "its header is cut short");
  const view = viewOf(header);
  const end = length - CHECKSUM_BYTES;
  if (crc32(header.subarray(0, end)) !== view.getUint32(end, true))
    throw damaged(label, "its header does not match its checksum");
  let offset = length + gapAfter(length);
  const partAt = (index: number): SealedPart => {
    const at = PREFIX_BYTES + index * PART_BYTES;
    const byteLength = Number(view.getBigUint64(at, true));
    const name = index === 0 ? "envelope" : `buffer ${index - 1}`;
    const part = { name, offset, byteLength, checksum: view.getUint32(at + 8, true) };
    offset += byteLength + gapAfter(byteLength);
    return part;
  };
  const envelope = partAt(0);
  const buffers = Array.from({ length: view.getUint32(8, true) }, (_, index) => partAt(index + 1));
  return { envelope, buffers, tracked: view.getUint32(12, true), byteLength: offset };
}

/** @throws SerializationError when `body` is not what was sealed as this part. */
export function verifyPart(part: SealedPart, body: Uint8Array, label: string): void {
  const { name, byteLength, checksum } = part;
  if (body.byteLength !== byteLength)
    throw damaged(label, `its ${name} has ${body.byteLength} bytes instead of ${byteLength}`);
  if (crc32(body) !== checksum)
    throw damaged(label, `its ${name} (${byteLength} bytes from ${part.offset}) does not match its checksum`);
}

function headerLength(buffers: number): number {
  return PREFIX_BYTES + (buffers + 1) * PART_BYTES + CHECKSUM_BYTES;
}

function gapAfter(byteLength: number): number {
  return (ALIGNMENT - (byteLength % ALIGNMENT)) % ALIGNMENT;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(label: string, what: string): SerializationError {
  return new SerializationError(
    label,
    `${label}: the stored value is damaged: ${what}. Its storage changed or lost bytes; make the value again.`,
  );
}
