/** `memory()`: what the object store keeps, and why. */
import type { PeerId } from "../core/ids.ts";
import type { ObjectReport } from "../transport/protocol.ts";
import { checkOptions, milliseconds, signal } from "./check.ts";
import type { WaitingOptions } from "./objects.ts";
import { currentRuntime } from "./current-runtime.ts";

/** One object as one thread knows it; a thread that borrowed an object lists it too. */
export interface ObjectMemory {
  /** Undefined for arguments and captured values that are kept for work which is not finished. */
  readonly objectId: string | undefined;
  /** What made it: `put`, the name of a task, `args`, ... */
  readonly label: string;
  /** Bytes of the encoded value; 0 while it is pending. */
  readonly sizeBytes: number;
  /** The thread whose object it is. */
  readonly ownerId: string;
  /** The thread that lists it. */
  readonly workerId: string;
  /** `inline`: small, it lives in its ref. `memory`: shared memory. `spilled`: (in part) on disk. */
  readonly where: "pending" | "inline" | "memory" | "spilled" | "failed";
  /**
   * ObjectRefs in this thread that were not disposed of, and are not counted below: variables of the program, captured
   * values of functions, arguments of what runs here. Garbage that was not collected yet counts as well.
   */
  readonly localRefs: number;
  /** Refs in arguments of tasks and calls that this thread submitted and that are not finished, or of actors that may restart. */
  readonly usedByPendingTasks: number;
  /** Refs in the values of other objects in this list. */
  readonly capturedInObjects: number;
  /** Threads that have refs to it or its memory, and how many. Known to its owner. */
  readonly borrowers: Readonly<Record<string, number>>;
  /** Large buffers of it that code of this thread still looks at (or that are garbage not yet collected). */
  readonly liveViews: number;
}

const table = { signal, timeoutMs: milliseconds };

/**
 * Lists the objects of the session that take memory or that several threads know, with size, owner and why they are
 * held. Small objects that never left their thread live in their refs, which nobody lists. A thread answers between
 * two pieces of work.
 *
 * @throws GetTimeoutError naming the threads that have not answered in time; the signal's reason
 * @example
 * console.table(await ray.memory({ timeoutMs: 1000 }));
 */
export async function memory(options: WaitingOptions = {}): Promise<ObjectMemory[]> {
  checkOptions("memory()", options, table);
  const { peer } = currentRuntime("memory()");
  const peers = peer.querySync({ what: "peers" }) as PeerId[]; // the node's answer
  const done = peer.keepAlive();
  try {
    const reports = await peer.storeQueries.askAll(peers, false, options);
    return [...reports].flatMap(([workerId, report]) => report.map((object) => describe(object, workerId)));
  } finally {
    done();
  }
}

function describe(object: ObjectReport, workerId: PeerId): ObjectMemory {
  return { ...object, workerId, borrowers: Object.fromEntries(object.borrowers) };
}
