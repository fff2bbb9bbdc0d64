/**
 * Calls to actors from this thread: in submission order to each actor, straight to the worker where it lives. Knows
 * each actor's state from the node; keeps what cannot be sent yet, and decides what becomes of calls when the actor
 * restarts or dies.
 */
import {
  makeHandle,
  type ActorHandle,
  type ActorHold,
  type CallSubmitter,
  type HandleMeta,
} from "../api/actor-handle.ts";
import type { ActorUpdate, DeathCause } from "../core/actor-directory.ts";
import { ActorDiedError, ActorUnavailableError, TaskCancelledError } from "../core/errors.ts";
import { Fifo } from "../core/fifo.ts";
import type { ActorId, PeerId } from "../core/ids.ts";
import type { Outcome, StoredValue } from "../objects/stored-value.ts";
import { decode } from "../serialization/codec.ts";
import { LinkedList, type Linked } from "../core/linked-list.ts";
import type { Link } from "./link.ts";
import type { ObjectTable } from "./object-table.ts";
import type { PendingWork } from "./pending-work.ts";
import type { Values } from "./values.ts";
import { argumentsToWire, whenArgumentsReady, Work } from "./work.ts";

export interface ActorCallFields extends Pick<Work, "count" | "submitter" | "args" | "entries" | "retries"> {
  readonly name: string;
  readonly hold: ActorHold;
  readonly method: number;
  readonly depth: number;
  readonly retryExceptions: boolean;
}

/** One call to an actor. */
export class ActorCall extends Work implements Linked<ActorCall> {
  readonly name: string;
  readonly hold: ActorHold;
  readonly method: number;
  readonly depth: number;
  readonly retryExceptions: boolean;
  /** Arguments have their values. */
  ready: boolean;
  /** Was under way when the actor died, and paid an attempt to be sent again. */
  again = false;
  client: Client | undefined;
  before: ActorCall | undefined;
  after: ActorCall | undefined;
  list: LinkedList<ActorCall> | undefined;
  readonly #clients: ActorClients;

  constructor(fields: ActorCallFields, clients: ActorClients) {
    super(fields);
    this.name = fields.name;
    this.hold = fields.hold;
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

/** Sends the creation to the worker where the actor was placed; kept by the owner until the actor is dead. */
export type SendCreation = (workerId: PeerId, incarnation: number) => void;

/** This thread's count of an actor: how many times a handle was handed to it since the hold was made. */
export interface Held {
  readonly actorId: ActorId;
  readonly hold: WeakRef<ActorHold>;
  times: number;
}

export interface Client {
  readonly actorId: ActorId;
  readonly meta: HandleMeta;
  update: ActorUpdate;
  subscribed: boolean;
  held: Held;
  readonly queue: Fifo<ActorCall>;
  /** Sent and not answered, in order. */
  readonly inFlight: LinkedList<ActorCall>;
  create: SendCreation | undefined;
  /** This thread killed the actor: its later calls wait for the node's word instead of racing the end. */
  halted: boolean;
}

export class ActorClients {
  readonly #link: Link;
  readonly #pending: PendingWork;
  readonly #objects: ObjectTable;
  readonly #values: () => Values;
  readonly #submit: CallSubmitter;
  readonly #drain: (peer: PeerId) => void;
  readonly #clients = new Map<ActorId, Client>();
  readonly #collected: FinalizationRegistry<Held>;

  constructor(
    link: Link,
    pending: PendingWork,
    objects: ObjectTable,
    values: () => Values,
    submit: CallSubmitter,
    /** Handles what has arrived from a thread already, before its end is acted upon. */
    drain: (peer: PeerId) => void,
  ) {
    this.#link = link;
    this.#pending = pending;
    this.#objects = objects;
    this.#values = values;
    this.#submit = submit;
    this.#drain = drain;
    this.#collected = new FinalizationRegistry((held) => this.#released(held));
  }

  /** An actor that this thread just registered and owns. */
  own(meta: HandleMeta, create: SendCreation): ActorHandle {
    const client = this.#newClient(meta);
    client.subscribed = true; // the owner is from the start
    client.create = create;
    return this.#handle(client);
  }

  /** The name was taken: the actor never was. */
  disown(actorId: ActorId): void {
    this.#clients.delete(actorId);
  }

  /** A handle arrived once more. */
  receive(actorId: ActorId, handle: unknown): ActorHandle {
    const meta = handle as HandleMeta; // written by `Values.toWire` on the other side
    const known = this.#clients.get(actorId);
    const client = known ?? this.#newClient(meta);
    if (known !== undefined) {
      if (known.held.hold.deref() === undefined) known.held = this.#newHold(actorId);
      else known.held.times++;
    }
    if (!client.subscribed) {
      client.subscribed = true;
      this.#link.toNode({ t: "actor.subscribe", actorId });
    }
    return this.#handle(client);
  }

  kill(actorId: ActorId, noRestart: boolean): void {
    const client = this.#clients.get(actorId);
    if (client === undefined || client.update.state === "DEAD") return;
    client.halted = true;
    this.#link.toNode({ t: "actor.kill", actorId, noRestart });
  }

  /** A handle is about to be sent to a thread. */
  lend(actorId: ActorId, to: PeerId): void {
    this.#link.toNode({ t: "actor.handles", actorId, peer: to, times: 1 });
  }

  submit(fields: ActorCallFields): void {
    const client = this.#clients.get(fields.hold.actorId);
    if (client === undefined) throw new Error(`no client for ${fields.hold.actorId}`);
    const call = new ActorCall(fields, this);
    call.client = client;
    for (const entry of call.entries) entry.maker = call;
    call.hold.pendingCalls++;
    const { state, workerId } = client.update;
    if (
      call.ready &&
      state === "ALIVE" &&
      workerId !== undefined &&
      client.queue.length === 0 &&
      !client.halted
    ) {
      return this.#send(client, call, workerId);
    }
    client.queue.push(call);
    if (call.ready) return this.#flush(client);
    whenArgumentsReady(call.args, this.#objects, (error) => {
      if (error !== undefined) this.#fail(call, error);
      call.ready = true;
      this.#flush(client);
    });
  }

  place(actorId: ActorId, workerId: PeerId, incarnation: number): void {
    this.#clients.get(actorId)?.create?.(workerId, incarnation);
  }

  update(update: ActorUpdate): void {
    const client = this.#clients.get(update.actorId);
    if (client === undefined) return;
    const before = client.update;
    if (before.workerId !== undefined && before.workerId !== update.workerId) this.#drain(before.workerId);
    client.update = update;
    if (update.state === "DEAD" || update.state === "RESTARTING") client.halted = false;
    if (update.state === "RESTARTING" || before.incarnation !== update.incarnation) this.#interrupted(client);
    if (update.state === "DEAD") client.create = undefined;
    this.#flush(client);
    if (update.state === "DEAD" && client.held.hold.deref() === undefined)
      this.#clients.delete(client.actorId);
  }

  /** The worker answered. */
  done(call: ActorCall, outcomes: readonly Outcome[]): void {
    call.client?.inFlight.remove(call);
    this.#settle(call, outcomes);
  }

  abandon(error: (name: string) => Error): void {
    for (const client of this.#clients.values()) {
      for (const call of [...client.inFlight.clear(), ...client.queue.clear()])
        this.#fail(call, error(call.name));
    }
  }

  #newClient(meta: HandleMeta): Client {
    const { actorId } = meta;
    const client: Client = {
      actorId,
      meta,
      update: {
        actorId,
        state: "PENDING_CREATION",
        workerId: undefined,
        address: 0,
        incarnation: 0,
        cause: undefined,
      },
      subscribed: false,
      held: this.#newHold(actorId),
      queue: new Fifo(),
      inFlight: new LinkedList(),
      create: undefined,
      halted: false,
    };
    this.#clients.set(actorId, client);
    return client;
  }

  #newHold(actorId: ActorId): Held {
    const hold: ActorHold = { actorId, pendingCalls: 0 };
    const held: Held = { actorId, hold: new WeakRef(hold), times: 1 };
    this.#collected.register(hold, held);
    return held;
  }

  #handle(client: Client): ActorHandle {
    let hold = client.held.hold.deref();
    if (hold === undefined) {
      client.held = this.#newHold(client.actorId);
      // A fresh WeakRef keeps its target for the rest of this turn.
      hold = client.held.hold.deref();
    }
    if (hold === undefined) throw new Error(`the hold of ${client.actorId} vanished`);
    return makeHandle(client.meta, hold, this.#submit);
  }

  #released(held: Held): void {
    const { actorId, times } = held;
    this.#link.toNode({ t: "actor.handles", actorId, peer: this.#link.peerId, times: -times });
    const client = this.#clients.get(actorId);
    if (client?.held === held && client.create === undefined) this.#clients.delete(actorId);
  }

  #flush(client: Client): void {
    const { state, workerId } = client.update;
    if (state === "DEAD") {
      for (const call of [...client.inFlight.clear(), ...client.queue.clear()]) {
        this.#pending.forget(call);
        this.#fail(call, died(call, client));
      }
      return;
    }
    if (client.halted) return;
    for (let call = client.queue.peek(); call !== undefined; call = client.queue.peek()) {
      if (call.isSettled) {
        client.queue.shift(); // cancelled, or an argument failed
        continue;
      }
      if (state === "RESTARTING" && call.retries === 0 && !call.again) {
        client.queue.shift();
        this.#fail(call, unavailable(call, client, client.update.cause));
        continue;
      }
      if (state !== "ALIVE" || workerId === undefined || !call.ready) return;
      client.queue.shift();
      this.#send(client, call, workerId);
    }
  }

  #send(client: Client, call: ActorCall, workerId: PeerId): void {
    client.inFlight.push(call);
    this.#pending.expect(call);
    const values = this.#values();
    const attachments = values.newAttachments();
    this.#link.toPeer(
      workerId,
      {
        t: "actor.call",
        count: call.count,
        address: client.update.address,
        method: call.method,
        depth: call.depth,
        numReturns: call.entries.length,
        retries: call.retries,
        retryExceptions: call.retryExceptions,
        args: argumentsToWire(call.args, workerId, values, attachments),
      },
      attachments,
    );
  }

  /** The actor is not where the calls in flight went: they are sent again, in order, or fail. */
  #interrupted(client: Client): void {
    const again: ActorCall[] = [];
    for (const call of client.inFlight.clear()) {
      this.#pending.forget(call);
      if (call.isSettled) continue;
      if (call.takeRetry()) {
        call.again = true;
        again.push(call);
      } else this.#fail(call, unavailable(call, client, client.update.cause));
    }
    client.queue.unshift(again);
  }

  cancel(call: ActorCall, recursive: boolean): void {
    const { client, count, taskId, name } = call;
    if (client === undefined) return;
    const wasSent = call.list === client.inFlight;
    this.#fail(
      call,
      new TaskCancelledError(`actor call ${name} (${taskId}) was cancelled`, { fields: { taskId } }),
    );
    const { workerId } = client.update;
    if (wasSent && workerId !== undefined) {
      this.#link.toPeer(workerId, { t: "task.cancel", count, recursive });
    }
    this.#flush(client);
  }

  #settle(call: ActorCall, outcomes: readonly Outcome[]): void {
    if (!call.isSettled) call.hold.pendingCalls--;
    call.settle(outcomes);
  }

  #fail(call: ActorCall, error: Error | StoredValue): void {
    this.#settle(call, [{ ok: false, error }]);
  }
}

const describe = (client: Client): string => {
  const named = client.meta.name === undefined ? "" : ` named ${JSON.stringify(client.meta.name)}`;
  return `actor ${client.meta.className}${named} (${client.actorId})`;
};

/** The error that came with a death: the constructor's, decoded when it is asked for. */
function causeOf(cause: DeathCause | undefined): unknown {
  const error = cause?.error;
  if (error === undefined) return undefined;
  if (error.value !== undefined) return decode({ bytes: error.value, buffers: [], tracked: [] });
  return Object.assign(new Error(error.message), { name: error.name, stack: error.stack ?? error.message });
}

function died(call: ActorCall, client: Client): Error {
  const { cause } = client.update;
  const message = `${describe(client)} is dead, so ${call.name} cannot run: ${cause?.message ?? "it ended"}`;
  return new ActorDiedError(message, {
    cause: causeOf(cause),
    fields: { actorId: client.actorId, className: client.meta.className, reason: cause?.kind },
  });
}

function unavailable(call: ActorCall, client: Client, cause: DeathCause | undefined): Error {
  const message =
    `${describe(client)} is restarting (${cause?.message ?? "its worker ended"}); ${call.name} may or may not have ` +
    "run. Set maxTaskRetries to have calls sent again";
  return new ActorUnavailableError(message, {
    cause: causeOf(cause),
    fields: { actorId: client.actorId, className: client.meta.className },
  });
}
