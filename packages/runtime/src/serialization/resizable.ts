/** Resizable ArrayBuffers, which the ES2023 typings do not have. */
interface Resizable {
  readonly resizable?: boolean;
  readonly maxByteLength?: number;
}

/** Whether an ArrayBuffer may change its length. */
export function isResizable(buffer: ArrayBufferLike): boolean {
  return (buffer as Resizable).resizable === true;
}

/** How long a resizable ArrayBuffer may become. */
export function maxByteLengthOf(buffer: ArrayBufferLike): number {
  return (buffer as Resizable).maxByteLength ?? 0;
}
