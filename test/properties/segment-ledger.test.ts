/**
 * Threads, channels in order, deaths at any moment: a model that knows everything watches what the ledgers decide
 * from what they are told.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { homeOf, segmentIdOf, type PeerId, type SegmentId } from "../../packages/runtime/dist/core/ids.js";
import { SegmentLedger, type SegmentEffect } from "../../packages/runtime/dist/core/segment-ledger.js";

type Message =
  | { readonly kind: "segment"; readonly id: SegmentId }
  | { readonly kind: "count"; readonly id: SegmentId; readonly peer: PeerId; readonly times: number };

class Thread {
  readonly id: PeerId;
  readonly ledger: SegmentLedger;
  /** One id for each stored value. */
  values: SegmentId[] = [];
  readonly views = new Set<SegmentId>();
  readonly knownDead = new Set<PeerId>();
  isAlive = true;

  constructor(id: PeerId) {
    this.id = id;
    this.ledger = new SegmentLedger(id);
  }
}

class World {
  readonly threads: readonly Thread[];
  readonly channels = new Map<string, Message[]>();
  readonly created: SegmentId[] = [];
  readonly ended = new Map<SegmentId, "recycle" | "retire">();
  deaths = 0;

  constructor(count: number) {
    this.threads = Array.from({ length: count }, (_, index) => new Thread(`thread_${index}`));
  }

  thread(index: number): Thread {
    const thread = this.threads[index % this.threads.length];
    if (thread === undefined) throw new Error("no thread");
    return thread;
  }

  put(at: Thread): void {
    at.values.push(this.#newId(at));
    at.ledger.create(at.values.at(-1) ?? "");
  }

  send(from: Thread, to: Thread, pick: number): void {
    const id = pickOf(from.values, pick);
    if (id === undefined || from.knownDead.has(to.id)) return;
    this.#apply(from, from.ledger.lend(id, to.id));
    this.#channel(from.id, to.id).push({ kind: "segment", id });
  }

  deliver(from: Thread, to: Thread): boolean {
    if (!to.isAlive) return false;
    const message = this.#channel(from.id, to.id).shift();
    if (message === undefined) return false;
    if (message.kind === "count") {
      const { id, peer, times } = message;
      if (!to.knownDead.has(peer)) this.#apply(to, to.ledger.counted(id, from.id, peer, times));
      else if (times > 0) this.#apply(to, to.ledger.countedForDead(id));
      return true;
    }
    const { id } = message;
    const toItself = from === to;
    if (homeOf(id) !== to.id && !toItself) to.ledger.receive(id);
    else if (!to.ledger.has(id)) {
      const shared = this.#newId(to);
      to.ledger.createShared(shared);
      to.values.push(shared);
      return true;
    }
    to.ledger.hold(id);
    to.values.push(id);
    if (toItself) this.#apply(to, to.ledger.arrived(id));
    return true;
  }

  drop(at: Thread, pick: number): void {
    const id = pickOf(at.values, pick);
    if (id === undefined) return;
    at.values.splice(pick % at.values.length, 1);
    this.#apply(at, at.ledger.drop(id));
  }

  openView(at: Thread, pick: number): void {
    const id = pickOf(at.values, pick);
    if (id === undefined) return;
    at.views.add(id);
    at.ledger.openView(id);
  }

  closeView(at: Thread, pick: number): void {
    const id = pickOf([...at.views], pick);
    if (id === undefined) return;
    at.views.delete(id);
    this.#apply(at, at.ledger.closeView(id));
  }

  /** To disk and, with another thread's segment, into a segment of its own. */
  moveOut(at: Thread, pick: number): void {
    const id = pickOf(at.values, pick);
    if (id === undefined || !at.ledger.isQuiet(id)) return;
    if (homeOf(id) === at.id) {
      expect(this.#reachable(id, at), `${id} moved out of memory`).toBe(false);
      return;
    }
    const own = this.#newId(at);
    at.values = at.values.map((value) => (value === id ? own : value));
    this.#apply(at, at.ledger.move(id, own));
  }

  /** Ends a thread; of what it sent last to each other thread, an arbitrary part is lost. */
  die(thread: Thread, lost: number): void {
    if (!thread.isAlive || thread === this.threads[0]) return;
    thread.isAlive = false;
    this.deaths++;
    this.threads.forEach((to, index) => {
      const channel = this.#channel(thread.id, to.id);
      channel.splice(Math.max(0, channel.length - ((lost >> index) & 3)));
    });
  }

  learnDeaths(at: Thread): void {
    for (const dead of this.threads) this.#learnDeath(at, dead);
  }

  #learnDeath(at: Thread, dead: Thread): void {
    if (!at.isAlive || dead.isAlive || at.knownDead.has(dead.id)) return;
    while (this.deliver(dead, at));
    at.knownDead.add(dead.id);
    for (const effect of at.ledger.peerDied(dead.id)) this.#apply(at, effect);
  }

  /** Everything arrives and everybody lets go of everything. */
  finish(): void {
    for (let busy = true; busy;) {
      busy = false;
      for (const from of this.threads) for (const to of this.threads) if (this.deliver(from, to)) busy = true;
      for (const at of this.threads) this.learnDeaths(at);
      for (const at of this.threads) {
        if (!at.isAlive) continue;
        if (at.values.length + at.views.size > 0) busy = true;
        while (at.values.length > 0) this.drop(at, 0);
        while (at.views.size > 0) this.closeView(at, 0);
      }
    }
  }

  #newId(at: Thread): SegmentId {
    const id = segmentIdOf(this.created.length, at.id);
    this.created.push(id);
    return id;
  }

  #channel(from: PeerId, to: PeerId): Message[] {
    const key = `${from}>${to}`;
    const channel = this.channels.get(key) ?? [];
    this.channels.set(key, channel);
    return channel;
  }

  #apply(at: Thread, effect: SegmentEffect | undefined): void {
    if (effect === undefined || effect.type === "orphan") return;
    const { id, type } = effect;
    if (type === "report" || type === "giveBack") {
      const home = homeOf(id);
      const peer = type === "report" ? effect.to : at.id;
      const times = type === "report" ? 1 : -effect.times;
      if (!at.knownDead.has(home)) this.#channel(at.id, home).push({ kind: "count", id, peer, times });
      return;
    }
    expect(this.ended.has(id), `${id} was freed twice`).toBe(false);
    this.ended.set(id, type);
    if (type === "recycle") expect(this.#reachable(id, undefined), `${id} recycled`).toBe(false);
  }

  /** Whether some living thread has the segment or will be given it; what `except` keeps for itself does not count. */
  #reachable(id: SegmentId, except: Thread | undefined): boolean {
    const kept = this.threads.some(
      (thread) =>
        thread.isAlive && (thread.views.has(id) || (thread !== except && thread.values.includes(id))),
    );
    const underWay = [...this.channels].some(
      ([key, messages]) =>
        this.threads.some((thread) => thread.isAlive && key.endsWith(`>${thread.id}`)) &&
        messages.some((message) => message.kind === "segment" && message.id === id),
    );
    return kept || underWay;
  }
}

function pickOf<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}

const actions = ["put", "send", "deliver", "drop", "view", "close", "move", "die", "learn"] as const;
const step = fc.record({
  action: fc.constantFrom(...actions, "send", "deliver", "send", "deliver"),
  a: fc.nat(2),
  b: fc.nat(2),
  pick: fc.nat(15),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function run(world: World, { action, a, b, pick }: Step, mayDie: boolean): void {
  const [at, other] = [world.thread(a), world.thread(b)];
  if (action === "deliver") return void world.deliver(at, other);
  if (!at.isAlive) return;
  switch (action) {
    case "put":
      return world.put(at);
    case "send":
      return world.send(at, other, pick);
    case "drop":
      return world.drop(at, pick);
    case "view":
      return world.openView(at, pick);
    case "close":
      return world.closeView(at, pick);
    case "move":
      return world.moveOut(at, pick);
    case "die":
      return mayDie ? world.die(at, pick) : undefined;
    case "learn":
      return world.learnDeaths(at);
  }
}

describe("the segment ledgers of several threads", () => {
  const check = (mayDie: boolean): void =>
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
        const world = new World(3);
        world.put(world.thread(0));
        world.put(world.thread(1));
        for (const next of steps) run(world, next, mayDie);
        world.finish();
        for (const thread of world.threads) if (thread.isAlive) expect(thread.ledger.size).toBe(0);
        const homesAlive = world.created.filter((id) =>
          world.threads.some((t) => t.isAlive && t.id === homeOf(id)),
        );
        for (const id of homesAlive) {
          if (world.deaths === 0) expect(world.ended.get(id)).toBe("recycle");
          else expect(world.ended.has(id)).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );

  it("never free a segment that somebody can reach, and free all of them in the end", () => check(false));

  it("keep to that when threads die with messages unsent", () => check(true));

  it("do not trust the counts of a segment that a dead thread had", () => {
    const id = segmentIdOf(1, "home");
    const home = new SegmentLedger("home");
    home.create(id);
    home.lend(id, "dead"); // which passes it on, and ends before it can say so
    expect(home.peerDied("dead")).toEqual([]);
    expect(home.isQuiet(id)).toBe(false);
    expect(home.drop(id)).toEqual({ type: "retire", id });
  });
});
