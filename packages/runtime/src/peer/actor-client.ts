/** What this thread knows of one actor, and its calls to it. One record for each actor: as small as can be. */
import type { ActorHandle, HandleKind, HandleTarget } from "../api/actor-handle.ts";
import type { ActorState, DeathCause } from "../core/actor-directory.ts";
import { ActorDiedError, ActorUnavailableError } from "../core/errors.ts";
import { actorIdOf, type ActorId, type PeerId } from "../core/ids.ts";
import { LinkedList } from "../core/linked-list.ts";
import { decode } from "../serialization/codec.ts";
import type { ActorCall } from "./actor-call.ts";
import type { ActorTemplate } from "./actor-template.ts";
import type { Arguments } from "./work.ts";

/**
 * What this thread counts as handed to it by others: handles of an actor that share an object, until that object is
 * collected. The owner's first handle is counted by the client itself.
 */
export interface Received {
  readonly client: ActorClient;
  readonly handle: WeakRef<ActorHandle>;
  times: number;
}

/** What the owner sends to the worker where the actor is placed. */
export interface Creation {
  readonly template: ActorTemplate;
  readonly args: Arguments;
}

export class ActorClient implements HandleTarget {
  readonly kind: HandleKind;
  readonly name: string | undefined;
  state: ActorState = "PENDING_CREATION";
  /** Where calls go. */
  workerId: PeerId | undefined;
  address = 0;
  /** Counts the times that the constructor was run. */
  incarnation = 0;
  cause: DeathCause | undefined;
  /** Calls without results yet. */
  pendingCalls = 0;
  /** The object that handles which arrive become. */
  received: Received | undefined;
  /** Objects that are handles of the actor in this thread. */
  handles = 0;
  /** Kept by the owner as long as the actor may have to be created (again). */
  creation: Creation | undefined;
  /** The node tells this thread what becomes of the actor. */
  subscribed: boolean;
  /** This thread killed the actor: its later calls wait for the node's word instead of racing the end. */
  halted = false;
  readonly #thread: PeerId;
  readonly #id: ActorId | number;
  #queue: LinkedList<ActorCall> | undefined;
  #inFlight: LinkedList<ActorCall> | undefined;

  /** @param id the actor's, or its count among the actors of this thread, which then owns it */
  constructor(thread: PeerId, id: ActorId | number, kind: HandleKind, name: string | undefined) {
    this.#thread = thread;
    this.#id = id;
    this.kind = kind;
    this.name = name;
    this.subscribed = typeof id === "number"; // the owner is from the start
  }

  get actorId(): ActorId {
    return typeof this.#id === "number" ? actorIdOf(this.#thread, this.#id) : this.#id;
  }

  /** Among the actors of this thread; undefined when another one owns it. */
  get count(): number | undefined {
    return typeof this.#id === "number" ? this.#id : undefined;
  }

  /** Calls that were not sent, in order. */
  get queue(): LinkedList<ActorCall> {
    return (this.#queue ??= new LinkedList());
  }

  /** Sent and not answered, in order. */
  get inFlight(): LinkedList<ActorCall> {
    return (this.#inFlight ??= new LinkedList());
  }

  /** Whether a call that is made now may be sent now. */
  get isOpen(): boolean {
    return this.state === "ALIVE" && !this.halted && !this.hasQueue;
  }

  /** Whether calls wait to be sent. */
  get hasQueue(): boolean {
    return this.#queue?.isEmpty === false;
  }

  /** Takes all calls out, those that were sent first. */
  takeAll(): ActorCall[] {
    return [...(this.#inFlight?.clear() ?? []), ...(this.#queue?.clear() ?? [])];
  }

  died(callName: string): Error {
    const { cause, actorId, kind } = this;
    const message = `${this.#described} is dead, so ${callName} cannot run: ${cause?.message ?? "it ended"}`;
    return new ActorDiedError(message, {
      cause: errorOf(cause),
      fields: { actorId, className: kind.className, reason: cause?.kind },
    });
  }

  unavailable(callName: string): Error {
    const { cause, actorId, kind } = this;
    const message =
      `${this.#described} is restarting (${cause?.message ?? "its worker ended"}); ${callName} may or may not have ` +
      "run. Set maxTaskRetries to have calls sent again";
    return new ActorUnavailableError(message, {
      cause: errorOf(cause),
      fields: { actorId, className: kind.className },
    });
  }

  get #described(): string {
    const named = this.name === undefined ? "" : ` named ${JSON.stringify(this.name)}`;
    return `actor ${this.kind.className}${named} (${this.actorId})`;
  }
}

/** The error that came with a death: the constructor's, decoded when it is asked for. */
function errorOf(cause: DeathCause | undefined): unknown {
  const error = cause?.error;
  if (error === undefined) return undefined;
  if (error.value !== undefined) return decode({ bytes: error.value, buffers: [], tracked: [] });
  return Object.assign(new Error(error.message), { name: error.name, stack: error.stack ?? error.message });
}
