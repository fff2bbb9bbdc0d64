/** The functions and classes that this worker was sent: kept encoded, compiled on first use. */
import { RuntimeEnvSetupError } from "../core/errors.ts";
import type { FunctionId } from "../core/ids.ts";
import type { StoredValue } from "../objects/stored-value.ts";
import { decode, prepare } from "../serialization/codec.ts";

export class Code {
  readonly #stored = new Map<FunctionId, StoredValue>();
  readonly #loaded = new Map<FunctionId, Function>();

  receive(id: FunctionId, value: StoredValue): void {
    this.#stored.set(id, value);
  }

  /** The function; a promise while its imports load. */
  load(id: FunctionId, name: string): Function | Promise<Function> {
    const loaded = this.#loaded.get(id);
    if (loaded !== undefined) return loaded;
    const stored = this.#stored.get(id);
    if (stored === undefined) throw new Error(`the code of ${name} (${id}) was never sent to this worker`);
    try {
      const preparing = prepare(stored.encoded);
      if (preparing === undefined) return this.#compile(id, stored);
      return preparing.then(
        () => this.#compile(id, stored),
        (cause: unknown) => Promise.reject(setupFailed(name, cause)),
      );
    } catch (cause) {
      throw setupFailed(name, cause);
    }
  }

  #compile(id: FunctionId, stored: StoredValue): Function {
    const known = this.#loaded.get(id);
    if (known !== undefined) return known;
    const value = decode(stored.encoded);
    if (typeof value !== "function") throw new TypeError(`${id} is not a function`);
    this.#loaded.set(id, value);
    return value;
  }
}

function setupFailed(name: string, cause: unknown): RuntimeEnvSetupError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new RuntimeEnvSetupError(`the code of ${name} could not be set up in a worker: ${message}`, {
    cause,
  });
}
