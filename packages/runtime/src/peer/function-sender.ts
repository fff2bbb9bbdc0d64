/** Sends the code of a function or class to each thread once; afterwards its id is enough. */
import type { FunctionId, PeerId } from "../core/ids.ts";
import type { StoredValue } from "../objects/stored-value.ts";
import type { Attachment } from "../transport/channel.ts";
import type { WireFunction } from "../transport/protocol.ts";
import type { Values } from "./values.ts";

/** A captured function or class. */
export interface FunctionExport {
  readonly id: FunctionId;
  readonly name: string;
  readonly value: StoredValue;
}

export class FunctionSender {
  readonly #values: Values;
  readonly #sent = new Map<PeerId, Set<FunctionId>>();

  constructor(values: Values) {
    this.#values = values;
  }

  toWire(fn: FunctionExport, to: PeerId, attachments: Attachment[]): WireFunction {
    let sent = this.#sent.get(to);
    if (sent === undefined) this.#sent.set(to, (sent = new Set()));
    if (sent.has(fn.id)) return { id: fn.id, value: undefined };
    sent.add(fn.id);
    return { id: fn.id, value: this.#values.toWire(fn.value, to, attachments) };
  }

  peerDied(peer: PeerId): void {
    this.#sent.delete(peer);
  }
}
