/** What the node makes of messages about actors that overtake each other on their ways from different threads. */
import { describe, expect, it } from "vitest";

import { actorIdOf } from "../../packages/runtime/dist/core/ids.js";
import { NodeActors, type ActorToNode } from "../../packages/runtime/dist/node/node-actors.js";
import type { NodeToPeer } from "../../packages/runtime/dist/transport/protocol.js";

const OWNER = "worker_a_1_2";
const OTHER = "worker_b_1_3";
const DRIVER = "driver_c_1_1";

const template: ActorToNode = {
  t: "actor.template",
  template: 1,
  of: {
    handle: {
      className: "Late",
      namespace: "test",
      methods: [],
      maxTaskRetries: 0,
      retryExceptions: false,
      maxPendingCalls: -1,
    },
    isolation: "shared",
    maxRestarts: 0,
    demand: { resources: {}, pool: undefined, depth: 0, name: "Late" },
    placement: {},
  },
};

/** A node that reads of each thread only what it is asked to; the scheduler has room for nobody. */
function nodeWith(unread: Record<string, ActorToNode[]>): {
  actors: NodeActors;
  told: [peer: string, state: string][];
} {
  const told: [string, string][] = [];
  const nothing = (): readonly never[] => [];
  const actors = new NodeActors({
    scheduler: { requestActor: nothing, releaseActor: nothing } as never, // All that is asked of it.
    perform: () => undefined,
    send: (peer: string, message: NodeToPeer) => {
      if (message.t === "actor.update") told.push([peer, message.update.state]);
    },
    join: () => undefined,
    terminate: () => undefined,
    warnIfInfeasible: () => undefined,
    hearOwner: (actorId) => {
      for (const [peer, messages] of Object.entries(unread)) {
        if (!actorId.startsWith(actorIdOf(peer, 0).slice(0, -1))) continue;
        for (let next = messages.shift(); next !== undefined; next = messages.shift()) {
          actors.receive(peer, next);
        }
      }
    },
  });
  return { actors, told };
}

const register = (first: number): ActorToNode => ({ t: "actor.register", template: 1, first, times: 1 });

describe("a thread that got a handle", () => {
  it("subscribes to an actor whose owner has not been heard yet", () => {
    const { actors, told } = nodeWith({ [OWNER]: [template, register(0)] });
    actors.receive(DRIVER, { t: "actor.subscribe", actorId: actorIdOf(OWNER, 0) });
    expect(told).toEqual([[DRIVER, "PENDING_CREATION"]]);
  });

  it("kills such an actor", () => {
    const { actors, told } = nodeWith({ [OWNER]: [template, register(0)] });
    actors.receive(DRIVER, { t: "actor.kill", actorId: actorIdOf(OWNER, 0), noRestart: true });
    expect(told).toEqual([[OWNER, "DEAD"]]);
  });

  it("hears that an actor is dead which nobody remembers", () => {
    const { actors, told } = nodeWith({ [OWNER]: [template] });
    actors.receive(DRIVER, { t: "actor.subscribe", actorId: actorIdOf(OWNER, 0) });
    expect(told).toEqual([[DRIVER, "DEAD"]]);
  });

  it("is heard in order when owners speak of each other's actors", () => {
    const [ofOwner, ofOther] = [actorIdOf(OWNER, 0), actorIdOf(OTHER, 0)];
    const { actors, told } = nodeWith({
      [OWNER]: [
        template,
        register(0),
        { t: "actor.subscribe", actorId: ofOther },
        { t: "actor.kill", actorId: ofOther, noRestart: true },
      ],
      [OTHER]: [template, register(0)],
    });
    actors.receive(DRIVER, { t: "actor.subscribe", actorId: ofOwner });
    expect(told).toEqual([
      [DRIVER, "PENDING_CREATION"],
      [OWNER, "PENDING_CREATION"],
      [OTHER, "DEAD"],
      [OWNER, "DEAD"],
    ]);
  });
});
