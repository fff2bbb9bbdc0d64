/**
 * Submits tasks: waits for their arguments, leases workers from the node (one queue for each shape of demand) and
 * sends tasks straight to the leased workers. A lease is used for task after task while there are any, and given back
 * after a while so that others get their turn.
 */
import type { PoolSelector } from "../core/resource-pools.ts";
import type { Resources, ResourceSet } from "../core/resources.ts";
import {
  OutOfMemoryError,
  PlacementGroupRemovedError,
  TaskCancelledError,
  WorkerCrashedError,
} from "../core/errors.ts";
import { Fifo } from "../core/fifo.ts";
import { newId, type LeaseId, type PeerId, type RequestId, type TaskId } from "../core/ids.ts";
import { StoredValue, type Outcome } from "../objects/stored-value.ts";
import type { Attachment } from "../transport/channel.ts";
import type { ExitCause, WireDemand } from "../transport/protocol.ts";
import type { FunctionExport, FunctionSender } from "./function-sender.ts";
import type { Link } from "./link.ts";
import type { ObjectTable } from "./object-table.ts";
import type { Values } from "./values.ts";
import {
  argumentsToWire,
  fail,
  isSettled,
  settle,
  takeRetry,
  whenArgumentsReady,
  type Work,
} from "./work.ts";

export interface Task extends Work {
  readonly fn: FunctionExport;
  readonly resources: ResourceSet;
  readonly pool: PoolSelector | undefined;
  readonly namespace: string;
}

interface Lease {
  readonly leaseId: LeaseId;
  readonly workerId: PeerId;
  readonly since: number;
  running: Task | undefined;
  /** Set by `cancel(ref, { force: true })`: the worker is being ended on purpose. */
  forced: boolean;
}

/** All tasks of one shape of demand. */
interface Shape {
  readonly key: string;
  readonly demand: WireDemand;
  readonly queue: Fifo<Task>;
  readonly leases: Set<Lease>;
  readonly requests: Set<RequestId>;
}

/** Requests under way for one shape; each grant asks for more, so this limits the ramp and not the parallelism. */
const MAX_REQUESTS = 16;
/** How long a lease is reused before it goes back to the node, which may have others waiting. */
const LEASE_MS = 100;

export class TaskSubmitter {
  readonly #link: Link;
  readonly #objects: ObjectTable;
  readonly #values: Values;
  readonly #functions: FunctionSender;
  readonly #shapes = new Map<string, Shape>();
  readonly #requests = new Map<RequestId, Shape>();
  readonly #running = new Map<TaskId, { shape: Shape; lease: Lease }>();
  /** Tasks whose arguments are not ready. */
  readonly #waiting = new Set<Task>();

  constructor(link: Link, objects: ObjectTable, values: Values, functions: FunctionSender) {
    this.#link = link;
    this.#objects = objects;
    this.#values = values;
    this.#functions = functions;
  }

  submit(task: Task): void {
    for (const entry of task.entries) entry.cancel = (options) => this.#cancel(task, options);
    this.#waiting.add(task);
    whenArgumentsReady(task.args, this.#objects, (error) => {
      this.#waiting.delete(task);
      if (error !== undefined) fail(task, error);
      else this.#enqueue(task, false);
    });
  }

  granted(requestId: RequestId, leaseId: LeaseId, workerId: PeerId): void {
    const shape = this.#requests.get(requestId);
    this.#requests.delete(requestId);
    shape?.requests.delete(requestId);
    if (shape === undefined || this.#link.isDead(workerId)) {
      this.#link.toNode({ t: "lease.return", leaseId });
      if (shape !== undefined) this.#pump(shape);
      return;
    }
    const lease: Lease = { leaseId, workerId, since: performance.now(), running: undefined, forced: false };
    shape.leases.add(lease);
    this.#next(shape, lease);
    this.#pump(shape);
  }

  /** The request's placement group is gone. */
  requestFailed(requestId: RequestId, groupId: string): void {
    const shape = this.#requests.get(requestId);
    this.#requests.delete(requestId);
    if (shape === undefined) return;
    shape.requests.delete(requestId);
    for (const task of shape.queue.clear()) {
      const message = `task ${task.name} (${task.taskId}) cannot run: its placement group ${groupId} was removed`;
      fail(task, new PlacementGroupRemovedError(message, { taskId: task.taskId, placementGroupId: groupId }));
    }
  }

  /** A worker finished a task. Returns false when the task is not one of these. */
  done(taskId: TaskId, outcomes: readonly Outcome[]): boolean {
    const running = this.#running.get(taskId);
    if (running === undefined) return false;
    const { shape, lease } = running;
    this.#running.delete(taskId);
    const task = lease.running;
    lease.running = undefined;
    for (const outcome of outcomes) if (outcome.ok) outcome.value.own(this.#link.usage);
    if (task !== undefined) settle(task, outcomes);
    this.#next(shape, lease);
    return true;
  }

  retrying(taskId: TaskId): boolean {
    const task = this.#running.get(taskId)?.lease.running;
    if (task !== undefined) takeRetry(task);
    return task !== undefined;
  }

  peerDied(peer: PeerId, cause: ExitCause): void {
    for (const shape of this.#shapes.values()) {
      for (const lease of shape.leases) {
        if (lease.workerId !== peer) continue;
        shape.leases.delete(lease);
        const task = lease.running;
        if (task === undefined) continue;
        this.#running.delete(task.taskId);
        if (isSettled(task)) continue;
        if (!lease.forced && takeRetry(task)) this.#enqueue(task, true);
        else fail(task, crashed(task, peer, cause));
      }
      this.#pump(shape);
    }
  }

  /** Fails everything that is not finished. */
  abandon(error: (name: string) => Error): void {
    const tasks = [...this.#waiting];
    for (const shape of this.#shapes.values()) {
      tasks.push(...shape.queue.clear());
      for (const lease of shape.leases) if (lease.running !== undefined) tasks.push(lease.running);
    }
    for (const task of tasks) fail(task, error(task.name));
    this.#shapes.clear();
    this.#running.clear();
    this.#waiting.clear();
  }

  #enqueue(task: Task, first: boolean): void {
    if (isSettled(task)) return;
    const shape = this.#shapeOf(task);
    if (first) shape.queue.unshift([task]);
    else shape.queue.push(task);
    this.#pump(shape);
  }

  #shapeOf(task: Task): Shape {
    const { resources, pool, depth } = task;
    const key = `${resources.key()}|${depth}|${pool?.placementGroup ?? ""}|${pool?.bundleIndex ?? ""}`;
    let shape = this.#shapes.get(key);
    if (shape === undefined) {
      const demand = { resources: resources.toJSON(), pool, depth, name: task.name };
      shape = { key, demand, queue: new Fifo(), leases: new Set(), requests: new Set() };
      this.#shapes.set(key, shape);
    }
    return shape;
  }

  /** Keeps as many requests at the node as there are tasks to run, within reason. */
  #pump(shape: Shape): void {
    const wanted = Math.min(shape.queue.length, MAX_REQUESTS);
    while (shape.requests.size < wanted) {
      const requestId = newId("req") as RequestId;
      shape.requests.add(requestId);
      this.#requests.set(requestId, shape);
      this.#link.toNode({ t: "lease.request", requestId, demand: shape.demand });
    }
    if (shape.queue.length > 0) return;
    for (const requestId of shape.requests) {
      this.#requests.delete(requestId);
      this.#link.toNode({ t: "lease.cancel", requestId });
    }
    shape.requests.clear();
    if (shape.leases.size === 0) this.#shapes.delete(shape.key);
  }

  #next(shape: Shape, lease: Lease): void {
    let task = shape.queue.shift();
    while (task !== undefined && isSettled(task)) task = shape.queue.shift(); // cancelled while queued
    if (task !== undefined && !lease.forced && performance.now() - lease.since < LEASE_MS) {
      return this.#push(task, shape, lease);
    }
    if (task !== undefined) shape.queue.unshift([task]);
    shape.leases.delete(lease);
    this.#link.toNode({ t: "lease.return", leaseId: lease.leaseId });
    this.#pump(shape);
  }

  #push(task: Task, shape: Shape, lease: Lease): void {
    lease.running = task;
    this.#running.set(task.taskId, { shape, lease });
    const to = lease.workerId;
    const attachments: Attachment[] = [];
    this.#link.toPeer(
      to,
      {
        t: "task.push",
        taskId: task.taskId,
        name: task.name,
        fn: this.#functions.toWire(task.fn, to, attachments),
        args: argumentsToWire(task.args, to, this.#values, attachments),
        depth: task.depth,
        numReturns: task.entries.length,
        retries: task.retries,
        retryExceptions: retryToWire(task.retryExceptions, to, this.#values, attachments),
        resources: task.resources.toJSON() satisfies Resources,
        pool: task.pool,
        namespace: task.namespace,
      },
      attachments,
    );
  }

  #cancel(task: Task, options: { force: boolean; recursive: boolean }): void {
    const running = this.#running.get(task.taskId);
    const fields = { taskId: task.taskId };
    if (running === undefined || !options.force) {
      fail(task, new TaskCancelledError(`task ${task.name} (${task.taskId}) was cancelled`, { fields }));
    }
    if (running === undefined) return;
    const { lease } = running;
    if (options.force) {
      lease.forced = true;
      const reason = `cancel(ref, { force: true }) of task ${task.name}`;
      this.#link.toNode({ t: "worker.kill", workerId: lease.workerId, leaseId: lease.leaseId, reason });
    } else {
      this.#link.toPeer(lease.workerId, {
        t: "task.cancel",
        taskId: task.taskId,
        recursive: options.recursive,
      });
    }
  }
}

/** The list of retried error classes travels as a value. */
export function retryToWire(
  retry: boolean | StoredValue,
  to: PeerId,
  values: Values,
  attachments: Attachment[],
): boolean | ReturnType<Values["toWire"]> {
  return retry instanceof StoredValue ? values.toWire(retry, to, attachments) : retry;
}

function crashed(task: Task, workerId: PeerId, cause: ExitCause): Error {
  const fields = { taskId: task.taskId, workerId, exitCode: cause.exitCode };
  const message = `task ${task.name} (${task.taskId}) did not finish: worker ${workerId} ${cause.message}`;
  if (cause.outOfMemory) return new OutOfMemoryError(message, { fields, cause: toError(cause) });
  return new WorkerCrashedError(message, { fields, cause: toError(cause) });
}

/** The uncaught error that ended a thread, made an Error again. */
export function toError(cause: ExitCause): Error | undefined {
  if (cause.error === undefined) return undefined;
  const error = new Error(cause.error.message);
  error.name = cause.error.name;
  if (cause.error.stack !== undefined) error.stack = cause.error.stack;
  return error;
}
