/**
 * Values between the store and the wire: what travels in a message, and the bookkeeping for refs and handles inside.
 */
import type { ActorHandle } from "../api/actor-handle.ts";
import { handleMeta, isActorHandle } from "../api/actor-handle.ts";
import { ObjectRef } from "../api/object-ref.ts";
import { SerializationError } from "../core/errors.ts";
import type { PeerId } from "../core/ids.ts";
import { StoredValue, type Outcome } from "../objects/stored-value.ts";
import { encode, encodeArguments } from "../serialization/codec.ts";
import type { Encoded, EncodeOptions } from "../serialization/types.ts";
import type { Attachment } from "../transport/channel.ts";
import type { WireOutcome, WireTracked, WireValue } from "../transport/protocol.ts";
import type { ActorClients } from "./actor-clients.ts";
import type { Link } from "./link.ts";
import type { ObjectTable } from "./object-table.ts";

const NOTHING: readonly never[] = Object.freeze([]);

const ofBytes = (bytes: Uint8Array): StoredValue =>
  new StoredValue({ bytes, buffers: NOTHING, tracked: NOTHING });

/** Values of one byte (small numbers, true, null) are so common that all of a kind are one. */
const oneByteValues: (StoredValue | undefined)[] = [];
const oneByte = (bytes: Uint8Array): StoredValue => (oneByteValues[bytes[0] ?? 0] ??= ofBytes(bytes));

export class Values {
  readonly #link: Link;
  readonly #objects: ObjectTable;
  readonly #actors: ActorClients;
  readonly #allocate = (bytes: number): SharedArrayBuffer => this.#link.usage.allocate(bytes);
  #emptyArguments: StoredValue | undefined;
  #attachments: Attachment[] = [];

  constructor(link: Link, objects: ObjectTable, actors: ActorClients) {
    this.#link = link;
    this.#objects = objects;
    this.#actors = actors;
  }

  /** An empty list to attach to; the same one as before while nothing was attached. */
  newAttachments(): Attachment[] {
    if (this.#attachments.length > 0) this.#attachments = [];
    return this.#attachments;
  }

  /** Of a call without arguments. */
  get emptyArguments(): StoredValue {
    return (this.#emptyArguments ??= this.storeArguments([]));
  }

  /** The rest parameter of a call; throws SerializationError naming `args[i]...`. */
  storeArguments(args: readonly unknown[]): StoredValue {
    return this.#keep(encodeArguments(args, this.#options("args")), "args");
  }

  /** Encodes; throws SerializationError with the path, or ObjectStoreFullError. */
  store(value: unknown, label: string): StoredValue {
    return this.#keep(encode(value, this.#options(label)), label);
  }

  #options(label: string): EncodeOptions {
    return { label, allocate: this.#allocate };
  }

  #keep(encoded: Encoded, label: string): StoredValue {
    if (encoded.tracked.length === 0) return new StoredValue(encoded);
    // Refs of its own: disposing of the user's ref must not pull the rug from under the stored value.
    const tracked = encoded.tracked.map((item) => {
      if (!ObjectRef.isRef(item)) return item;
      const entry = ObjectRef.entryOf(item);
      if (entry === undefined)
        throw new SerializationError(label, `${label}: ${String(item)} was disposed of before it was sent`);
      return new ObjectRef(entry);
    });
    return new StoredValue({ ...encoded, tracked });
  }

  toWire(value: StoredValue, to: PeerId, attachments: Attachment[]): WireValue {
    const { bytes, buffers, tracked } = value.encoded;
    if (buffers.length === 0 && tracked.length === 0 && !(bytes.buffer instanceof SharedArrayBuffer)) {
      return { b: bytes, s: NOTHING, r: NOTHING };
    }
    const attach = (buffer: SharedArrayBuffer): number => attachments.push(buffer) - 1;
    return {
      b: bytes.buffer instanceof SharedArrayBuffer ? [attach(bytes.buffer), bytes.byteLength] : bytes,
      s: buffers.map(attach),
      r: tracked.map((item): WireTracked => {
        if (ObjectRef.isRef(item)) {
          this.#objects.lend(item, to);
          const entry = ObjectRef.entryOf(item);
          if (entry === undefined) throw new Error(`${String(item)} was disposed of while a value holds it`);
          return ["o", entry.id, entry.ownerId];
        }
        if (!isActorHandle(item))
          throw new Error("a tracked value is neither an ObjectRef nor an ActorHandle");
        const { actorId } = handleMeta(item);
        this.#actors.lend(actorId, to);
        return ["a", actorId, handleMeta(item)];
      }),
    };
  }

  fromWire(wire: WireValue, attachments: readonly Attachment[]): StoredValue {
    if (wire.s.length === 0 && wire.r.length === 0 && wire.b instanceof Uint8Array) {
      return wire.b.length === 1 ? oneByte(wire.b) : ofBytes(wire.b);
    }
    const shared = (index: number): SharedArrayBuffer => {
      const buffer = attachments[index];
      if (!(buffer instanceof SharedArrayBuffer)) throw new Error(`message lacks attachment ${index}`);
      return buffer;
    };
    return new StoredValue({
      bytes: wire.b instanceof Uint8Array ? wire.b : new Uint8Array(shared(wire.b[0]), 0, wire.b[1]),
      buffers: wire.s.map(shared),
      tracked: wire.r.map((item): ObjectRef | ActorHandle => {
        if (item[0] === "o") return this.#objects.receive(item[1], item[2]);
        return this.#actors.receive(item[1], item[2]);
      }),
    });
  }

  outcomeToWire(outcome: Outcome, to: PeerId, attachments: Attachment[]): WireOutcome {
    if (outcome.ok) return { ok: true, values: [this.toWire(outcome.value, to, attachments)] };
    const error = outcome.error instanceof StoredValue ? outcome.error : this.store(outcome.error, "error");
    return { ok: false, error: this.toWire(error, to, attachments) };
  }

  /** One outcome for each value, or the same error for all. */
  outcomesFromWire(wire: WireOutcome, attachments: readonly Attachment[]): readonly Outcome[] {
    if (!wire.ok) return [{ ok: false, error: this.fromWire(wire.error, attachments) }];
    const [only] = wire.values;
    if (wire.values.length === 1 && only !== undefined) {
      return [{ ok: true, value: this.fromWire(only, attachments) }];
    }
    return wire.values.map((value) => ({ ok: true, value: this.fromWire(value, attachments) }));
  }
}
