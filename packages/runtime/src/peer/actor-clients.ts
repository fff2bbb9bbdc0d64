/**
 * The actors that this thread has handles of, and its calls to them: in submission order to each actor, straight to
 * the worker where it lives. Creates the actors that it owns where the node places them; keeps what cannot be sent
 * yet, and decides what becomes of calls when an actor restarts or dies.
 */
import { makeHandle, type ActorHandle, type CallSubmitter, type HandleMeta } from "../api/actor-handle.ts";
import type { ActorUpdate, ErrorText } from "../core/actor-directory.ts";
import { TaskCancelledError } from "../core/errors.ts";
import { countOf, isActorOf, type ActorId, type PeerId } from "../core/ids.ts";
import { NOTHING } from "../core/nothing.ts";
import { Failure, type Outcome, type StoredValue } from "../objects/stored-value.ts";
import type { NodeToPeer } from "../transport/protocol.ts";
import { ActorCall, type ActorCallFields } from "./actor-call.ts";
import { ActorClient, type Creation, type Received } from "./actor-client.ts";
import type { ActorTemplate, ActorTemplates } from "./actor-template.ts";
import type { Link } from "./link.ts";
import type { ObjectTable } from "./object-table.ts";
import type { PendingWork } from "./pending-work.ts";
import type { Values } from "./values.ts";
import { argumentsToWire, letGo, whenArgumentsReady, type Arguments } from "./work.ts";

export interface ActorClientsOptions {
  readonly link: Link;
  readonly pending: PendingWork;
  readonly objects: ObjectTable;
  readonly values: () => Values;
  readonly templates: () => ActorTemplates;
  readonly submit: CallSubmitter;
  /** Handles what has arrived from a thread already, before its end is acted upon. */
  readonly drain: (peer: PeerId) => void;
}

export class ActorClients {
  readonly #options: ActorClientsOptions;
  readonly #link: Link;
  /** Actors that this thread has made. */
  #count = 0;
  /** Those that live, by their counts. */
  readonly #own = new Map<number, ActorClient>();
  readonly #borrowed = new Map<ActorId, ActorClient>();
  readonly #collected: FinalizationRegistry<ActorClient | Received>;

  constructor(options: ActorClientsOptions) {
    this.#options = options;
    this.#link = options.link;
    this.#collected = new FinalizationRegistry((counted) => this.#released(counted));
  }

  /** Whether actors live that would end with this thread. */
  get isOwner(): boolean {
    for (const { state } of this.#own.values()) if (state !== "DEAD") return true;
    return false;
  }

  /** Makes an actor that this thread owns. */
  create(creation: Creation): ActorHandle {
    const client = this.own(creation);
    const template = this.numberOf(creation.template);
    this.#link.runToNode({ t: "actor.register", template, first: this.#count - 1, times: 1 });
    return this.handleOf(client);
  }

  /** The same, but the caller has yet to tell the node, and to ask for the handle. */
  own(creation: Creation, name?: string): ActorClient {
    const count = this.#count++;
    const client = new ActorClient(this.#link.peerId, count, creation.template.handle, name);
    client.creation = creation;
    this.#own.set(count, client);
    return client;
  }

  /** The number by which the node knows the template. */
  numberOf(template: ActorTemplate): number {
    return this.#options.templates().numberForNode(template);
  }

  /** The first handle of an own actor. */
  handleOf(client: ActorClient): ActorHandle {
    const handle = makeHandle(client, this.#options.submit);
    client.handles++;
    this.#collected.register(handle, client);
    return handle;
  }

  /** The name was taken: the actor never was. */
  disown(client: ActorClient): void {
    this.#forget(client);
  }

  /** A handle arrived once more. */
  receive(actorId: ActorId, handle: unknown): ActorHandle {
    let client = this.#find(actorId);
    if (client === undefined) {
      const { kind, name } = handle as HandleMeta; // written by `Values.toWire` on the other side
      this.#borrowed.set(actorId, (client = new ActorClient(this.#link.peerId, actorId, kind, name)));
    }
    if (!client.subscribed) {
      client.subscribed = true;
      this.#link.toNode({ t: "actor.subscribe", actorId });
    }
    const { received } = client;
    const known = received?.handle.deref();
    if (received !== undefined && known !== undefined) {
      received.times++;
      return known;
    }
    const made = makeHandle(client, this.#options.submit);
    client.received = { client, handle: new WeakRef(made), times: 1 };
    client.handles++;
    this.#collected.register(made, client.received);
    return made;
  }

  kill(actor: HandleMeta, noRestart: boolean): void {
    const client = clientOf(actor);
    if (client.state === "DEAD") return;
    client.halted = true;
    this.#link.toNode({ t: "actor.kill", actorId: client.actorId, noRestart });
  }

  /** A handle is about to be sent to a thread, which may speak of the actor as soon as it has it. */
  lend(actorId: ActorId, to: PeerId): void {
    this.#link.toNode({ t: "actor.handles", actorId, peer: to, times: 1 });
    this.#link.flushToNode();
  }

  submit(fields: ActorCallFields): void {
    const client = clientOf(fields.actor);
    const call = new ActorCall(fields, client, this);
    client.pendingCalls++;
    const { workerId } = client;
    if (call.ready && client.isOpen && workerId !== undefined) return this.#send(client, call, workerId);
    client.queue.push(call);
    if (call.ready) return this.#flush(client);
    whenArgumentsReady(call.args, this.#options.objects, (error) => {
      if (error !== undefined) this.#fail(call, error);
      call.ready = true;
      this.#flush(client);
    });
  }

  /** The node has places for own actors: they are created there, and called. */
  place({ first, times, workerId, address, incarnation }: Extract<NodeToPeer, { t: "actor.place" }>): void {
    for (let i = 0; i < times; i++) {
      const client = this.#own.get(first + i);
      // One that was killed meanwhile is given up by the node, too, or placed anew.
      if (client?.creation === undefined || client.halted) continue;
      client.workerId = workerId;
      client.address = address + i;
      client.incarnation = incarnation;
      this.#createAt(client, client.creation, workerId, address + i);
    }
  }

  update(update: ActorUpdate): void {
    const client = this.#find(update.actorId);
    if (client === undefined) return;
    const { state, workerId, address, incarnation, cause } = update;
    if (client.workerId !== undefined && client.workerId !== workerId) this.#options.drain(client.workerId);
    const isNew = client.incarnation !== incarnation;
    client.state = state;
    client.workerId = workerId;
    client.address = address;
    client.incarnation = incarnation;
    client.cause = cause;
    if (state === "DEAD" || state === "RESTARTING") client.halted = false;
    if (state === "RESTARTING" || (isNew && state !== "DEAD")) this.#interrupted(client);
    this.#flush(client);
    if (state !== "DEAD") return;
    this.#giveUpCreation(client);
    if (client.handles === 0) this.#forget(client);
  }

  /** The worker answered. */
  done(call: ActorCall, first: Outcome, more: readonly Outcome[]): void {
    call.client.inFlight.remove(call);
    this.#settle(call, first, more);
  }

  cancel(call: ActorCall, recursive: boolean): void {
    const { client, count, taskId, name } = call;
    const wasSent = call.list === client.inFlight;
    this.#fail(
      call,
      new TaskCancelledError(`actor call ${name} (${taskId}) was cancelled`, { fields: { taskId } }),
    );
    if (wasSent && client.workerId !== undefined) {
      this.#link.toPeer(client.workerId, { t: "task.cancel", count, recursive, address: client.address });
    }
    this.#flush(client);
  }

  /** What was not sent to a worker. */
  *unsent(): Iterable<ActorCall> {
    for (const clients of [this.#own, this.#borrowed]) {
      for (const client of clients.values()) if (client.hasQueue) yield* client.queue;
    }
  }

  /** Arguments of constructors that may have to run (again). */
  *creations(): Iterable<Arguments> {
    for (const { creation } of this.#own.values()) if (creation !== undefined) yield creation.args;
  }

  abandon(error: (name: string) => Error): void {
    for (const clients of [this.#own, this.#borrowed]) {
      for (const client of clients.values()) {
        for (const call of client.takeAll()) this.#fail(call, error(call.name));
      }
    }
  }

  #find(actorId: ActorId): ActorClient | undefined {
    const borrowed = this.#borrowed.get(actorId);
    if (borrowed !== undefined || !isActorOf(actorId, this.#link.peerId)) return borrowed;
    return this.#own.get(countOf(actorId));
  }

  #forget(client: ActorClient): void {
    if (client.count === undefined) this.#borrowed.delete(client.actorId);
    else this.#own.delete(client.count);
  }

  /** The object that so many handles were is collected. */
  #released(counted: ActorClient | Received): void {
    const { client, times } = counted instanceof ActorClient ? { client: counted, times: 1 } : counted;
    client.handles--;
    const isDead = client.state === "DEAD";
    if (!isDead) this.#link.toNode({ t: "actor.release", actorId: client.actorId, times });
    // The owner keeps what it may have to create again, until the node says that the actor is dead.
    if (client.handles === 0 && (isDead || client.count === undefined)) this.#forget(client);
  }

  #createAt(client: ActorClient, creation: Creation, workerId: PeerId, address: number): void {
    const { args } = creation;
    if (args.slots.length === 0) return this.#sendCreation(client, creation, workerId);
    whenArgumentsReady(args, this.#options.objects, (error) => {
      if (client.address !== address || client.creation !== creation) return; // dead, or placed anew
      if (error === undefined) this.#sendCreation(client, creation, workerId);
      else this.#link.toNode({ t: "actor.creationFailed", address, error: argumentError(error) });
    });
  }

  /** It will not be created (again). */
  #giveUpCreation(client: ActorClient): void {
    if (client.creation !== undefined) letGo(client.creation.args);
    client.creation = undefined;
  }

  /** Calls may follow at once: they wait where the actor is. */
  #sendCreation(client: ActorClient, { template, args }: Creation, workerId: PeerId): void {
    const { count, name, address, incarnation } = client;
    if (count === undefined) throw new Error(`${client.actorId} is created by a thread that does not own it`);
    const values = this.#options.values();
    const attachments = values.newAttachments();
    this.#link.toPeer(
      workerId,
      {
        t: "actor.create",
        template: this.#options.templates().numberFor(template, workerId),
        count,
        name,
        address,
        incarnation,
        args: argumentsToWire(args, workerId, values, attachments),
      },
      attachments,
    );
    if (template.maxRestarts === 0) this.#giveUpCreation(client);
    client.state = "ALIVE";
    this.#flush(client);
  }

  #flush(client: ActorClient): void {
    const { state, workerId } = client;
    if (state === "DEAD") {
      for (const call of client.takeAll()) {
        this.#options.pending.forget(call);
        this.#fail(call, client.died(call.name));
      }
      return;
    }
    if (client.halted || !client.hasQueue) return;
    const { queue } = client;
    for (let call = queue.first; call !== undefined; call = queue.first) {
      if (call.isSettled) {
        queue.shift(); // cancelled, or an argument failed
        continue;
      }
      if (state === "RESTARTING" && call.retries === 0 && !call.again) {
        queue.shift();
        this.#fail(call, client.unavailable(call.name));
        continue;
      }
      if (state !== "ALIVE" || workerId === undefined || !call.ready) return;
      queue.shift();
      this.#send(client, call, workerId);
    }
  }

  #send(client: ActorClient, call: ActorCall, workerId: PeerId): void {
    client.inFlight.push(call);
    this.#options.pending.expect(call);
    const values = this.#options.values();
    const attachments = values.newAttachments();
    this.#link.toPeer(
      workerId,
      {
        t: "actor.call",
        count: call.count,
        address: client.address,
        method: call.method,
        depth: call.depth,
        numReturns: call.numReturns,
        retries: call.retries,
        retryExceptions: call.retryExceptions,
        args: argumentsToWire(call.args, workerId, values, attachments),
      },
      attachments,
    );
  }

  /** The actor is not where the calls in flight went: they are sent again, in order, or fail. */
  #interrupted(client: ActorClient): void {
    const again: ActorCall[] = [];
    for (const call of client.inFlight.clear()) {
      this.#options.pending.forget(call);
      if (call.isSettled) continue;
      if (call.takeRetry()) {
        call.again = true;
        again.push(call);
      } else this.#fail(call, client.unavailable(call.name));
    }
    client.queue.unshift(again);
  }

  #settle(call: ActorCall, first: Outcome, more: readonly Outcome[]): void {
    if (!call.isSettled) call.client.pendingCalls--;
    call.settle(first, more);
  }

  #fail(call: ActorCall, error: Error | StoredValue): void {
    this.#settle(call, new Failure(error), NOTHING);
  }
}

function clientOf(actor: HandleMeta): ActorClient {
  if (actor instanceof ActorClient) return actor;
  throw new Error(`${actor.actorId} has no record in this thread`);
}

/** Why an actor could not be made, for the node. */
function argumentError(error: Error | StoredValue): ErrorText {
  const text = { name: "Error", message: "an argument of the constructor failed", stack: undefined };
  if (error instanceof Error) return { ...text, message: error.message };
  const { bytes, buffers, tracked } = error.encoded;
  return buffers.length === 0 && tracked.length === 0 ? { ...text, value: bytes } : text;
}
