/** What is said when there is no memory for an object that is on disk. */
import { ObjectStoreFullError } from "../core/errors.ts";
import type { StoreUsage } from "./store-usage.ts";

/** @param refusal what the disk said when something else was to go there instead, if that was tried */
export function noRoomFor(
  name: string,
  byteLength: number,
  usage: StoreUsage,
  refusal: ObjectStoreFullError | undefined,
): ObjectStoreFullError {
  const { limitBytes } = usage.handle;
  const why =
    refusal?.message ??
    `all of the object store (${limitBytes} bytes) is in use by values that are looked at or that other threads ` +
      "have; let go of some, or raise init({ objectStoreMemory })";
  return new ObjectStoreFullError(
    `object ${name} is on disk, and there is no memory for its ${byteLength} bytes: ${why}`,
    {
      cause: refusal,
      fields: {
        objectId: name,
        requestedBytes: byteLength,
        usedBytes: usage.residentBytes,
        limitBytes,
      },
    },
  );
}
