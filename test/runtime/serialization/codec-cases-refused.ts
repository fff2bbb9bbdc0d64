/** What the codec refuses at the call, and the words that its message must have. Beside `codec-cases.ts`. */
import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { Readable } from "node:stream";
import { runInNewContext } from "node:vm";
import { MessageChannel } from "node:worker_threads";
import { ResizableArrayBuffer } from "./codec-cases.ts";

export interface RefusedCase {
  /** The first column of the table. */
  readonly value: string;
  /** The second, and part of the message. */
  readonly hint: string;
  /** Each with what the message says is there. */
  readonly examples: Readonly<Record<string, readonly [make: () => unknown, what: RegExp]>>;
}

export class Locked {
  #key = 1;
  open(): number {
    return this.#key;
  }
}
class LockedChild extends Locked {
  visible = true;
}
class Emitter extends EventEmitter {}

const RECREATE =
  "Create it inside the task or in an actor's constructor, and pass what is needed to create it.";

export const refused: readonly RefusedCase[] = [
  {
    value: "promises",
    hint: "Await it first, or pass the ObjectRef instead of the promise.",
    examples: { "a Promise": [() => Promise.resolve(1), /a Promise/] },
  },
  {
    value: "`WeakMap`, `WeakSet`",
    hint: "Use a Map or a Set, or create it inside the task.",
    examples: {
      "a WeakMap": [() => new WeakMap(), /a WeakMap/],
      "a WeakSet": [() => new WeakSet(), /a WeakSet/],
    },
  },
  {
    value: "`WeakRef`",
    hint: "Pass the object that it refers to.",
    examples: {
      "a WeakRef": [() => new WeakRef({}), /WeakRef/],
      "a WeakRef of another realm": [() => runInNewContext("new WeakRef({})") as unknown, /WeakRef/],
    },
  },
  {
    value: "generators and iterators in progress",
    hint: "Collect its values first, for example with Array.from(), and pass those.",
    examples: {
      "a generator": [() => (function* () {})(), /a generator in progress/],
      "an async generator": [() => (async function* () {})(), /a generator in progress/],
      "an array iterator": [() => [1].values(), /an iterator in progress/],
      "a map iterator": [() => new Map().entries(), /an iterator in progress/],
      "a string iterator": [() => "a"[Symbol.iterator](), /an iterator in progress/],
      "a match iterator": [() => "a".matchAll(/a/g), /an iterator in progress/],
    },
  },
  {
    value: "a `Proxy`",
    hint: "Pass the object behind it, or a plain copy ({ ...proxy }).",
    examples: {
      "a Proxy of an object": [() => new Proxy({ a: 1 }, {}), /a Proxy/],
      "a Proxy of an array": [() => new Proxy([1], {}), /a Proxy/],
      "a Proxy of a function": [() => new Proxy(() => 1, {}), /a Proxy/],
      "a revoked Proxy": [revoked, /a Proxy/],
    },
  },
  {
    value: "objects that inherit from a `Proxy`",
    hint: "Pass a plain copy ({ ...object }).",
    examples: {
      "an heir": [() => Object.create(new Proxy({}, {})) as object, /prototype is a Proxy/],
      "an heir of a revoked one": [() => Object.create(revoked()) as object, /prototype is a Proxy/],
    },
  },
  {
    value: "objects with a chain of more than 1,000 prototypes",
    hint: "Keep the links in a property instead of the prototype.",
    examples: { "a chain": [chainOfPrototypes, /1,000 prototypes/] },
  },
  {
    value: "sockets, streams, event emitters, hashes in progress, compiled WebAssembly",
    hint: RECREATE,
    examples: {
      "a socket": [() => new Socket(), /Socket.*Stream/],
      "a stream": [() => Readable.from([1]), /Readable/],
      "an EventEmitter": [() => new EventEmitter(), /EventEmitter/],
      "a queuing strategy": [() => new CountQueuingStrategy({ highWaterMark: 1 }), /CountQueuingStrategy/],
      "a mark of the performance timeline": [() => performance.mark("m"), /PerformanceMark/],
      "an heir of a platform class": [
        () => Object.create(TextDecoderStream.prototype) as object,
        /TextDecoderStream/,
      ],
      "a subclass of EventEmitter": [() => new Emitter(), /Emitter \(a kind of EventEmitter\)/],
    },
  },
  {
    value: "`AbortSignal`, `AbortController`",
    hint: "Use cancel(ref) to stop remote work; inside the task, create a controller of its own.",
    examples: {
      "an AbortSignal": [() => new AbortController().signal, /AbortSignal/],
      "an AbortController": [() => new AbortController(), /AbortController/],
    },
  },
  {
    value: "`Intl` formatters and collators",
    hint: "Pass its options (resolvedOptions()) and create it inside the task.",
    examples: { "an Intl formatter": [() => new Intl.NumberFormat("en"), /NumberFormat/] },
  },
  {
    value: "`MessagePort`, `MessageChannel`, `BroadcastChannel`",
    hint: "Use an actor or a Queue to exchange messages.",
    examples: { "a MessagePort": [() => new MessageChannel().port1, /MessagePort/] },
  },
  {
    value: "`Blob`",
    hint: "Pass await blob.arrayBuffer() and the type.",
    examples: { "a Blob": [() => new Blob(["x"]), /Blob/] },
  },
  {
    value: "instances with `#private` state, of native classes, or of classes inside a library",
    hint: "Give its class a serializer (registerSerializer), send what is needed to create it, export it from a module of your own and import it, or keep it in an actor.",
    examples: {
      "an instance with #private state": [() => new Locked(), /Locked.*private state \(#key\)/],
      "an instance that inherits #private state": [() => new LockedChild(), /LockedChild.*#key/],
      "a timer": [timer, /Timeout/],
    },
  },
  {
    value: "an `ArrayBuffer` that was transferred away",
    hint: "Send it before it is transferred, or send a copy.",
    examples: {
      "a transferred ArrayBuffer": [transferred, /transferred/],
      "a typed array on one": [() => transferred(Uint8Array), /transferred/],
      "a DataView on one": [() => transferred(DataView), /transferred/],
    },
  },
  {
    value: "a `DataView` that its buffer has become too small for",
    hint: "Make the buffer large enough again, or make a view of what is left of it.",
    examples: { "a DataView outside of its buffer": [outside, /a DataView that begins or ends outside/] },
  },
  {
    value: "module namespaces (`import * as name`)",
    hint: "Import the module inside the task, or pass the exports that are needed.",
    examples: {},
  },
];

/** Refused as well; what the messages say of it differs between versions of Node. */
export const refusedSomehow: Readonly<Record<string, () => unknown>> = {
  "a hash in progress": () => createHash("sha1"),
};

function timer(): unknown {
  const timeout = setTimeout(() => undefined, 0);
  clearTimeout(timeout);
  return timeout;
}

function transferred(View?: new (buffer: ArrayBuffer) => ArrayBufferView): unknown {
  const buffer = new ArrayBuffer(8);
  const view = View === undefined ? buffer : new View(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  return view;
}

function outside(): unknown {
  const buffer = new ResizableArrayBuffer(8, { maxByteLength: 8 });
  const view = new DataView(buffer, 4, 4);
  buffer.resize(2);
  return view;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function chainOfPrototypes(): unknown {
  let object: object = {};
  for (let n = 0; n < 2000; n++) object = Object.create(object) as object;
  return object;
}
