/** What code that runs in a task or actor method can find out about itself, and what the runtime tracks for it. */
import { AsyncLocalStorage } from "node:async_hooks";

import type { HandleMeta } from "../api/actor-handle.ts";
import { now } from "../core/clock.ts";
import { TaskCancelledError } from "../core/errors.ts";
import { taskIdOf, type ActorId, type PeerId, type TaskId } from "../core/ids.ts";
import type { PoolSelector } from "../core/resource-pools.ts";
import type { Resources } from "../core/resources.ts";

export interface ContextActor {
  readonly actorId: ActorId;
  readonly className: string;
  readonly name: string | undefined;
  /** Times that the constructor ran before this one. */
  readonly restarts: number;
  readonly handle: HandleMeta;
}

/** What all tasks of a function, or all calls of an actor, have in common. */
export interface ContextFrame {
  readonly namespace: string;
  readonly resources: Resources;
  readonly pool: PoolSelector | undefined;
  readonly actor: ContextActor | undefined;
}

export class TaskContext {
  readonly submitter: PeerId;
  /** Among the tasks of the submitter. */
  readonly count: number;
  readonly name: string;
  readonly depth: number;
  readonly frame: ContextFrame;
  /** When it began, in milliseconds of `core/clock.ts`; kept for tasks only. */
  beganAt = 0;
  /** Waits under way; the first one gives the task's CPU back. */
  waits = 0;
  #controller: AbortController | undefined;

  constructor(submitter: PeerId, count: number, name: string, depth: number, frame: ContextFrame) {
    this.submitter = submitter;
    this.count = count;
    this.name = name;
    this.depth = depth;
    this.frame = frame;
  }

  get taskId(): TaskId {
    return taskIdOf(this.submitter, this.count);
  }

  get actor(): ContextActor | undefined {
    return this.frame.actor;
  }

  /** Aborted when the task is cancelled. */
  get signal(): AbortSignal {
    return (this.#controller ??= new AbortController()).signal;
  }

  get isCancelled(): boolean {
    return this.#controller?.signal.aborted === true;
  }

  get tookUs(): number {
    return this.beganAt === 0 ? 0 : Math.ceil((now() - this.beganAt) * 1000);
  }

  cancel(): void {
    const { taskId } = this;
    const reason = new TaskCancelledError(`task ${this.name} (${taskId}) was cancelled`, {
      fields: { taskId },
    });
    (this.#controller ??= new AbortController()).abort(reason);
  }
}

/** The context of the code that runs now. */
export const taskContext: AsyncLocalStorage<TaskContext> = new AsyncLocalStorage();
