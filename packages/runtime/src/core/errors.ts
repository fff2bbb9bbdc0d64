/**
 * Every error that Manta raises. One base class, a stable `code`, ids as fields, the reason as `cause`.
 *
 * `instanceof` works across threads and across two copies of this package: each class carries a brand under
 * `Symbol.for`, and `Symbol.hasInstance` looks for the brand instead of the prototype.
 */

/** The stable code of each error class; `docs/errors.md` has an anchor for each. */
export type MantaErrorCode =
  | "MANTA_INVALID_ARGUMENT"
  | "MANTA_NOT_INITIALIZED"
  | "MANTA_ALREADY_INITIALIZED"
  | "MANTA_SERIALIZATION"
  | "MANTA_TASK_FAILED"
  | "MANTA_TASK_CANCELLED"
  | "MANTA_WORKER_CRASHED"
  | "MANTA_OUT_OF_MEMORY"
  | "MANTA_ACTOR_DIED"
  | "MANTA_ACTOR_UNAVAILABLE"
  | "MANTA_GET_TIMEOUT"
  | "MANTA_OBJECT_LOST"
  | "MANTA_OWNER_DIED"
  | "MANTA_OBJECT_STORE_FULL"
  | "MANTA_PENDING_CALLS_LIMIT_EXCEEDED"
  | "MANTA_TASK_UNSCHEDULABLE"
  | "MANTA_ACTOR_UNSCHEDULABLE"
  | "MANTA_PLACEMENT_GROUP_REMOVED"
  | "MANTA_RUNTIME_ENV_SETUP"
  | "MANTA_DEADLOCK"
  | "MANTA_RUNTIME_SHUTDOWN"
  | "MANTA_TUNE";

/** Ids and other facts that an error carries as fields of its own. */
export type ErrorFields = Readonly<Record<string, string | number | boolean | undefined>>;

const brandOf = (className: string): symbol => Symbol.for(`@mantajs/error/${className}`);

/** Base class of everything that Manta throws. Compare `code`, or use `instanceof`. */
export class MantaError extends Error {
  /** Name of the class, and the brand that `instanceof` looks for. */
  static readonly className: string = "MantaError";
  readonly code: MantaErrorCode;

  constructor(
    code: MantaErrorCode,
    message: string,
    options: { cause?: unknown; fields?: ErrorFields } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    for (const [key, value] of Object.entries(options.fields ?? {})) {
      if (value !== undefined) Object.defineProperty(this, key, { value, enumerable: true });
    }
    for (let cls: unknown = new.target; isErrorClass(cls); cls = Object.getPrototypeOf(cls)) {
      Object.defineProperty(this, brandOf(cls.className), { value: true });
    }
    Object.defineProperty(this, "name", {
      value: new.target.className,
      configurable: true,
      writable: true,
    });
  }

  static override [Symbol.hasInstance](this: { className: string }, value: unknown): boolean {
    return typeof value === "object" && value !== null && brandOf(this.className) in value;
  }
}

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === "function" && Object.hasOwn(value, "className");
}

/** What a caller passed is not usable. The message names the argument and quotes the value. */
export class InvalidArgumentError extends MantaError {
  static override readonly className: string = "InvalidArgumentError";
  declare readonly argument: string;
  constructor(argument: string, message: string, options: { cause?: unknown } = {}) {
    super("MANTA_INVALID_ARGUMENT", `${argument}: ${message}`, { ...options, fields: { argument } });
  }
  /** The uniform sentence: `init({ numCpus }): must be a whole number >= 1, got -3`. */
  static forValue(argument: string, mustBe: string, value: unknown): InvalidArgumentError {
    return new InvalidArgumentError(argument, `must be ${mustBe}, got ${quote(value)}`);
  }
}

/** The runtime is not running, and the call cannot start it. */
export class NotInitializedError extends MantaError {
  static override readonly className: string = "NotInitializedError";
  constructor(what: string) {
    super("MANTA_NOT_INITIALIZED", `${what}: Manta is not initialized; call and await init() first`);
  }
}

/** `init()` was called twice. Pass `ignoreReinitError: true` to get the running session instead. */
export class AlreadyInitializedError extends MantaError {
  static override readonly className: string = "AlreadyInitializedError";
  constructor() {
    super(
      "MANTA_ALREADY_INITIALIZED",
      "init(): Manta is already running in this thread; call shutdown() first, or pass { ignoreReinitError: true }",
    );
  }
}

/** A value or function cannot be carried to another thread. The message names the path to the part that cannot. */
export class SerializationError extends MantaError {
  static override readonly className: string = "SerializationError";
  /** Where in the value, e.g. `args[0].socket`. */
  declare readonly path: string;
  constructor(path: string, message: string, options: { cause?: unknown } = {}) {
    super("MANTA_SERIALIZATION", message, { ...options, fields: { path } });
  }
}

/** A task or actor method raised; `cause` is the user's error. */
export class TaskError extends MantaError {
  static override readonly className: string = "TaskError";
  declare readonly taskId: string;
  declare readonly taskName: string;
  constructor(message: string, options: { cause: unknown; fields: { taskId: string; taskName: string } }) {
    super("MANTA_TASK_FAILED", message, options);
  }
}

/** The task was cancelled by `cancel(ref)`. */
export class TaskCancelledError extends MantaError {
  static override readonly className: string = "TaskCancelledError";
  declare readonly taskId: string;
  constructor(message: string, options: { cause?: unknown; fields: { taskId: string } }) {
    super("MANTA_TASK_CANCELLED", message, options);
  }
}

/** The worker thread that ran the task ended before the task did; the message says how and why. */
export class WorkerCrashedError extends MantaError {
  static override readonly className: string = "WorkerCrashedError";
  declare readonly workerId: string;
  declare readonly exitCode: number | undefined;
  constructor(message: string, options: { cause?: unknown; fields: ErrorFields }) {
    super("MANTA_WORKER_CRASHED", message, options);
  }
}

/** The worker thread reached its heap limit. */
export class OutOfMemoryError extends MantaError {
  static override readonly className: string = "OutOfMemoryError";
  declare readonly workerId: string;
  constructor(message: string, options: { cause?: unknown; fields: ErrorFields }) {
    super("MANTA_OUT_OF_MEMORY", message, options);
  }
}

/** Base of the errors of actors: the actor cannot answer. */
export class ActorError extends MantaError {
  static override readonly className: string = "ActorError";
  declare readonly actorId: string;
}

/** The actor is dead for good; `cause` says why. */
export class ActorDiedError extends ActorError {
  static override readonly className: string = "ActorDiedError";
  constructor(message: string, options: { cause?: unknown; fields: ErrorFields & { actorId: string } }) {
    super("MANTA_ACTOR_DIED", message, options);
  }
}

/** The actor is restarting; the call may or may not have run. */
export class ActorUnavailableError extends ActorError {
  static override readonly className: string = "ActorUnavailableError";
  constructor(message: string, options: { cause?: unknown; fields: ErrorFields & { actorId: string } }) {
    super("MANTA_ACTOR_UNAVAILABLE", message, options);
  }
}

/** `get` or `wait` did not finish within `timeoutMs`. */
export class GetTimeoutError extends MantaError {
  static override readonly className: string = "GetTimeoutError";
  declare readonly timeoutMs: number;
  constructor(message: string, timeoutMs: number) {
    super("MANTA_GET_TIMEOUT", message, { fields: { timeoutMs } });
  }
}

/** The object's value is gone and cannot be made again. */
export class ObjectLostError extends MantaError {
  static override readonly className: string = "ObjectLostError";
  declare readonly objectId: string;
  constructor(
    message: string,
    options: { cause?: unknown; fields: ErrorFields & { objectId: string } },
    code: MantaErrorCode = "MANTA_OBJECT_LOST",
  ) {
    super(code, message, options);
  }
}

/** The thread that owned the object has ended; its value went with it. */
export class OwnerDiedError extends ObjectLostError {
  static override readonly className: string = "OwnerDiedError";
  constructor(message: string, options: { cause?: unknown; fields: ErrorFields & { objectId: string } }) {
    super(message, options, "MANTA_OWNER_DIED");
  }
}

/** The object does not fit into `objectStoreMemory`. */
export class ObjectStoreFullError extends MantaError {
  static override readonly className: string = "ObjectStoreFullError";
  constructor(message: string, options: { cause?: unknown; fields?: ErrorFields } = {}) {
    super("MANTA_OBJECT_STORE_FULL", message, options);
  }
}

/** A handle has `maxPendingCalls` calls under way already. */
export class PendingCallsLimitExceededError extends MantaError {
  static override readonly className: string = "PendingCallsLimitExceededError";
  constructor(message: string, fields: ErrorFields) {
    super("MANTA_PENDING_CALLS_LIMIT_EXCEEDED", message, { fields });
  }
}

/** No node can ever run the task as it was asked for. */
export class TaskUnschedulableError extends MantaError {
  static override readonly className: string = "TaskUnschedulableError";
  constructor(message: string, fields: ErrorFields) {
    super("MANTA_TASK_UNSCHEDULABLE", message, { fields });
  }
}

/** No node can ever hold the actor as it was asked for. */
export class ActorUnschedulableError extends MantaError {
  static override readonly className: string = "ActorUnschedulableError";
  constructor(message: string, fields: ErrorFields) {
    super("MANTA_ACTOR_UNSCHEDULABLE", message, { fields });
  }
}

/** The placement group that the work was to run in is gone. */
export class PlacementGroupRemovedError extends MantaError {
  static override readonly className: string = "PlacementGroupRemovedError";
  constructor(message: string, fields: ErrorFields) {
    super("MANTA_PLACEMENT_GROUP_REMOVED", message, { fields });
  }
}

/** A worker could not be set up to run the code it was given. */
export class RuntimeEnvSetupError extends MantaError {
  static override readonly className: string = "RuntimeEnvSetupError";
  constructor(message: string, options: { cause?: unknown; fields?: ErrorFields } = {}) {
    super("MANTA_RUNTIME_ENV_SETUP", message, options);
  }
}

/** Actors wait for each other in a cycle. */
export class DeadlockError extends MantaError {
  static override readonly className: string = "DeadlockError";
  constructor(message: string, fields: ErrorFields) {
    super("MANTA_DEADLOCK", message, { fields });
  }
}

/** The runtime was shut down while the call was under way. */
export class RuntimeShutdownError extends MantaError {
  static override readonly className: string = "RuntimeShutdownError";
  constructor(message: string, options: { cause?: unknown; fields?: ErrorFields } = {}) {
    super("MANTA_RUNTIME_SHUTDOWN", message, options);
  }
}

/** The part of an error class that the codec needs: constructors differ. */
export interface ErrorClass {
  readonly className: string;
  readonly prototype: MantaError;
}

const classes: ReadonlyMap<string, ErrorClass> = new Map(
  [
    MantaError,
    InvalidArgumentError,
    NotInitializedError,
    AlreadyInitializedError,
    SerializationError,
    TaskError,
    TaskCancelledError,
    WorkerCrashedError,
    OutOfMemoryError,
    ActorError,
    ActorDiedError,
    ActorUnavailableError,
    GetTimeoutError,
    ObjectLostError,
    OwnerDiedError,
    ObjectStoreFullError,
    PendingCallsLimitExceededError,
    TaskUnschedulableError,
    ActorUnschedulableError,
    PlacementGroupRemovedError,
    RuntimeEnvSetupError,
    DeadlockError,
    RuntimeShutdownError,
  ].map((cls): [string, ErrorClass] => [cls.className, cls]),
);

/** Class of a Manta error by the name in its brand; `undefined` for a name that this version does not know. */
export function errorClassByName(name: string): ErrorClass | undefined {
  return classes.get(name);
}

/**
 * Makes an instance of a Manta error class without running its constructor, for the codec: the class's prototype
 * and brands, the given code; message, stack, cause and fields are for the caller to define.
 */
export function allocateError(cls: ErrorClass, code: MantaErrorCode): MantaError {
  const error = new MantaError(code, "");
  for (let base: unknown = cls; isErrorClass(base); base = Object.getPrototypeOf(base)) {
    Object.defineProperty(error, brandOf(base.className), { value: true });
  }
  Object.defineProperty(error, "name", { value: cls.className, configurable: true, writable: true });
  return Object.setPrototypeOf(error, cls.prototype) as MantaError;
}

/** A short, one-line rendering of a value for error messages. */
export function quote(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value))
    return value.length > 8 ? `an array of ${value.length}` : `[${value.map(quote).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const name = Object.getPrototypeOf(value)?.constructor?.name ?? "object";
    return name === "Object" ? `{ ${Object.keys(value).slice(0, 8).join(", ")} }` : `an instance of ${name}`;
  }
  return String(value);
}
