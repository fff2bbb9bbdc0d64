/**
 * The worker: takes its seat in the session, then runs the tasks and hosts the actors that other threads push to it.
 */
import { workerData } from "node:worker_threads";

import "../api/reducers.ts";
import { installRuntime } from "../api/current-runtime.ts";
import { Runtime } from "../api/runtime.ts";
import type { PeerHooks, PeerSeat } from "../peer/peer.ts";
import { Peer } from "../peer/peer.ts";
import type { ChannelEnd } from "../transport/channel-ends.ts";
import { ActorHost } from "./actor-host.ts";
import { Code } from "./code.ts";
import type { CompiledCode } from "./compiled-code.ts";
import { captureOutput, flushOutput } from "./output.ts";
import { rehearse } from "./rehearsal.ts";
import { taskContext, type TaskContext } from "./task-context.ts";
import { TaskExecutor } from "./task-executor.ts";

/** What the node passes to a new worker. */
export interface WorkerSeat {
  readonly seat: PeerSeat;
  readonly nodeEnd: ChannelEnd;
  readonly code: CompiledCode;
}

const { seat, nodeEnd } = workerData as WorkerSeat; // passed by the node's worker pool
let hasWork = false;

const hooks: PeerHooks = {
  onPeerMessage(from, message, attachments, place) {
    hasWork = true;
    switch (message.t) {
      case "task.push":
        if (place === undefined) throw new Error("a worker sent a task to itself");
        return executor.push(from, message, attachments, place);
      case "task.template":
        return executor.learn(from, message.template, message.of, attachments);
      case "task.forget":
        return executor.forget(from, message.template);
      case "actor.template":
        return host.learn(from, message.template, message.of, attachments);
      case "actor.forget":
        return host.forget(from, message.template);
      case "actor.create":
        return host.create(from, message, attachments);
      case "actor.call":
        return host.call(from, message, attachments);
      case "task.cancel":
        if (message.address === undefined) executor.cancel(from, message.count, message.recursive);
        else host.cancel(from, message.address, message.count, message.recursive);
        return;
      default:
    }
  },
  onNodeMessage(message) {
    if (message.t === "actor.drop") host.drop(message.address);
    else if (message.t === "actor.leave") host.leave(message.address);
    else if (message.t === "worker.retire")
      peer.toNode({ t: "worker.retire", agreed: !peer.objects.isOwner && !peer.actors.isOwner });
  },
  onPeerDied: (peer) => {
    executor.peerDied(peer);
    host.peerDied(peer);
  },
  // A callback from outside may have lost its context; what waits then is the task that runs.
  onWait: () => beginWait(taskContext.getStore() ?? executor.current),
  taskSignal: () => taskContext.getStore()?.signal,
  submitCall: (...call) => runtime.submitCall(...call),
  onLog: () => undefined,
  onWarning: () => undefined,
};

/** A task that waits gives its CPU back; an actor keeps what it has, as in Ray. */
function beginWait(context: TaskContext | undefined): () => void {
  if (context === undefined || context.actor !== undefined) return () => undefined;
  if (context.waits++ === 0) peer.toNode({ t: "worker.blocked" });
  return () => {
    if (--context.waits === 0) peer.toNode({ t: "worker.unblocked" });
  };
}

const peer = new Peer(seat, nodeEnd, hooks);
const code = new Code();
const executor = new TaskExecutor(peer, code);
const host = new ActorHost(peer, code);
const runtime = new Runtime(peer, () => taskContext.getStore());
installRuntime(runtime);

captureOutput(seat.peerId, (record) => peer.toNode({ t: "log", record }));
process.on("exit", () => {
  flushOutput();
  peer.inbox.flush();
});
/** Most modules of the user's import it. */
const thisPackage = new URL("../main/index.mjs", import.meta.url).href;
/** Whether the thread had the time for all of it. A rehearsal that fails is nothing to real work. */
export const rehearsed: Promise<boolean> = rehearse(peer, () => hasWork, thisPackage).catch(() => false);

/** Tells the node that nothing is left to do before work. */
export function ready(): void {
  peer.toNode({ t: "worker.ready" });
}
