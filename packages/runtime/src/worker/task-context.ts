/** What code that runs in a task or actor method can find out about itself, and what the runtime tracks for it. */
import { AsyncLocalStorage } from "node:async_hooks";

import type { HandleMeta } from "../api/actor-handle.ts";
import { TaskCancelledError } from "../core/errors.ts";
import type { ActorId, TaskId } from "../core/ids.ts";
import type { PoolSelector } from "../core/resource-pools.ts";
import type { Resources } from "../core/resources.ts";
import type { ObjectEntry } from "../objects/object-entry.ts";

export interface ContextActor {
  readonly actorId: ActorId;
  readonly className: string;
  readonly name: string | undefined;
  /** Times that the constructor ran before this one. */
  readonly restarts: number;
  readonly handle: HandleMeta;
}

export class TaskContext {
  readonly taskId: TaskId;
  readonly name: string;
  readonly depth: number;
  readonly namespace: string;
  readonly resources: Resources;
  readonly pool: PoolSelector | undefined;
  readonly actor: ContextActor | undefined;
  /** Waits under way; the first one gives the task's CPU back. */
  waits = 0;
  /** Unfinished results of tasks that this one submitted, for recursive cancellation. */
  readonly children: Set<ObjectEntry> = new Set();
  readonly #controller = new AbortController();

  constructor(
    fields: Pick<TaskContext, "taskId" | "name" | "depth" | "namespace" | "resources" | "pool" | "actor">,
  ) {
    this.taskId = fields.taskId;
    this.name = fields.name;
    this.depth = fields.depth;
    this.namespace = fields.namespace;
    this.resources = fields.resources;
    this.pool = fields.pool;
    this.actor = fields.actor;
  }

  /** Aborted when the task is cancelled. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  cancel(recursive: boolean): void {
    const { taskId } = this;
    const reason = new TaskCancelledError(`task ${this.name} (${taskId}) was cancelled`, {
      fields: { taskId },
    });
    this.#controller.abort(reason);
    if (!recursive) return;
    for (const child of this.children) child.cancel?.({ force: false, recursive: true });
  }
}

/** The context of the code that runs now. */
export const taskContext: AsyncLocalStorage<TaskContext> = new AsyncLocalStorage();
