/**
 * Submits tasks: waits for their arguments, leases workers from the node (one queue for each shape of demand) and
 * sends tasks straight to the leased workers.
 *
 * A worker gets as many tasks ahead as it runs in about a millisecond, so that short tasks stream and long ones stay
 * where any worker can have them; what a busy worker has not begun is taken back as soon as another one has nothing
 * to do. A lease without tasks is parked: the next task takes it up again without asking the node, unless the node
 * gave the worker to somebody else meanwhile.
 */
import { now } from "../core/clock.ts";
import {
  OutOfMemoryError,
  PlacementGroupRemovedError,
  TaskCancelledError,
  WorkerCrashedError,
} from "../core/errors.ts";
import { Fifo } from "../core/fifo.ts";
import { newId, slotOf, type LeaseId, type PeerId, type RequestId } from "../core/ids.ts";
import type { Outcome } from "../objects/stored-value.ts";
import type { LeaseBoard } from "../transport/lease-board.ts";
import type { Place } from "../transport/place.ts";
import type { ExitCause, WireDemand } from "../transport/protocol.ts";
import type { Introductions } from "./introductions.ts";
import type { Link } from "./link.ts";
import type { ObjectTable } from "./object-table.ts";
import type { PendingWork } from "./pending-work.ts";
import { Pipeline, type Pace } from "./pipeline.ts";
import type { TaskTemplate } from "./task-template.ts";
import type { Values } from "./values.ts";
import { argumentsToWire, whenArgumentsReady, Work, type WorkFields } from "./work.ts";

export interface TaskFields extends WorkFields {
  readonly template: TaskTemplate;
}

/** One task. */
export class Task extends Work {
  readonly template: TaskTemplate;
  /** Where it runs or is about to. */
  lease: Lease | undefined;
  place = 0;
  readonly #submitter: TaskSubmitter;

  constructor(fields: TaskFields, submitter: TaskSubmitter) {
    super(fields);
    this.template = fields.template;
    this.#submitter = submitter;
  }

  get name(): string {
    return this.template.name;
  }

  cancel(options: { readonly force: boolean; readonly recursive: boolean }): void {
    this.#submitter.cancel(this, options);
  }
}

interface Lease {
  readonly leaseId: LeaseId;
  readonly workerId: PeerId;
  readonly slot: number;
  readonly place: Place;
  readonly shape: Shape;
  readonly since: number;
  readonly pipeline: Pipeline<Task>;
  parked: boolean;
  /** Set by `cancel(ref, { force: true })`: the worker is being ended on purpose. */
  forced: boolean;
}

/** All tasks of one shape of demand. */
interface Shape {
  readonly key: string;
  readonly demand: WireDemand;
  readonly queue: Fifo<Task>;
  readonly leases: Map<PeerId, Lease>;
  readonly requests: Set<RequestId>;
  readonly pace: Pace;
  /** Tasks that were sent to workers. */
  sent: number;
}

/** Requests under way for one shape; each grant asks for more, so this limits the ramp and not the parallelism. */
const MAX_REQUESTS = 16;
/** How long a lease is used before it goes back to the node, when the node has others waiting. */
const LEASE_MS = 100;
/** Requests that nobody needs any more are taken back after a moment: the next tasks may need them again. */
const LINGER_MS = 10;

export class TaskSubmitter {
  readonly #link: Link;
  readonly #pending: PendingWork;
  readonly #board: LeaseBoard;
  readonly #objects: ObjectTable;
  readonly #values: Values;
  readonly #templates: Introductions<TaskTemplate, PeerId>;
  readonly #shapes = new Map<string, Shape>();
  readonly #requests = new Map<RequestId, Shape>();
  readonly #leases = new Map<LeaseId, Lease>();
  /** Tasks whose arguments are not ready. */
  readonly #waiting = new Set<Task>();
  #lingering: NodeJS.Timeout | undefined;

  constructor(
    link: Link,
    pending: PendingWork,
    board: LeaseBoard,
    objects: ObjectTable,
    values: Values,
    templates: Introductions<TaskTemplate, PeerId>,
  ) {
    this.#link = link;
    this.#pending = pending;
    this.#board = board;
    this.#objects = objects;
    this.#values = values;
    this.#templates = templates;
  }

  submit(fields: TaskFields): void {
    const task = new Task(fields, this);
    if (task.args.slots.length === 0) return this.#enqueue(task);
    this.#waiting.add(task);
    whenArgumentsReady(task.args, this.#objects, (error) => {
      this.#waiting.delete(task);
      if (error !== undefined) task.fail(error);
      else this.#enqueue(task);
    });
  }

  granted(requestId: RequestId, leaseId: LeaseId, workerId: PeerId): void {
    const shape = this.#requests.get(requestId);
    this.#requests.delete(requestId);
    shape?.requests.delete(requestId);
    if (shape === undefined || this.#link.isDead(workerId)) {
      this.#link.toNode({ t: "lease.return", leaseId });
      if (shape !== undefined) this.#ask(shape);
      return;
    }
    const place = this.#link.placeAt(workerId);
    const lease: Lease = {
      leaseId,
      workerId,
      slot: slotOf(workerId),
      place,
      shape,
      since: now(),
      pipeline: new Pipeline(place.begun, shape.pace),
      parked: false,
      forced: false,
    };
    shape.leases.set(workerId, lease);
    this.#leases.set(leaseId, lease);
    this.#feed(lease);
    this.#ask(shape);
  }

  /** The node took a parked lease back. */
  reclaimed(leaseId: LeaseId): void {
    const lease = this.#leases.get(leaseId);
    if (lease !== undefined) this.#end(lease);
  }

  /** The request's placement group is gone. */
  requestFailed(requestId: RequestId, groupId: string): void {
    const shape = this.#requests.get(requestId);
    this.#requests.delete(requestId);
    if (shape === undefined) return;
    shape.requests.delete(requestId);
    for (const task of shape.queue.clear()) {
      const message = `task ${task.name} (${task.taskId}) cannot run: its placement group ${groupId} was removed`;
      task.fail(new PlacementGroupRemovedError(message, { taskId: task.taskId, placementGroupId: groupId }));
    }
  }

  /** What was not sent to a worker. */
  *unsent(): Iterable<Task> {
    yield* this.#waiting;
    for (const { queue } of this.#shapes.values()) yield* queue;
  }

  /** A worker finished a task. */
  done(task: Task, first: Outcome, more: readonly Outcome[], tookUs: number): void {
    const { lease } = task;
    task.settle(first, more);
    if (lease === undefined) return;
    task.lease = undefined;
    lease.shape.sent--;
    lease.pipeline.finished(task, tookUs);
    this.#feed(lease);
  }

  peerDied(peer: PeerId, cause: ExitCause): void {
    for (const shape of this.#shapes.values()) {
      const lease = shape.leases.get(peer);
      if (lease === undefined) continue;
      const { begun, rest } = lease.pipeline.clear(lease.place.begun);
      for (const task of [...begun, ...rest]) this.#unsend(task);
      const again: Task[] = [];
      for (const task of begun) {
        if (task.isSettled) continue;
        if (!lease.forced && task.takeRetry()) again.push(task);
        else task.fail(crashed(task, peer, cause));
      }
      this.#end(lease);
      this.#requeue([...again, ...rest]); // what had not begun pays nothing
    }
  }

  /** Fails everything that is not finished. */
  abandon(error: (name: string) => Error): void {
    const tasks = [...this.#waiting];
    for (const shape of this.#shapes.values()) {
      tasks.push(...shape.queue.clear());
      for (const { pipeline, place } of shape.leases.values()) {
        const { begun, rest } = pipeline.clear(place.begun);
        tasks.push(...begun, ...rest);
      }
    }
    for (const task of tasks) task.fail(error(task.name));
    this.#shapes.clear();
    this.#leases.clear();
    this.#waiting.clear();
  }

  cancel(task: Task, options: { readonly force: boolean; readonly recursive: boolean }): void {
    const { lease, taskId, name } = task;
    const cancelled = (): Error =>
      new TaskCancelledError(`task ${name} (${taskId}) was cancelled`, { fields: { taskId } });
    if (lease === undefined) {
      task.fail(cancelled());
      return this.#skipSettled(this.#shapes.get(task.template.shape));
    }
    if (options.force) this.#takeBack(lease);
    if (task.lease === undefined) {
      task.fail(cancelled()); // it had not begun
      return this.#feedAll(lease.shape);
    }
    if (options.force) {
      lease.forced = true;
      const reason = `cancel(ref, { force: true }) of task ${name}`;
      this.#link.toNode({ t: "worker.kill", workerId: lease.workerId, leaseId: lease.leaseId, reason });
      return this.#feedAll(lease.shape);
    }
    task.fail(cancelled());
    this.#link.toPeer(lease.workerId, {
      t: "task.cancel",
      count: task.count,
      recursive: options.recursive,
    });
  }

  #enqueue(task: Task): void {
    if (task.isSettled) return;
    const shape = this.#shapeOf(task.template);
    shape.queue.push(task);
    this.#feedAll(shape);
  }

  /** No worker is asked for on behalf of what was cancelled. */
  #skipSettled(shape: Shape | undefined): void {
    if (shape === undefined) return;
    while (shape.queue.peek()?.isSettled === true) shape.queue.shift();
    this.#ask(shape);
  }

  #requeue(tasks: readonly Task[]): void {
    const [first] = tasks;
    if (first === undefined) return;
    const shape = this.#shapeOf(first.template);
    shape.queue.unshift(tasks);
    this.#feedAll(shape);
  }

  #shapeOf(template: TaskTemplate): Shape {
    let shape = this.#shapes.get(template.shape);
    if (shape === undefined) {
      const { resources, pool, depth, name } = template;
      const demand = { resources: resources.toJSON(), pool, depth, name };
      shape = {
        key: template.shape,
        demand,
        queue: new Fifo(),
        leases: new Map(),
        requests: new Set(),
        pace: { averageUs: undefined },
        sent: 0,
      };
      this.#shapes.set(shape.key, shape);
    }
    return shape;
  }

  /** Gives queued tasks to the leases that there are, then asks for more leases or fewer. */
  #feedAll(shape: Shape): void {
    const { queue, leases } = shape;
    if (shape.sent < leases.size * Pipeline.longest) {
      // Workers without anything to do come first; once they have a task they also help the others.
      for (const lease of leases.values()) {
        if (queue.length > 0 && lease.pipeline.length === 0) this.#feed(lease, 1);
      }
      for (const lease of leases.values()) {
        if (queue.length > 0 && lease.pipeline.hasRoom) this.#feed(lease);
      }
    }
    this.#ask(shape);
  }

  /** Keeps as many requests at the node as there are tasks that another worker could run now, within reason. */
  #ask(shape: Shape): void {
    const movable = this.#movable(shape);
    if (movable === 0) {
      if (shape.requests.size > 0) this.#takeBackRequestsSoon();
      else if (shape.leases.size === 0) this.#forget(shape);
      return;
    }
    const wanted = Math.min(movable, 2 * shape.leases.size + 1, MAX_REQUESTS);
    if (shape.requests.size >= wanted) return;
    this.#giveUpParked(shape);
    while (shape.requests.size < wanted) {
      const requestId = newId("req") as RequestId;
      shape.requests.add(requestId);
      this.#requests.set(requestId, shape);
      this.#link.toNode({ t: "lease.request", requestId, demand: shape.demand });
    }
  }

  /** Nothing of the shape is left. Meanwhile a new one may have taken its place, with tasks that wait. */
  #forget(shape: Shape): void {
    if (this.#shapes.get(shape.key) === shape) this.#shapes.delete(shape.key);
  }

  /** Tasks that another worker could run now. */
  #movable(shape: Shape): number {
    return shape.queue.length + Math.max(0, shape.sent - shape.leases.size);
  }

  #takeBackRequestsSoon(): void {
    if (this.#lingering !== undefined) return;
    this.#lingering = setTimeout(() => this.#takeBackRequests(), LINGER_MS).unref();
  }

  #takeBackRequests(): void {
    this.#lingering = undefined;
    for (const shape of this.#shapes.values()) {
      if (this.#movable(shape) > 0) continue;
      for (const requestId of shape.requests) {
        this.#requests.delete(requestId);
        this.#link.toNode({ t: "lease.cancel", requestId });
      }
      shape.requests.clear();
      if (shape.leases.size === 0) this.#forget(shape);
    }
  }

  /** The node leaves a thread its parked leases when that thread itself asks; those of other shapes are in its way. */
  #giveUpParked(asking: Shape): void {
    for (const shape of this.#shapes.values()) {
      if (shape === asking) continue;
      for (const lease of shape.leases.values()) if (lease.parked && this.#resume(lease)) this.#return(lease);
    }
  }

  /** Sends the worker what it may have ahead; a worker without anything to do helps another one, or is parked. */
  #feed(lease: Lease, most = Infinity): void {
    const { shape, pipeline } = lease;
    const { queue } = shape;
    const outOfTime = this.#board.othersWait && now() - lease.since > LEASE_MS;
    if (!lease.forced && !outOfTime) {
      for (let sent = 0; sent < most && pipeline.hasRoom; sent++) {
        const task = queue.shift() ?? this.#stolenFor(lease);
        if (task === undefined) break;
        if (task.isSettled) continue; // cancelled while queued
        if (lease.parked && !this.#resume(lease)) return this.#requeue([task]);
        this.#push(task, lease);
      }
    }
    if (pipeline.length > 0 || lease.parked || lease.forced) return;
    if (outOfTime || this.#isInTheWay(shape) || !this.#board.park(lease.slot, lease.leaseId))
      this.#return(lease);
    else lease.parked = true;
    this.#ask(shape);
  }

  /** Whether this thread waits for workers of another shape. */
  #isInTheWay(shape: Shape): boolean {
    return this.#requests.size > shape.requests.size;
  }

  #return(lease: Lease): void {
    this.#end(lease);
    this.#link.toNode({ t: "lease.return", leaseId: lease.leaseId });
  }

  /** Half of what the busiest worker has not begun goes back to the queue; the first of it is for this lease. */
  #stolenFor(lease: Lease): Task | undefined {
    if (lease.pipeline.length > 0) return undefined;
    let busiest: Lease | undefined;
    for (const other of lease.shape.leases.values()) {
      if (other.pipeline.length > Math.max(1, busiest?.pipeline.length ?? 0)) busiest = other;
    }
    if (busiest === undefined) return undefined;
    this.#takeBack(busiest);
    const { queue } = lease.shape;
    const half = Math.ceil(queue.length / 2);
    const mine: Task[] = [];
    for (let i = 0; i < half; i++) {
      const task = queue.shift();
      if (task !== undefined) mine.push(task);
    }
    this.#feed(busiest);
    queue.unshift(mine);
    return queue.shift();
  }

  /** What a worker has not begun goes back to the front of the queue. */
  #takeBack(lease: Lease): void {
    const { pipeline, shape, place } = lease;
    const back = pipeline.takeBack((next) => place.takeBack(next));
    for (const task of back) this.#unsend(task);
    shape.queue.unshift(back);
  }

  #unsend(task: Task): void {
    this.#pending.forget(task);
    if (task.lease !== undefined) task.lease.shape.sent--;
    task.lease = undefined;
  }

  #resume(lease: Lease): boolean {
    if (!this.#board.resume(lease.slot, lease.leaseId)) {
      this.#end(lease); // the node was faster; its message is on the way
      return false;
    }
    lease.parked = false;
    return true;
  }

  #end(lease: Lease): void {
    lease.shape.leases.delete(lease.workerId);
    this.#leases.delete(lease.leaseId);
    this.#ask(lease.shape);
  }

  #push(task: Task, lease: Lease): void {
    const to = lease.workerId;
    const template = this.#templates.numberFor(task.template, to);
    lease.pipeline.push(task);
    task.lease = lease;
    lease.shape.sent++;
    this.#pending.expect(task);
    const attachments = this.#values.newAttachments();
    const args = argumentsToWire(task.args, to, this.#values, attachments);
    const { count, place, retries } = task;
    this.#link.toPeer(to, { t: "task.push", count, template, place, retries, args }, attachments);
  }
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
