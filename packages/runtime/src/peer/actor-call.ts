/** One call to an actor. */
import type { HandleTarget } from "../api/actor-handle.ts";
import type { Linked, LinkedList } from "../core/linked-list.ts";
import type { ActorClient } from "./actor-client.ts";
import type { ActorClients } from "./actor-clients.ts";
import { Work, type WorkFields } from "./work.ts";

export interface ActorCallFields extends WorkFields {
  readonly name: string;
  readonly handle: object;
  readonly actor: HandleTarget;
  readonly method: number;
  readonly depth: number;
  readonly retryExceptions: boolean;
}

export class ActorCall extends Work implements Linked<ActorCall> {
  readonly name: string;
  /** The actor must not go out of scope before the call is done. */
  readonly handle: object;
  readonly client: ActorClient;
  readonly method: number;
  readonly depth: number;
  readonly retryExceptions: boolean;
  /** Arguments have their values. */
  ready: boolean;
  /** Was under way when the actor died, and paid an attempt to be sent again. */
  again = false;
  before: ActorCall | undefined;
  after: ActorCall | undefined;
  list: LinkedList<ActorCall> | undefined;
  readonly #clients: ActorClients;

  constructor(fields: ActorCallFields, client: ActorClient, clients: ActorClients) {
    super(fields);
    this.name = fields.name;
    this.handle = fields.handle;
    this.client = client;
    this.method = fields.method;
    this.depth = fields.depth;
    this.retryExceptions = fields.retryExceptions;
    this.ready = fields.args.slots.length === 0;
    this.#clients = clients;
  }

  cancel({ recursive }: { readonly recursive: boolean }): void {
    this.#clients.cancel(this, recursive);
  }
}
