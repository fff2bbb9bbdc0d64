/**
 * The protocol that makes and ends actors, with messages that take their time: the directory as the node has it, owners
 * that create where they are told, hosts that report. Whatever the order, nobody is left over and everybody is told.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { ActorUpdate, DirectoryEffect } from "../../packages/runtime/src/core/actor-directory.ts";
import { EXITED, KILLED, OUT_OF_SCOPE } from "../../packages/runtime/dist/core/actor-deaths.js";
import { ActorDirectory } from "../../packages/runtime/dist/core/actor-directory.js";
import { actorIdOf } from "../../packages/runtime/dist/core/ids.js";

type Message = () => void;

/** Messages from one thread to another: they arrive in order, but when is anybody's guess. */
class Channels {
  readonly #channels = new Map<string, Message[]>();

  send(from: string, to: string, message: Message): void {
    const name = `${from}>${to}`;
    const channel = this.#channels.get(name);
    if (channel === undefined) this.#channels.set(name, [message]);
    else channel.push(message);
  }

  /** Delivers one message of some channel; false when there is none. */
  deliver(pick: number): boolean {
    const waiting = [...this.#channels.values()].filter((channel) => channel.length > 0);
    const message = waiting[pick % Math.max(1, waiting.length)]?.shift();
    message?.();
    return message !== undefined;
  }

  /** What a thread that ended has sent still arrives, at the node at once; what was on the way to it does not. */
  cut(thread: string): void {
    for (const [name, channel] of this.#channels) {
      if (name === `${thread}>node`) while (channel.length > 0) channel.shift()?.();
      if (name.endsWith(`>${thread}`)) channel.length = 0;
    }
  }
}

interface Host {
  readonly alive: Set<number>;
  readonly created: Set<number>;
}

interface OwnedActor {
  readonly actorId: string;
  readonly ownerId: string;
  readonly maxRestarts: number;
  incarnations: number;
  deaths: number;
  killed: boolean;
  released: boolean;
}

class Model {
  readonly directory = new ActorDirectory();
  readonly channels = new Channels();
  readonly hosts = new Map<string, Host>();
  readonly owners = new Set(["driver_a_0_1", "worker_a_1_2"]);
  readonly actors = new Map<string, OwnedActor>();
  readonly waiting: number[] = [];
  /** Places that the scheduler has given out. */
  readonly placed = new Map<number, string>();
  readonly addresses = new Set<number>();
  #counts = 0;
  #hosts = 0;

  startHost(): void {
    this.hosts.set(`worker_h_${this.#hosts++}_9`, { alive: new Set(), created: new Set() });
  }

  register(pick: number, maxRestarts: number, name: string | undefined): void {
    const ownerId = at([...this.owners], pick);
    if (ownerId === undefined) return;
    const count = this.#counts++;
    const actorId = actorIdOf(ownerId, count);
    this.channels.send(ownerId, "node", () => {
      if (name !== undefined && this.directory.find(name, "n") !== undefined) return; // the owner hears of it
      const handle = {
        className: "C",
        namespace: "n",
        methods: [],
        maxTaskRetries: 0,
        retryExceptions: false,
        maxPendingCalls: -1,
      };
      this.actors.set(actorId, {
        actorId,
        ownerId,
        maxRestarts,
        incarnations: 0,
        deaths: 0,
        killed: false,
        released: false,
      });
      const traits = { handle, isolation: "shared" as const, maxRestarts };
      this.follow(this.directory.register({ ownerId, count, name, traits }));
    });
  }

  /** What the node does. */
  follow(effects: readonly DirectoryEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "requestPlace":
          expect(this.addresses.has(effect.address)).toBe(false); // never given out twice
          this.addresses.add(effect.address);
          this.waiting.push(effect.address);
          break;
        case "releasePlace": {
          const index = this.waiting.indexOf(effect.address);
          if (index >= 0) this.waiting.splice(index, 1);
          this.placed.delete(effect.address);
          break;
        }
        case "create": {
          const { address, workerId, ownerId, count } = effect;
          expect(this.placed.get(address)).toBe(workerId);
          const actor = this.actors.get(actorIdOf(ownerId, count));
          if (actor !== undefined) expect(effect.incarnation).toBe(++actor.incarnations);
          if (!this.owners.has(ownerId)) break;
          this.channels.send("node", ownerId, () =>
            this.channels.send(ownerId, workerId, () => this.#construct(workerId, address)),
          );
          break;
        }
        case "destroy":
          expect(effect.isolation).toBe("shared");
          this.#toHost(effect.workerId, (host) => host.alive.delete(effect.address));
          break;
        case "askToExit":
          this.#toHost(effect.workerId, (host) => {
            if (!host.alive.delete(effect.address)) return;
            const { workerId, address } = effect;
            this.channels.send(workerId, "node", () =>
              this.follow(this.directory.exited(address, OUT_OF_SCOPE)),
            );
          });
          break;
        case "publish":
          for (const peer of effect.peers) if (this.owners.has(peer)) this.#told(peer, effect.update);
      }
    }
  }

  place(pick: number): void {
    const workerId = at([...this.hosts.keys()], pick);
    const [address] = this.waiting;
    if (workerId === undefined || address === undefined) return;
    this.waiting.shift();
    this.placed.set(address, workerId);
    this.follow(this.directory.placed(address, workerId));
  }

  kill(pick: number, noRestart: boolean): void {
    const actor = at([...this.actors.values()], pick);
    const from = at([...this.owners], pick);
    if (actor === undefined || from === undefined) return;
    if (noRestart) actor.killed = true;
    this.channels.send(from, "node", () =>
      this.follow(this.directory.kill(actor.actorId, noRestart, KILLED)),
    );
  }

  release(pick: number): void {
    const actor = at([...this.actors.values()], pick);
    if (actor === undefined || actor.released || !this.owners.has(actor.ownerId)) return;
    actor.released = true;
    this.channels.send(actor.ownerId, "node", () =>
      this.follow(this.directory.countHandles(actor.actorId, actor.ownerId, -1)),
    );
  }

  exit(pick: number): void {
    const [workerId, host] = at([...this.hosts], pick) ?? [];
    const address = at([...(host?.alive ?? [])], pick);
    if (workerId === undefined || address === undefined) return;
    host?.alive.delete(address);
    this.channels.send(workerId, "node", () => this.follow(this.directory.exited(address, EXITED)));
  }

  endHost(pick: number): void {
    const workerId = at([...this.hosts.keys()], pick);
    if (workerId === undefined) return;
    this.channels.cut(workerId);
    this.hosts.delete(workerId);
    this.follow(this.directory.peerDied(workerId));
    this.follow(this.directory.workerDied(workerId, { kind: "worker-died", message: "it ended" }));
  }

  endOwner(pick: number): void {
    if (this.owners.size === 1) return;
    const owner = at([...this.owners], pick);
    if (owner === undefined) return;
    this.owners.delete(owner);
    this.channels.cut(owner);
    this.follow(this.directory.peerDied(owner));
  }

  settle(): void {
    let pick = 0;
    do while (this.channels.deliver(pick++));
    while (this.#placeOne());
  }

  #placeOne(): boolean {
    const before = this.waiting.length;
    if (before > 0 && this.hosts.size === 0) this.startHost();
    this.place(before);
    return before > 0;
  }

  #construct(workerId: string, address: number): void {
    const host = this.hosts.get(workerId);
    if (host === undefined) return;
    expect(host.created.has(address)).toBe(false);
    host.created.add(address);
    if (address % 7 === 3) {
      const cause = { kind: "creation-failed" as const, message: "its constructor raised" };
      this.channels.send(workerId, "node", () => this.follow(this.directory.creationFailed(address, cause)));
      return;
    }
    host.alive.add(address);
    this.channels.send(workerId, "node", () => this.follow(this.directory.created(address, workerId)));
  }

  #toHost(workerId: string, message: (host: Host) => void): void {
    this.channels.send("node", workerId, () => {
      const host = this.hosts.get(workerId);
      if (host !== undefined) message(host);
    });
  }

  #told(peer: string, update: ActorUpdate): void {
    const actor = this.actors.get(update.actorId);
    if (actor === undefined) return;
    expect(update.state).not.toBe("ALIVE"); // the owner knows
    if (update.state === "DEAD" && peer === actor.ownerId) actor.deaths++;
  }
}

function at<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % Math.max(1, items.length)];
}

const step = fc.record({
  act: fc.constantFrom(
    "register",
    "register",
    "named",
    "place",
    "place",
    "deliver",
    "deliver",
    "deliver",
    "kill",
    "restart",
    "release",
    "exit",
    "endHost",
    "endOwner",
    "startHost",
  ),
  pick: fc.nat(1000),
});

function perform(model: Model, { act, pick }: { readonly act: string; readonly pick: number }): void {
  if (act === "register") model.register(pick, (pick % 4) - 1, undefined);
  else if (act === "named") model.register(pick, 0, `name${pick % 2}`);
  else if (act === "place") model.place(pick);
  else if (act === "deliver") model.channels.deliver(pick);
  else if (act === "kill" || act === "restart") model.kill(pick, act === "kill");
  else if (act === "release") model.release(pick);
  else if (act === "exit") model.exit(pick);
  else if (act === "endHost") model.endHost(pick);
  else if (act === "endOwner") model.endOwner(pick);
  else model.startHost();
}

describe("the directory of actors", () => {
  it("leaves nothing once all are given up: no actor in a host, no place taken, no name, each death told once", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const model = new Model();
        model.startHost();
        model.startHost();
        for (const each of steps) perform(model, each);
        model.settle();
        for (const { actorId } of model.actors.values()) {
          model.follow(model.directory.kill(actorId, true, KILLED));
        }
        model.settle();
        for (const host of model.hosts.values()) expect([...host.alive]).toEqual([]);
        expect([model.waiting.length, model.placed.size]).toEqual([0, 0]);
        for (const { update } of model.directory.list()) {
          expect([update.state, update.workerId, update.address]).toEqual(["DEAD", undefined, 0]);
        }
        expect(model.directory.find("name0", "n") ?? model.directory.find("name1", "n")).toBeUndefined();
        for (const { deaths, ownerId, incarnations, maxRestarts } of model.actors.values()) {
          if (model.owners.has(ownerId)) expect(deaths).toBe(1);
          if (maxRestarts >= 0) expect(incarnations).toBeLessThanOrEqual(maxRestarts + 1);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("ends an actor whose handles are all gone, and none that somebody still has", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const model = new Model();
        model.startHost();
        const calm = new Set(["register", "named", "place", "deliver", "release", "startHost"]);
        for (const each of steps) if (calm.has(each.act)) perform(model, each);
        model.settle();
        for (const { update } of model.directory.list()) {
          const { released } = model.actors.get(update.actorId) ?? {};
          if (update.cause?.kind === "creation-failed") continue;
          expect([update.state, update.cause?.kind]).toEqual(
            released === true ? ["DEAD", "out-of-scope"] : ["ALIVE", undefined],
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it("remembers a bounded number of the dead", () => {
    const model = new Model();
    model.startHost();
    for (let i = 0; i < 10_500; i++) model.register(0, 0, undefined);
    model.settle();
    for (const { actorId } of model.actors.values()) {
      model.follow(model.directory.kill(actorId, true, KILLED));
    }
    expect(model.directory.list().length).toBe(10_000);
  });
});
