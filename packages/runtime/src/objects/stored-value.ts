/**
 * A value as the store keeps it: encoded, immutable, with the refs that it mentions held alive as long as it lives.
 */
import type { Encoded } from "../serialization/types.ts";
import type { StoreUsage } from "./store-usage.ts";

/** Takes a value's bytes off the owner's account once the value is garbage. */
const accounts = new FinalizationRegistry<{ usage: StoreUsage; bytes: number }>((account) => {
  account.usage.add(-account.bytes);
  account.bytes = 0;
});

export class StoredValue {
  readonly encoded: Encoded;
  /** Bytes in shared memory. */
  readonly sharedBytes: number;
  #account: { usage: StoreUsage; bytes: number } | undefined;

  constructor(encoded: Encoded) {
    this.encoded = encoded;
    const envelope = encoded.bytes.buffer instanceof SharedArrayBuffer ? encoded.bytes.byteLength : 0;
    this.sharedBytes = encoded.buffers.reduce((sum, buffer) => sum + buffer.byteLength, envelope);
  }

  /** This thread owns the value from now on: its bytes count until it is freed or collected. */
  own(usage: StoreUsage): this {
    if (this.sharedBytes > 0 && this.#account === undefined) {
      this.#account = { usage, bytes: this.sharedBytes };
      usage.add(this.sharedBytes);
      accounts.register(this, this.#account, this);
    }
    return this;
  }

  /** Ends the accounting at once; the memory goes when no thread has a view of it any more. */
  free(): void {
    if (this.#account === undefined) return;
    accounts.unregister(this);
    this.#account.usage.add(-this.#account.bytes);
    this.#account = undefined;
  }
}

/** What became of a task or a put: the value, or the error (still encoded, or raised here). */
export type Outcome =
  | { readonly ok: true; readonly value: StoredValue }
  | { readonly ok: false; readonly error: StoredValue | Error };
