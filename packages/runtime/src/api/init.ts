/** `init` and `shutdown`: the session of this process. */
import { availableParallelism, tmpdir, totalmem } from "node:os";
import type { ResourceLimits, Worker } from "node:worker_threads";

import { AlreadyInitializedError, InvalidArgumentError, RuntimeShutdownError } from "../core/errors.ts";
import { load } from "../core/load.ts";
import { FIRST_WORKER_SLOT, newId, newPeerId, type PeerId } from "../core/ids.ts";
import { ResourceSet, type Resources } from "../core/resources.ts";
import type { NodeSeat } from "../node/entry.ts";
import type { NodeConfig } from "../node/node.ts";
import type { ThreadPlan } from "../node/start-thread.ts";
import { removeLeftSpillDirectories, spillDirectoryIn } from "../objects/spill-directory.ts";
import { removeSpillFiles, whyUnusable } from "../objects/spill-files.ts";
import { StoreUsage } from "../objects/store-usage.ts";
import type { PeerHooks, PeerSeat } from "../peer/peer.ts";
import { makeBells, MAX_THREADS } from "../transport/bells.ts";
import { makeLeaseBoard } from "../transport/lease-board.ts";
import type { LogRecord } from "../transport/protocol.ts";
import { makeChannelEnds } from "../transport/channel-ends.ts";
import { amount, checkOptions, flag, milliseconds, number, record, text, type Check } from "./check.ts";
import { optionName } from "./options.ts";
import { printLog } from "./print-log.ts";
import { makeCompiledCode, type CompiledCode } from "../worker/compiled-code.ts";
import type { WorkerSeat } from "../worker/main.ts";
import { currentRuntime, installedRuntime, installRuntime, setAutoInit } from "./current-runtime.ts";
import type * as Driver from "./driver.ts";
import type { Runtime } from "./runtime.ts";

/** A line that a worker printed. */
export type { LogRecord };

/** Options of `init`. */
export interface InitOptions {
  /** Logical CPUs; also how many workers are kept ready. @defaultValue the cores of the machine */
  readonly numCpus?: number;
  /** Logical GPUs. @defaultValue 0 */
  readonly numGpus?: number;
  /** Custom resources by name. @defaultValue none */
  readonly resources?: Resources;
  /**
   * Bytes of shared memory for large objects; beyond it they move to disk. From 1 MiB to the machine's memory.
   * @defaultValue 30 % of the machine's memory
   */
  readonly objectStoreMemory?: number;
  /**
   * Directory for objects that do not fit into `objectStoreMemory`. The session makes one of its own in it when it
   * needs it, readable by this user only, and removes it at the end. One that was left behind, because a signal ended
   * its process, goes at the next `init` with the same `spillDirectory`.
   * @defaultValue the system's temporary directory
   */
  readonly spillDirectory?: string;
  /** Namespace of named actors. @defaultValue one of its own */
  readonly namespace?: string;
  /** Returns the running session instead of failing when there is one. @defaultValue false */
  readonly ignoreReinitError?: boolean;
  /** Prints what workers print, with the name of the task or actor; or hands it to a function. @defaultValue true */
  readonly logToDriver?: boolean | ((record: LogRecord) => void);
  /** Heap limits of each worker thread, in MiB, as of `worker_threads`. @defaultValue those of Node */
  readonly workerResourceLimits?: ResourceLimits;
  /** Idle workers beyond `numCpus` end after this time. @defaultValue 1000 */
  readonly idleWorkerMs?: number;
  /**
   * How long a thread looks for the next message before it sleeps, in microseconds; 0: it sleeps at once. Looking
   * makes conversations fast and costs a part of a core while they last. @defaultValue 50; nothing on a single core
   */
  readonly pollUs?: number;
  /** A seed for libraries on top (the tuner), found in the runtime context. @defaultValue none */
  readonly seed?: number;
}

/** A running session; dispose of it to shut down: `await using session = await init()`. */
export interface Session extends AsyncDisposable {
  readonly sessionId: string;
  readonly nodeId: string;
  readonly namespace: string;
  shutdown(): Promise<void>;
}

const logTarget: Check = (value) =>
  typeof value === "boolean" || typeof value === "function" ? undefined : "true, false or a function";

const table: Readonly<Record<string, Check>> = {
  numCpus: (value) =>
    typeof value === "number" && value >= 1 && Number.isInteger(value) ? undefined : "a whole number >= 1",
  numGpus: amount,
  resources: record,
  objectStoreMemory: (value) =>
    typeof value === "number" && value >= 1024 * 1024 && value <= totalmem()
      ? undefined
      : `a number of bytes from 1 MiB to the memory of the machine (${totalmem()} bytes)`,
  spillDirectory: (value) => {
    if (typeof value !== "string" || value === "") return "the path of a directory";
    const why = whyUnusable(value);
    return why === undefined ? undefined : `a directory that can be written to (${why})`;
  },
  namespace: text,
  ignoreReinitError: flag,
  logToDriver: logTarget,
  workerResourceLimits: record,
  idleWorkerMs: milliseconds,
  pollUs: (value) =>
    typeof value === "number" && value >= 0 && value <= 10_000 ? undefined : "microseconds from 0 to 10000",
  seed: number,
};

interface Running {
  readonly runtime: Runtime;
  readonly session: Session;
  readonly thread: Worker;
  /** Resolved by the node once all workers have ended. */
  readonly ended: Promise<number>;
  stopping: Promise<void> | undefined;
  onBeforeExit: () => void;
  /** Spill files must not outlive the process; those of one that a signal ends go with the next session. */
  readonly onExit: () => void;
}

let running: Running | undefined;

const driver = load<typeof Driver>("../api/driver.js");

/**
 * Starts Manta in this process: a node thread that schedules, and workers that are started ahead.
 *
 * Optional: the first `.remote()` or `put()` starts it with the defaults.
 *
 * @throws AlreadyInitializedError when it runs already and `ignoreReinitError` is not set
 * @throws InvalidArgumentError for an unknown option or a bad value
 * @example
 * await using session = await ray.init({ numCpus: 4 });
 */
export async function init(options: InitOptions = {}): Promise<Session> {
  const isFirst = installedRuntime() === undefined;
  const session = start(options);
  const runtime = installedRuntime();
  // There is nothing else to do until the threads are there.
  if (isFirst) void driver().warmUp(() => runtime?.hasExported !== false);
  await runtime?.peer.query({ what: "nodes" });
  return session;
}

/** Whether the runtime runs in this thread. */
export function isInitialized(): boolean {
  return installedRuntime() !== undefined;
}

/**
 * Ends all tasks, actors and threads of the session. Unfinished work fails with RuntimeShutdownError. Does nothing
 * when nothing runs.
 */
export async function shutdown(): Promise<void> {
  if (running === undefined) return;
  running.stopping ??= stop(running);
  await running.stopping;
}

function start(options: InitOptions): Session {
  checkOptions("init()", options, table);
  const installed = installedRuntime();
  if (installed !== undefined) {
    if (options.ignoreReinitError !== true) throw new AlreadyInitializedError();
    return running?.session ?? sessionOf(installed);
  }
  const numCpus = options.numCpus ?? availableParallelism();
  const { numGpus = 0, resources = {}, logToDriver = true } = options;
  for (const name of ["CPU", "GPU"]) {
    if (Object.hasOwn(resources, name)) {
      throw new InvalidArgumentError(`init().resources.${name}`, `use ${optionName("init()")(name)} instead`);
    }
  }
  const total = ResourceSet.of(
    { CPU: numCpus, GPU: numGpus, memory: Math.floor(totalmem() * 0.7), ...resources },
    optionName("init()"),
  );
  const limitBytes = options.objectStoreMemory ?? Math.floor(totalmem() * 0.3);
  const driverId = newPeerId("driver", 1);
  const ids = { sessionId: newId("session"), nodeId: newId("node") };
  const { spillDirectory: spillParent = tmpdir() } = options;
  const spillDirectory = spillDirectoryIn(spillParent, ids.sessionId);
  const usage = StoreUsage.create(limitBytes, spillDirectory);
  const namespace = options.namespace ?? ids.sessionId;
  const bells = makeBells();
  const leases = makeLeaseBoard(MAX_THREADS);
  const [driverEnd, nodeEnd] = makeChannelEnds();
  const config: NodeConfig = {
    ...ids,
    namespace,
    driverId,
    resources: total.toJSON(),
    poolSize: numCpus,
    bells,
    leases,
    code: makeCompiledCode(),
    usage: usage.handle,
    workerResourceLimits: options.workerResourceLimits,
    idleWorkerMs: options.idleWorkerMs ?? 1000,
    manyThreads: 64 * numCpus,
    pollUs: options.pollUs,
  };
  const everySeat = { ...ids, namespace, bells, leases, pollUs: options.pollUs };
  const firstWorker = planFirstWorker(config.code, (peerId, slot) => {
    return { ...everySeat, peerId, usage: usage.forSlot(slot), isNodeUp: true };
  });
  const nodeSeat: NodeSeat = { config, driverEnd: nodeEnd, firstWorker };
  // It takes milliseconds to load, so it is not when the package is only imported.
  const { Worker: Thread } = process.getBuiltinModule("node:worker_threads");
  const thread = new Thread(new URL("../node/entry.js", import.meta.url), {
    name: "manta-node",
    workerData: nodeSeat,
    transferList: [nodeEnd.port, firstWorker.nodeEnd.port, firstWorker.data.nodeEnd.port],
    execArgv: [],
  });
  thread.unref();
  const seat: PeerSeat = { ...everySeat, peerId: driverId, usage: usage.forSlot(1), isNodeUp: false };
  // The first threads boot meanwhile.
  removeLeftSpillDirectories(spillParent);
  const { Peer, Runtime } = driver();
  let runtime: Runtime | undefined;
  let onEnded: (threadsLeft: number) => void = () => undefined;
  const ended = new Promise<number>((resolve) => (onEnded = resolve));
  const hooks = driverHooks(
    () => runtime,
    logToDriver,
    (threadsLeft) => onEnded(threadsLeft),
  );
  const peer = new Peer(seat, driverEnd, hooks);
  peer.nodeChannel.unref();
  runtime = new Runtime(peer, () => undefined, options.seed);
  installRuntime(runtime);
  const session = sessionOf(runtime);
  running = {
    runtime,
    session,
    thread,
    ended,
    stopping: undefined,
    onBeforeExit: () => void shutdown(),
    onExit: () => removeSpillFiles(spillDirectory),
  };
  // When the program has nothing left to do, end in order: what workers printed last still gets out.
  process.once("beforeExit", running.onBeforeExit);
  process.once("exit", running.onExit);
  const own = running;
  thread.on("error", (error) => crashed(own, error));
  return session;
}

setAutoInit(() => start({}));

/** The node's thread starts it before it can plan anything itself. */
function planFirstWorker(code: CompiledCode, seatOf: (peerId: PeerId, slot: number) => PeerSeat): ThreadPlan {
  const slot = FIRST_WORKER_SLOT;
  const workerId = newPeerId("worker", slot);
  const [nodeEnd, workerEnd] = makeChannelEnds();
  const data: WorkerSeat = { seat: seatOf(workerId, slot), nodeEnd: workerEnd, code };
  return { workerId, slot, nodeEnd, data };
}

function driverHooks(
  runtime: () => Runtime | undefined,
  logToDriver: boolean | ((record: LogRecord) => void),
  onEnded: (threadsLeft: number) => void,
): PeerHooks {
  let waits = 0;
  return {
    onPeerMessage: () => undefined,
    onNodeMessage: (message) => {
      if (message.t === "shutdown.done") onEnded(message.threadsLeft);
    },
    onPeerDied: () => undefined,
    onWait() {
      // Only a wait keeps the process alive: a driver that has finished exits by itself.
      const channel = runtime()?.peer.nodeChannel;
      if (waits++ === 0) channel?.ref();
      return () => {
        if (--waits === 0) channel?.unref();
      };
    },
    taskSignal: () => undefined,
    submitCall: (...call) => currentRuntime("remote()").submitCall(...call),
    onLog(entry) {
      if (typeof logToDriver === "function") logToDriver(entry);
      else if (logToDriver) printLog(entry);
    },
    onWarning: (message) => process.emitWarning(message, { type: "MantaWarning" }),
  };
}

function sessionOf(runtime: Runtime): Session {
  const { sessionId, nodeId, namespace } = runtime.peer.seat;
  return { sessionId, nodeId, namespace, shutdown, [Symbol.asyncDispose]: shutdown };
}

async function stop(session: Running): Promise<void> {
  const { peer } = session.runtime;
  process.removeListener("beforeExit", session.onBeforeExit);
  if (!peer.isClosed) {
    const release = peer.keepAlive();
    peer.toNode({ t: "shutdown" });
    await session.ended;
    peer.close();
    release();
  }
  await session.thread.terminate();
  forget(session);
}

function forget(session: Running): void {
  session.onExit();
  process.removeListener("exit", session.onExit);
  if (running === session) running = undefined;
  if (installedRuntime() === session.runtime) installRuntime(undefined);
}

/** The node thread itself failed: a defect of Manta, or memory ran out. Nothing can go on. */
function crashed(session: Running, error: unknown): void {
  process.removeListener("beforeExit", session.onBeforeExit);
  session.runtime.peer.close();
  forget(session);
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.emitWarning(
    new RuntimeShutdownError(`the node thread ended by an error, so the session is over: ${message}`),
  );
}
