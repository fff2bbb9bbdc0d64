/** The node's part in the lives of actors: what threads say about them, and what the directory decides. */
import type { HandleMeta } from "../api/actor-handle.ts";
import { EXITED, KILLED, OUT_OF_SCOPE } from "../core/actor-deaths.ts";
import {
  ActorDirectory,
  type ActorRegistration,
  type ActorTraits,
  type DeathCause,
  type DirectoryEffect,
} from "../core/actor-directory.ts";
import { actorIdOf, isActorOf, type ActorId, type PeerId, type PlacementGroupId } from "../core/ids.ts";
import { ResourceSet } from "../core/resources.ts";
import type { Demand, Scheduler, SchedulerEffect } from "../core/scheduler.ts";
import { Introduced } from "../peer/introductions.ts";
import type { NodeActorTemplate, NodeToPeer, PeerToNode, RunToPeer } from "../transport/protocol.ts";
import { toDemand } from "./demand.ts";

export interface NodeActorsOptions {
  readonly scheduler: Scheduler;
  /** Does what the scheduler decided. */
  readonly perform: (effects: readonly SchedulerEffect[]) => void;
  readonly send: (peer: PeerId, message: NodeToPeer) => void;
  readonly join: (peer: PeerId, run: RunToPeer) => void;
  readonly terminate: (workerId: PeerId, reason: string) => void;
  readonly warnIfInfeasible: (demand: Demand, kind: string) => void;
  /** Handles what the owner of the actor has sent by now. */
  readonly hearOwner: (actorId: ActorId) => void;
}

/** What peers tell the node about actors. */
export type ActorToNode = Extract<PeerToNode, { readonly t: `actor.${string}` }>;
type ToNode<T extends string> = Extract<PeerToNode, { t: T }>;

/** What actors have in common. */
interface Template extends ActorTraits {
  readonly demand: Demand;
  readonly placement: ResourceSet;
}

export class NodeActors {
  readonly directory: ActorDirectory<Template> = new ActorDirectory();
  readonly #options: NodeActorsOptions;
  /** By owner and number. */
  readonly #templates = new Introduced<Template>();
  #isHearing = false;
  /** Said while an owner is heard, about actors of others that are not known yet. */
  readonly #early: [from: PeerId, message: ActorToNode][] = [];

  constructor(options: NodeActorsOptions) {
    this.#options = options;
  }

  /**
   * A thread that has just got a handle may be heard before the owner, which has registered the actor before it gave
   * the handle away: then the owner is heard first.
   */
  receive(from: PeerId, message: ActorToNode): void {
    const isEarly =
      "actorId" in message && !isActorOf(message.actorId, from) && !this.directory.has(message.actorId);
    if (!isEarly) return this.#act(from, message);
    if (this.#isHearing) return void this.#early.push([from, message]);
    this.#isHearing = true;
    try {
      this.#options.hearOwner(message.actorId);
    } finally {
      this.#isHearing = false;
    }
    this.#act(from, message);
    for (const [peer, next] of this.#early.splice(0)) this.receive(peer, next);
  }

  #act(from: PeerId, message: ActorToNode): void {
    const { directory } = this;
    switch (message.t) {
      case "actor.template":
        return this.#learn(from, message.template, message.of);
      case "actor.forget":
        return this.#templates.forget(from, message.template);
      case "actor.register":
        return this.#registerRun(from, message);
      case "actor.registerNamed":
        return this.#registerNamed(from, message);
      case "actor.created": {
        const { first, times } = message;
        for (let i = 0; i < times; i++) this.#follow(directory.created(first + i, from));
        return;
      }
      case "actor.creationFailed": {
        const { address, error } = message;
        const text = `its constructor raised ${error.name}: ${error.message}`;
        return this.#follow(
          directory.creationFailed(address, { kind: "creation-failed", message: text, error }),
        );
      }
      case "actor.exited": {
        const cause = message.reason === "exited" ? EXITED : OUT_OF_SCOPE;
        return this.#follow(directory.exited(message.address, cause));
      }
      case "actor.subscribe":
        return this.#follow(directory.subscribe(message.actorId, from));
      case "actor.kill":
        return this.#follow(directory.kill(message.actorId, message.noRestart, KILLED));
      case "actor.handles":
        return this.#follow(directory.countHandles(message.actorId, message.peer, message.times));
      case "actor.release":
        return this.#follow(directory.countHandles(message.actorId, from, -message.times));
    }
  }

  placed(address: number, workerId: PeerId): void {
    this.#follow(this.directory.placed(address, workerId));
  }

  groupRemoved(address: number, groupId: PlacementGroupId): void {
    const message = `its placement group ${groupId} was removed`;
    this.#follow(this.directory.unplaceable(address, { kind: "placement-group-removed", message }));
  }

  /** What makes a handle of a named actor, which the thread has from now on. */
  named(name: string, namespace: string, from: PeerId): HandleMeta | undefined {
    const found = this.directory.find(name, namespace);
    if (found === undefined) return undefined;
    const handle = handleOf(found);
    this.#follow(this.directory.countHandles(handle.actorId, from, 1));
    return handle;
  }

  workerDied(workerId: PeerId, cause: DeathCause): void {
    this.#templates.peerDied(workerId);
    this.#follow(this.directory.peerDied(workerId));
    this.#follow(this.directory.workerDied(workerId, cause));
  }

  #learn(from: PeerId, number: number, of: NodeActorTemplate): void {
    const { handle, isolation, maxRestarts } = of;
    const [demand, placement] = [toDemand(of.demand), ResourceSet.of(of.placement)];
    this.#templates.learn(from, number, { handle, isolation, maxRestarts, demand, placement });
  }

  #registerRun(ownerId: PeerId, { template, first, times }: ToNode<"actor.register">): void {
    const traits = this.#templates.get(ownerId, template);
    this.#warnIfInfeasible(traits);
    for (let i = 0; i < times; i++) {
      this.#follow(this.directory.register({ ownerId, count: first + i, name: undefined, traits }));
    }
  }

  #registerNamed(ownerId: PeerId, message: ToNode<"actor.registerNamed">): void {
    const { count, name, getIfExists, requestId } = message;
    const traits = this.#templates.get(ownerId, message.template);
    const { namespace } = traits.handle;
    const taken = this.directory.find(name, namespace);
    if (taken !== undefined) {
      const existing = getIfExists ? this.named(name, namespace, ownerId) : handleOf(taken);
      return this.#options.send(ownerId, { t: "reply", requestId, result: { existing } });
    }
    this.#warnIfInfeasible(traits);
    this.#follow(this.directory.register({ ownerId, count, name, traits }));
    this.#options.send(ownerId, { t: "reply", requestId, result: {} });
  }

  #warnIfInfeasible({ demand, placement }: Template): void {
    this.#options.warnIfInfeasible({ ...demand, resources: placement }, "actor");
  }

  /** Does what the directory decided. */
  #follow(effects: readonly DirectoryEffect<Template>[]): void {
    const { scheduler, perform, send, join, terminate } = this.#options;
    for (const effect of effects) {
      switch (effect.type) {
        case "requestPlace": {
          const { address, traits } = effect;
          const { demand, placement, isolation } = traits;
          const { resources, pool, depth, name } = demand;
          perform(scheduler.requestActor({ address, resources, pool, depth, name, placement, isolation }));
          break;
        }
        case "create": {
          const { ownerId, count, workerId, address, incarnation } = effect;
          join(ownerId, { t: "actor.place", first: count, times: 1, workerId, address, incarnation });
          break;
        }
        case "publish":
          for (const peer of effect.peers) send(peer, { t: "actor.update", update: effect.update });
          break;
        case "releasePlace":
          perform(scheduler.releaseActor(effect.address));
          break;
        case "destroy":
          if (effect.isolation === "thread") terminate(effect.workerId, effect.reason);
          else send(effect.workerId, { t: "actor.drop", address: effect.address });
          break;
        case "askToExit":
          send(effect.workerId, { t: "actor.leave", address: effect.address });
      }
    }
  }
}

const handleOf = ({ traits, ownerId, count, name }: ActorRegistration): HandleMeta => ({
  kind: traits.handle,
  actorId: actorIdOf(ownerId, count),
  name,
});
