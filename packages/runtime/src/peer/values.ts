/**
 * Values between the store and the wire: what travels in a message, and the bookkeeping for refs and handles inside.
 */
import type { ActorHandle } from "../api/actor-handle.ts";
import { handleMeta, isActorHandle, type HandleMeta } from "../api/actor-handle.ts";
import { ObjectRef } from "../api/object-ref.ts";
import { SerializationError } from "../core/errors.ts";
import type { PeerId } from "../core/ids.ts";
import { NOTHING } from "../core/nothing.ts";
import type { Draft } from "../objects/draft.ts";
import { Segment } from "../objects/segment.ts";
import { Failure, InlineValue, RECEIVED, type Outcome, type StoredValue } from "../objects/stored-value.ts";
import { encode, encodeArguments } from "../serialization/codec.ts";
import type { Encoded, EncodeOptions } from "../serialization/types.ts";
import type { Attachment } from "../transport/channel.ts";
import type { WireOutcome, WireTracked, WireValue } from "../transport/protocol.ts";
import type { ActorClients } from "./actor-clients.ts";
import type { Link } from "./link.ts";
import type { ObjectTable } from "./object-table.ts";
import type { Arguments } from "./work.ts";

const ofBytes = (bytes: Uint8Array): StoredValue => new InlineValue(RECEIVED, bytes, NOTHING);

/** Values of one byte (small numbers, true, null) are so common that all of a kind are one. */
const oneByteValues: (StoredValue | undefined)[] = [];
const oneByte = (bytes: Uint8Array): StoredValue => (oneByteValues[bytes[0] ?? 0] ??= ofBytes(bytes));

export class Values {
  readonly #link: Link;
  readonly #objects: ObjectTable;
  readonly #actors: ActorClients;
  #attachments: Attachment[] = [];
  #noArguments: Arguments | undefined;

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

  /** Of all calls without arguments. */
  get noArguments(): Arguments {
    return (this.#noArguments ??= { values: this.storeArguments([]), slots: NOTHING });
  }

  /** The rest parameter of a call; throws SerializationError naming `args[i]...`. */
  storeArguments(args: readonly unknown[]): StoredValue {
    return this.#encode("args", (options) => encodeArguments(args, options));
  }

  /** Encodes; throws SerializationError with the path, or ObjectStoreFullError. */
  store(value: unknown, label: string): StoredValue {
    return this.#encode(label, (options) => encode(value, options));
  }

  #encode(label: string, encoding: (options: EncodeOptions) => Encoded): StoredValue {
    const { store } = this.#link;
    let draft: Draft | undefined;
    const allocate = (bytes: number): SharedArrayBuffer => (draft ??= store.draft(label)).allocate(bytes);
    try {
      const encoded = encoding({ label, allocate, isOfStore: store.isOfStore });
      const tracked = holdRefs(encoded.tracked, label);
      draft?.finish();
      return store.keep(label, tracked === encoded.tracked ? encoded : { ...encoded, tracked }, draft);
    } catch (error) {
      draft?.abandon();
      throw error;
    }
  }

  toWire(value: StoredValue, to: PeerId, attachments: Attachment[]): WireValue {
    const { envelope, buffers } = value.parts;
    const { tracked } = value;
    if (buffers.length === 0 && tracked.length === 0 && !(envelope instanceof Segment)) {
      return { b: envelope, s: NOTHING, r: NOTHING };
    }
    const { store } = this.#link;
    return {
      b: envelope instanceof Segment ? store.sendSegment(envelope, to, attachments) : envelope,
      s: buffers.map((part) => store.send(part, to, attachments)),
      r: tracked.map((item): WireTracked => {
        if (ObjectRef.isRef(item)) {
          this.#objects.lend(item, to);
          const entry = ObjectRef.entryOf(item);
          if (entry === undefined) throw new Error(`${String(item)} was disposed of while a value holds it`);
          return ["o", entry.id, entry.ownerId, entry.sizeBytes];
        }
        if (!isActorHandle(item))
          throw new Error("a tracked value is neither an ObjectRef nor an ActorHandle");
        const { actorId, kind, name } = handleMeta(item);
        this.#actors.lend(actorId, to);
        return ["a", actorId, { actorId, kind, name } satisfies HandleMeta];
      }),
    };
  }

  fromWire(wire: WireValue, attachments: readonly Attachment[]): StoredValue {
    if (wire.s.length === 0 && wire.r.length === 0 && wire.b instanceof Uint8Array) {
      return wire.b.length === 1 ? oneByte(wire.b) : ofBytes(wire.b);
    }
    const tracked = wire.r.map((item): ObjectRef | ActorHandle => {
      if (item[0] === "o") return this.#objects.receive(item[1], item[2], item[3]);
      return this.#actors.receive(item[1], item[2]);
    });
    return this.#link.store.receive({ bytes: wire.b, tracked }, wire.s, attachments);
  }

  outcomeToWire(outcome: Outcome, to: PeerId, attachments: Attachment[]): WireOutcome {
    if (outcome.ok) return { ok: true, values: [this.toWire(outcome, to, attachments)] };
    const error = outcome.error instanceof Error ? this.store(outcome.error, "error") : outcome.error;
    return { ok: false, error: this.toWire(error, to, attachments) };
  }

  /** The first value, or the error. */
  outcomeFromWire(wire: WireOutcome, attachments: readonly Attachment[]): Outcome {
    if (!wire.ok) return new Failure(this.fromWire(wire.error, attachments));
    const [first] = wire.values;
    if (first === undefined) throw new Error("an outcome came without a value");
    return this.fromWire(first, attachments);
  }

  /** The values after the first. */
  moreFromWire(wire: WireOutcome, attachments: readonly Attachment[]): readonly StoredValue[] {
    if (!wire.ok || wire.values.length === 1) return NOTHING;
    return wire.values.slice(1).map((value) => this.fromWire(value, attachments));
  }
}

/** Refs of its own: disposing of the user's ref must not pull the rug from under the stored value. */
function holdRefs(tracked: readonly object[], label: string): readonly object[] {
  if (tracked.length === 0) return tracked;
  return tracked.map((item) => {
    if (!ObjectRef.isRef(item)) return item;
    const entry = ObjectRef.entryOf(item);
    if (entry === undefined)
      throw new SerializationError(label, `${label}: ${String(item)} was disposed of before it was sent`);
    return new ObjectRef(entry);
  });
}
