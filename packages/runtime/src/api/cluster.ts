/** What the session has and where the calling code runs. */
import type { Resources } from "../core/resources.ts";
import type { TaskContext } from "../worker/task-context.ts";
import type { ActorHandle } from "./actor-handle.ts";
import { currentRuntime } from "./current-runtime.ts";

/** One node as `nodes()` shows it. */
export interface NodeInfo {
  readonly nodeId: string;
  readonly alive: boolean;
  readonly resources: Resources;
  /** Worker threads that run now. */
  readonly workers: number;
}

/** The nodes of the session. */
export function nodes(): NodeInfo[] {
  return currentRuntime("nodes()").peer.querySync({ what: "nodes" }) as NodeInfo[]; // the node's answer
}

interface ResourcesAnswer {
  readonly total: Resources;
  readonly available: Resources;
}

/** All resources of the session, e.g. `{ CPU: 8, GPU: 1 }`. */
export function clusterResources(): Resources {
  return resourcesNow().total;
}

/** The resources that are free now. A resource that is used up is absent, as in Ray. */
export function availableResources(): Resources {
  return resourcesNow().available;
}

const resourcesNow = (): ResourcesAnswer =>
  currentRuntime("clusterResources()").peer.querySync({ what: "resources" }) as ResourcesAnswer; // the node's answer

/** Bytes of large objects in the store, of all threads, in memory or spilled to disk. */
export function objectStoreBytes(): number {
  return currentRuntime("objectStoreBytes()").peer.usage.usedBytes;
}

/** What code can find out about where it runs. */
export interface RuntimeContext {
  readonly sessionId: string;
  readonly nodeId: string;
  /** Id of the thread: the driver or a worker. */
  readonly workerId: string;
  readonly namespace: string;
  readonly taskId: string | undefined;
  readonly taskName: string | undefined;
  readonly actorId: string | undefined;
  readonly actorName: string | undefined;
  /** A handle to the actor that runs this code. */
  readonly currentActor: ActorHandle | undefined;
  /** Whether the actor was restarted before. */
  readonly wasCurrentActorReconstructed: boolean;
  readonly assignedResources: Resources;
  /** Whether the task was cancelled; code that loops should look. */
  readonly isCanceled: boolean;
  /** Aborted when the task is cancelled; undefined in the driver. */
  readonly signal: AbortSignal | undefined;
  /** The session's seed, when `init` was given one. */
  readonly seed: number | undefined;
}

/** Where the calling code runs: ids, resources, cancellation. */
export function getRuntimeContext(): RuntimeContext {
  const runtime = currentRuntime("getRuntimeContext()");
  const { peer, seed } = runtime;
  const context: TaskContext | undefined = runtime.context;
  const actor = context?.actor;
  return {
    sessionId: peer.seat.sessionId,
    nodeId: peer.seat.nodeId,
    workerId: peer.peerId,
    namespace: runtime.namespace,
    taskId: context?.taskId,
    taskName: context?.name,
    actorId: actor?.actorId,
    actorName: actor?.name,
    get currentActor() {
      if (actor === undefined) return undefined;
      peer.toNode({ t: "actor.handles", actorId: actor.actorId, peer: peer.peerId, times: 1 });
      return peer.actors.receive(actor.actorId, actor.handle);
    },
    wasCurrentActorReconstructed: (actor?.restarts ?? 0) > 0,
    assignedResources: context?.frame.resources ?? {},
    get isCanceled() {
      return context?.isCancelled ?? false;
    },
    get signal() {
      return context?.signal;
    },
    seed,
  };
}
