/** What all actors of a class with one set of options have in common. */
import type { HandleKind } from "../api/actor-handle.ts";
import type { PeerId } from "../core/ids.ts";
import type { PoolSelector } from "../core/resource-pools.ts";
import type { ResourceSet } from "../core/resources.ts";
import type { Attachment } from "../transport/channel.ts";
import type { FunctionExport, FunctionSender } from "./function-sender.ts";
import { Introductions } from "./introductions.ts";
import type { Link } from "./link.ts";

export interface ActorTemplate {
  readonly code: FunctionExport;
  readonly handle: HandleKind;
  readonly isolation: "thread" | "shared";
  readonly maxRestarts: number;
  readonly maxConcurrency: number | undefined;
  readonly resources: ResourceSet;
  /** Needed to be placed, not kept. */
  readonly placement: ResourceSet;
  readonly pool: PoolSelector | undefined;
  readonly depth: number;
}

/** Tells the node and the workers of templates before their first actors. */
export class ActorTemplates {
  readonly #toNode: Introductions<ActorTemplate, "node">;
  readonly #toPeers: Introductions<ActorTemplate, PeerId>;

  constructor(link: Link, functions: FunctionSender) {
    this.#toNode = new Introductions({
      introduce: ({ handle, isolation, maxRestarts, resources, placement, pool, depth }, template) => {
        const demand = { resources: resources.toJSON(), pool, depth, name: handle.className };
        const of = { handle, isolation, maxRestarts, demand, placement: placement.toJSON() };
        link.toNode({ t: "actor.template", template, of });
      },
      forget: (template) => link.toNode({ t: "actor.forget", template }),
    });
    this.#toPeers = new Introductions({
      introduce: ({ code, handle, isolation, maxConcurrency, resources, pool, depth }, template, to) => {
        const attachments: Attachment[] = [];
        const cls = functions.toWire(code, to, attachments);
        const of = { cls, handle, isolation, maxConcurrency, resources: resources.toJSON(), pool, depth };
        link.toPeer(to, { t: "actor.template", template, of }, attachments);
      },
      forget: (template, to) => link.toPeer(to, { t: "actor.forget", template }),
    });
  }

  numberForNode(template: ActorTemplate): number {
    return this.#toNode.numberFor(template, "node");
  }

  numberFor(template: ActorTemplate, worker: PeerId): number {
    return this.#toPeers.numberFor(template, worker);
  }

  peerDied(peer: PeerId): void {
    this.#toPeers.drop(peer);
  }
}
