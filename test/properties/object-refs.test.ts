/**
 * Refs of objects that threads hand to each other, ask for and give up, over channels in order: an object lives as
 * long as a ref to it is held or under way anywhere, and not longer.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ObjectRef } from "../../packages/runtime/dist/api/object-ref.js";
import type { ObjectId, PeerId } from "../../packages/runtime/dist/core/ids.js";
import type { Outcome, StoredValue } from "../../packages/runtime/dist/objects/stored-value.js";
import type { Link } from "../../packages/runtime/dist/peer/link.js";
import { ObjectTable } from "../../packages/runtime/dist/peer/object-table.js";
import type { PeerToPeer } from "../../packages/runtime/dist/transport/protocol.js";

const THREADS = 3;

type Message =
  | PeerToPeer
  | { readonly t: "a ref"; readonly id: ObjectId; readonly ownerId: PeerId }
  | { readonly t: "an answer"; readonly id: ObjectId; readonly outcome: Outcome | undefined };

class Thread {
  readonly id: PeerId;
  readonly table: ObjectTable;
  readonly refs: ObjectRef[] = [];

  constructor(id: PeerId, send: (from: PeerId, to: PeerId, message: Message) => void) {
    this.id = id;
    const link: Pick<Link, "peerId" | "toPeer" | "isDead"> = {
      peerId: id,
      toPeer: (to, message) => send(id, to, message),
      isDead: () => false,
    };
    const store = { memory: { handedOut: () => undefined } };
    this.table = new ObjectTable({ ...link, store } as unknown as Link); // what it uses of one
  }
}

class World {
  readonly freed = new Set<string>();
  readonly made: string[] = [];
  readonly #channels = new Map<string, Message[]>();
  readonly #threads = Array.from(
    { length: THREADS },
    (_, at) => new Thread(`thread_${at}`, (from, to, message) => this.#channel(from, to).push(message)),
  );

  thread(at: number): Thread {
    const thread = this.#threads[at % THREADS];
    if (thread === undefined) throw new Error("no such thread");
    return thread;
  }

  put(at: number): void {
    const thread = this.thread(at);
    const value = valueThatFrees(() => this.freed.add(ref.id));
    const ref: ObjectRef = thread.table.put(value);
    this.made.push(ref.id);
    thread.refs.push(ref);
  }

  send(from: number, to: number, pick: number): void {
    const [thread, other] = [this.thread(from), this.thread(to)];
    const ref = pickOf(thread.refs, pick);
    const entry = ref === undefined ? undefined : ObjectRef.entryOf(ref);
    if (ref === undefined || entry === undefined) return;
    thread.table.lend(ref, other.id);
    this.#channel(thread.id, other.id).push({ t: "a ref", id: entry.id, ownerId: entry.ownerId });
  }

  request(at: number, pick: number): void {
    const thread = this.thread(at);
    const ref = pickOf(thread.refs, pick);
    const entry = ref === undefined ? undefined : ObjectRef.entryOf(ref);
    if (entry === undefined) return;
    entry.onReady(({ outcome }) => expect(outcome?.ok).toBe(true));
    thread.table.request(entry);
  }

  giveUp(at: number, pick: number): void {
    const { refs } = this.thread(at);
    const [ref] = refs.splice(refs.length === 0 ? 0 : pick % refs.length, 1);
    ref?.[Symbol.dispose]();
  }

  deliver(from: number, to: number): boolean {
    const [sender, receiver] = [this.thread(from), this.thread(to)];
    const message = this.#channel(sender.id, receiver.id).shift();
    if (message === undefined) return false;
    const { table } = receiver;
    switch (message.t) {
      case "a ref": {
        const ref = table.receive(message.id, message.ownerId, 1);
        expect(ObjectRef.entryOf(ref)?.outcome?.ok).not.toBe(false);
        receiver.refs.push(ref);
        break;
      }
      case "object.count":
        table.counted(message.objectId, message.peer, message.times);
        break;
      case "object.get": {
        const outcome = table.owned(message.objectId)?.outcome;
        this.#channel(receiver.id, sender.id).push({ t: "an answer", id: message.objectId, outcome });
        break;
      }
      case "an answer":
        // The receiver's copy is one of its own, which may go at any time.
        table.answered(message.id, message.outcome && valueThatFrees(() => undefined));
        break;
      default:
        throw new Error(`unexpected: ${message.t}`);
    }
    return true;
  }

  /** Nothing that is held or under way is freed. */
  check(): void {
    for (const thread of this.#threads) {
      for (const ref of thread.refs) expect(this.freed).not.toContain(ref.id);
    }
    for (const channel of this.#channels.values()) {
      for (const message of channel) if (message.t === "a ref") expect(this.freed).not.toContain(message.id);
    }
  }

  /** Everybody gives up everything, and all messages arrive. */
  end(): void {
    for (let moved = true; moved;) {
      moved = false;
      for (let at = 0; at < THREADS; at++) {
        while (this.thread(at).refs.length > 0) this.giveUp(at, 0);
        for (let to = 0; to < THREADS; to++) while (this.deliver(at, to)) moved = true;
      }
    }
    expect([...this.freed].toSorted()).toEqual(this.made.toSorted());
    for (const { table } of this.#threads) expect([table.isOwner, ...table.entries()]).toEqual([false]);
  }

  #channel(from: PeerId, to: PeerId): Message[] {
    const key = `${from} ${to}`;
    let channel = this.#channels.get(key);
    if (channel === undefined) this.#channels.set(key, (channel = []));
    return channel;
  }
}

function valueThatFrees(free: () => void): StoredValue {
  const value = { ok: true, sizeBytes: 1, tracked: [], becomes: () => undefined, own: () => value, free };
  return value as unknown as StoredValue; // what a table uses of one
}

function pickOf<T>(items: readonly T[], pick: number): T | undefined {
  return items.length === 0 ? undefined : items[pick % items.length];
}

const at = fc.nat({ max: THREADS - 1 });
const pick = fc.nat({ max: 7 });
const step = fc.oneof(
  fc.record({ do: fc.constant("put" as const), at }),
  fc.record({ do: fc.constant("send" as const), at, to: at, pick }),
  fc.record({ do: fc.constant("request" as const), at, pick }),
  fc.record({ do: fc.constant("giveUp" as const), at, pick }),
  fc.record({ do: fc.constant("deliver" as const), at, to: at }),
);

describe("refs between threads", () => {
  it("keep objects exactly as long as somebody holds one", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const world = new World();
        for (const each of steps) {
          if (each.do === "put") world.put(each.at);
          else if (each.do === "send") world.send(each.at, each.to, each.pick);
          else if (each.do === "request") world.request(each.at, each.pick);
          else if (each.do === "giveUp") world.giveUp(each.at, each.pick);
          else world.deliver(each.at, each.to);
          world.check();
        }
        world.end();
      }),
      { numRuns: 2000 },
    );
  });
});
