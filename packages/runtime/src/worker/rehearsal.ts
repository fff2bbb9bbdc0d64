/**
 * What a new worker does while nobody has work for it: it creates an actor, calls it and runs a task, of its own and
 * through its own ways, so that the first real ones do not meet code that has never run. Nothing of it leaves the
 * thread, and the first message that arrives ends it.
 */
import type { Peer } from "../peer/peer.ts";
import type { SourceCode } from "../serialization/functions/code.ts";
import { assembleFunction } from "../serialization/functions/assemble.ts";
import { importFrom } from "../serialization/functions/loader.ts";
import type { Message } from "../transport/channel.ts";
import { Place } from "../transport/place.ts";
import type {
  PeerToPeer,
  WireActorTemplate,
  WireArguments,
  WireTaskTemplate,
} from "../transport/protocol.ts";
import { scratch } from "../transport/scratch.ts";
import { decodeMessage, encodeMessage } from "../transport/wire-format.ts";
import { ActorHost } from "./actor-host.ts";
import { Code } from "./code.ts";
import { TaskExecutor } from "./task-executor.ts";

/**
 * Begins when the thread has handled what waits for it, and stops between two steps once `isOver()`. Resolves to
 * whether all steps were made.
 *
 * @param module URL of what is imported at last
 */
export async function rehearse(peer: Peer, isOver: () => boolean, module: string): Promise<boolean> {
  for (const steps = stepsOf(peer); ;) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isOver()) return false;
    if (steps.next().done !== true) continue;
    await importFrom(import.meta.url)(module);
    return true;
  }
}

/** A millisecond or two each. */
function* stepsOf(real: Peer): Generator<void> {
  const from = real.peerId;
  // The same thread, but what it says goes nowhere.
  const peer = Object.create(real, {
    toNode: { value: (message: Message) => void overTheWire(message) },
    runToNode: { value: (message: Message) => void overTheWire(message) },
    toPeer: { value: (_to: unknown, message: Message) => void overTheWire(message) },
  }) as Peer;
  const code = new Code();
  const host = new ActorHost(peer, code);
  const executor = new TaskExecutor(peer, code);
  const { value: cls } = assembleFunction(written("class", "Rehearsal"), []);
  const { value: fn } = assembleFunction(written("function", "rehearsal"), []);
  yield;
  const [clsValue, fnValue] = [cls, fn].map((each) => peer.values.store(each, "rehearsal"));
  if (clsValue === undefined || fnValue === undefined) return;
  const args: WireArguments = {
    values: peer.values.toWire(peer.values.storeArguments([1, "two", { three: [4] }]), from, []),
    slots: [],
  };
  yield;
  const actors: WireActorTemplate = {
    cls: { id: "fn_rehearsal_class", value: peer.values.toWire(clsValue, from, []) },
    handle: {
      className: "Rehearsal",
      namespace: "",
      methods: ["call"],
      maxTaskRetries: 0,
      retryExceptions: false,
      maxPendingCalls: -1,
    },
    isolation: "thread",
    maxConcurrency: undefined,
    resources: { CPU: 1 },
    pool: undefined,
    depth: 0,
  };
  host.learn(from, 1, received({ t: "actor.template", template: 1, of: actors }).of, []);
  yield;
  const creation = { template: 1, count: 1, name: undefined, address: 1, incarnation: 1, args };
  host.create(from, received({ t: "actor.create", ...creation }), []);
  yield;
  const call = { address: 1, method: 0, depth: 0, numReturns: 1, retries: 0, retryExceptions: false, args };
  host.call(from, received({ t: "actor.call", count: 1, ...call }), []);
  yield;
  const tasks: WireTaskTemplate = {
    name: "rehearsal",
    fn: { id: "fn_rehearsal", value: peer.values.toWire(fnValue, from, []) },
    depth: 0,
    numReturns: 1,
    retryExceptions: false,
    resources: { CPU: 1 },
    pool: undefined,
    namespace: "",
  };
  executor.learn(from, 1, received({ t: "task.template", template: 1, of: tasks }).of, []);
  const place = new Place(new Int32Array(1), 0);
  executor.push(
    from,
    received({ t: "task.push", count: 1, template: 1, place: 0, retries: 0, args }),
    [],
    place,
  );
}

function overTheWire(message: Message): Message {
  const length = encodeMessage(message);
  return decodeMessage(Buffer.from(scratch.bytes.subarray(0, length)), 0, length);
}

function received<T extends PeerToPeer>(message: T): T {
  return overTheWire(message) as T; // what comes out is what went in
}

function written(form: "class" | "function", name: string): SourceCode {
  const parameters = "(...args) { return args[0]; }";
  return {
    kind: form,
    form,
    source: form === "class" ? `class ${name} { call${parameters} }` : `function ${name}${parameters}`,
    strict: true,
    name,
    home: import.meta.url,
    url: "manta:rehearsal",
    line: 0,
    column: 0,
    params: [],
    overlays: [],
    removed: [],
    superPrototype: undefined,
    base: undefined,
    prototypeBase: undefined,
    ownPrototype: undefined,
    importRoot: undefined,
    capture: undefined,
    closed: undefined,
  };
}
