/**
 * The actors that live in this worker: one in a thread of its own, or many in a shared one. Calls of an actor begin in
 * the order in which they arrived; an actor without async methods runs them one at a time. Actors that have something
 * to do take turns.
 */
import { now } from "../core/clock.ts";
import { ActorDiedError } from "../core/errors.ts";
import { Fifo } from "../core/fifo.ts";
import type { PeerId } from "../core/ids.ts";
import { Introduced } from "../peer/introductions.ts";
import type { Peer } from "../peer/peer.ts";
import type { Attachment } from "../transport/channel.ts";
import type { PeerToPeer, WireActorTemplate } from "../transport/protocol.ts";
import type { Code } from "./code.ts";
import {
  answerError,
  cancelTask,
  decodeArguments,
  execute,
  holdArguments,
  letGo,
  prepareArguments,
  storeError,
  type HeldArguments,
} from "./execution.ts";
import { ActorExit } from "./actor-exit.ts";
import { HostedActor, HostedCall } from "./hosted-actor.ts";

type Create = Extract<PeerToPeer, { t: "actor.create" }>;
type Call = Extract<PeerToPeer, { t: "actor.call" }>;

/** How long calls run back to back before the thread looks at its messages again. */
const SLICE_MS = 10;

export class ActorHost {
  readonly #peer: Peer;
  readonly #code: Code;
  readonly #actors = new Map<number, HostedActor>();
  readonly #templates = new Introduced<WireActorTemplate>();
  /** Actors that have something to do, in the order of their turns. */
  readonly #turns = new Fifo<HostedActor>();
  readonly #takeTurnsLater = (): void => this.#takeTurns();
  readonly #judge = (error: unknown, call: HostedCall): unknown =>
    error instanceof ActorExit ? this.#leftBy(call) : error;
  #scheduled = false;

  constructor(peer: Peer, code: Code) {
    this.#peer = peer;
    this.#code = code;
  }

  learn(from: PeerId, number: number, of: WireActorTemplate, attachments: readonly Attachment[]): void {
    if (of.cls.value !== undefined) {
      this.#code.receive(of.cls.id, this.#peer.values.fromWire(of.cls.value, attachments));
    }
    this.#templates.learn(from, number, of);
  }

  forget(from: PeerId, template: number): void {
    this.#templates.forget(from, template);
  }

  peerDied(peer: PeerId): void {
    this.#templates.peerDied(peer);
  }

  create(from: PeerId, message: Create, attachments: readonly Attachment[]): void {
    const template = this.#templates.get(from, message.template);
    const args = holdArguments(message.args, attachments, this.#peer);
    const actor = new HostedActor(from, message, template, args);
    this.#actors.set(actor.address, actor);
    this.#awaitTurn(actor);
  }

  call(from: PeerId, message: Call, attachments: readonly Attachment[]): void {
    const actor = this.#actors.get(message.address);
    const args = holdArguments(message.args, attachments, this.#peer);
    // Gone, or made anew since the call was sent: the caller hears of it from the node, and decides what becomes of it.
    if (actor === undefined) return letGo(args);
    actor.push(new HostedCall(from, message, actor, args, this.#judge));
    this.#awaitTurn(actor);
  }

  cancel(from: PeerId, address: number, count: number, recursive: boolean): void {
    const context = this.#actors.get(address)?.find(from, count);
    if (context !== undefined) cancelTask(context, recursive, this.#peer);
  }

  /** Ends one actor of a shared thread; what it has queued is dropped: callers learn it from the node. */
  drop(address: number): void {
    const actor = this.#actors.get(address);
    if (actor === undefined) return;
    this.#actors.delete(address);
    actor.end();
  }

  /** All handles are gone, so no calls can be under way: the actor leaves. */
  leave(address: number): void {
    const actor = this.#actors.get(address);
    if (actor !== undefined) this.#exit(actor, "out-of-scope");
  }

  /** The actor goes on after this turn of the event loop: user code never runs on the channel's stack. */
  #awaitTurn(actor: HostedActor): void {
    if (actor.waitsForTurn || !actor.isFree) return;
    actor.waitsForTurn = true;
    this.#turns.push(actor);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#takeTurnsLater);
  }

  #takeTurns(): void {
    const sliceEnd = now() + SLICE_MS;
    for (let actor = this.#turns.shift(); actor !== undefined; actor = this.#turns.shift()) {
      actor.waitsForTurn = false;
      this.#run(actor, sliceEnd);
      if (this.#turns.length > 0 && now() > sliceEnd) {
        setImmediate(this.#takeTurnsLater);
        return;
      }
    }
    this.#scheduled = false;
  }

  #run(actor: HostedActor, sliceEnd: number): void {
    if (actor.args !== undefined) this.#construct(actor, actor.args);
    if (actor.instance === undefined) return;
    while (!actor.gone && actor.isFree) {
      const next = actor.shift();
      if (next === undefined) return;
      const preparing = prepareArguments(next.args);
      if (preparing !== undefined) {
        // Later calls do not begin before this one. Decoding reports what could not be loaded.
        const go = (): void => {
          actor.isLoading = false;
          if (actor.gone) return;
          this.#begin(actor, next);
          this.#awaitTurn(actor);
        };
        actor.isLoading = true;
        void preparing.then(go, go);
        return;
      }
      this.#begin(actor, next);
      if (now() > sliceEnd) return this.#awaitTurn(actor);
    }
  }

  /** Runs the constructor; later when its class or arguments have to be loaded first. */
  #construct(actor: HostedActor, args: HeldArguments): void {
    actor.args = undefined;
    const { cls, handle } = actor.template;
    try {
      const loaded = this.#code.load(cls.id, handle.className);
      const preparing = prepareArguments(args);
      if (preparing === undefined && typeof loaded === "function") return this.#make(actor, loaded, args);
      const ready = Promise.all([loaded, preparing]);
      void ready.then(
        ([known]) => {
          if (actor.gone) return;
          this.#make(actor, known, args);
          this.#awaitTurn(actor);
        },
        (error: unknown) => this.#failed(actor, error),
      );
    } catch (error) {
      this.#failed(actor, error);
    }
  }

  #make(actor: HostedActor, cls: Function, args: HeldArguments): void {
    try {
      actor.construct(cls, decodeArguments(args), this.#peer.peerId);
      this.#peer.runToNode({ t: "actor.created", first: actor.address, times: 1 });
    } catch (error) {
      this.#failed(actor, error);
    }
    letGo(args);
  }

  #failed(actor: HostedActor, raised: unknown): void {
    const { address } = actor;
    this.drop(address);
    const { encoded } = storeError(raised, this.#peer);
    const plain = encoded.tracked.length === 0 && encoded.buffers.length === 0;
    const { name, message, stack } = raised instanceof Error ? raised : new Error(String(raised));
    const error = { name, message, stack, value: plain ? encoded.bytes : undefined };
    this.#peer.toNode({ t: "actor.creationFailed", address, error });
  }

  #begin(actor: HostedActor, call: HostedCall): void {
    const { context } = call;
    if (context.isCancelled) {
      answerError(this.#peer, context, context.signal.reason);
      return letGo(call.args);
    }
    actor.current = context;
    const unfinished = execute(call, this.#peer);
    actor.current = undefined;
    if (unfinished === undefined) return;
    actor.underWay.add(context);
    void unfinished.then(() => {
      actor.underWay.delete(context);
      this.#awaitTurn(actor);
    });
  }

  /** `exitActor()` ends the actor instead of failing the call as an exception would. */
  #leftBy({ actor, context }: HostedCall): ActorExit {
    this.#exit(actor, "exited");
    const { actorId, className } = actor;
    const message = `actor ${className} (${actorId}) ended itself with exitActor() in ${context.name}`;
    return new ActorExit(new ActorDiedError(message, { fields: { actorId, className, reason: "exited" } }));
  }

  #exit(actor: HostedActor, reason: "exited" | "out-of-scope"): void {
    const { address } = actor;
    this.drop(address);
    this.#peer.inbox.flush(); // results go out before the node hears of the end
    this.#peer.toNode({ t: "actor.exited", address, reason });
  }
}
