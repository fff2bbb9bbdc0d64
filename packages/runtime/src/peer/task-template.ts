/**
 * What all tasks of one remote function with one set of options have in common. Each worker is told of a template
 * once; a task then is its number and its arguments.
 */
import type { PoolSelector } from "../core/resource-pools.ts";
import type { ResourceSet } from "../core/resources.ts";
import type { PeerId } from "../core/ids.ts";
import type { StoredValue } from "../objects/stored-value.ts";
import type { Attachment } from "../transport/channel.ts";
import type { FunctionExport, FunctionSender } from "./function-sender.ts";
import type { Link } from "./link.ts";
import type { Values } from "./values.ts";
import { retryToWire } from "./work.ts";

export interface TaskTemplate {
  readonly name: string;
  readonly fn: FunctionExport;
  readonly resources: ResourceSet;
  readonly pool: PoolSelector | undefined;
  readonly depth: number;
  readonly namespace: string;
  readonly numReturns: number;
  readonly maxRetries: number;
  readonly retryExceptions: boolean | StoredValue;
  /** Tasks of equal shape run on the same leases. */
  readonly shape: string;
}

/** Which templates have which numbers, and which threads know them. The oldest are forgotten on both sides. */
export class TemplateSender {
  readonly #link: Link;
  readonly #values: Values;
  readonly #functions: FunctionSender;
  readonly #limit: number;
  readonly #known = new Map<TaskTemplate, { readonly number: number; readonly peers: Set<PeerId> }>();
  #next = 0;

  constructor(link: Link, values: Values, functions: FunctionSender, limit = 10_000) {
    this.#link = link;
    this.#values = values;
    this.#functions = functions;
    this.#limit = limit;
  }

  /** The number of the template, which the thread knows afterwards. */
  introduce(template: TaskTemplate, to: PeerId): number {
    let known = this.#known.get(template);
    if (known === undefined) {
      known = { number: this.#next++, peers: new Set() };
      this.#known.set(template, known);
      this.#forgetOldest();
    }
    if (!known.peers.has(to)) {
      known.peers.add(to);
      this.#send(template, known.number, to);
    }
    return known.number;
  }

  peerDied(peer: PeerId): void {
    for (const { peers } of this.#known.values()) peers.delete(peer);
  }

  #send(template: TaskTemplate, number: number, to: PeerId): void {
    const { name, fn, depth, numReturns, resources, pool, namespace, retryExceptions } = template;
    const attachments: Attachment[] = [];
    const of = {
      template: number,
      name,
      fn: this.#functions.toWire(fn, to, attachments),
      depth,
      numReturns,
      retryExceptions: retryToWire(retryExceptions, to, this.#values, attachments),
      resources: resources.toJSON(),
      pool,
      namespace,
    };
    this.#link.toPeer(to, { t: "task.template", of }, attachments);
  }

  /** A forgotten template that is used again is introduced anew, under another number. */
  #forgetOldest(): void {
    if (this.#known.size <= this.#limit) return;
    for (const [template, { number, peers }] of this.#known) {
      this.#known.delete(template);
      for (const peer of peers) this.#link.toPeer(peer, { t: "task.forget", template: number });
      return;
    }
  }
}
