/** Channels between real threads: nothing is lost, damaged or reordered, and the death of one end is survived. */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { afterEach, describe, expect, it } from "vitest";

import { now } from "../../packages/runtime/dist/core/clock.js";
import { makeBells, OwnBell, RemoteBell } from "../../packages/runtime/dist/transport/bells.js";
import type { Attachment, Message } from "../../packages/runtime/dist/transport/channel.js";
import { Inbox } from "../../packages/runtime/dist/transport/inbox.js";
import { makeChannelEnds } from "../../packages/runtime/dist/transport/channel-ends.js";
import { RingChannel } from "../../packages/runtime/dist/transport/ring-channel.js";

interface Back extends Message {
  readonly n: number;
  readonly sum: number;
  readonly length: number;
}

const dist = new URL("../../packages/runtime/dist", import.meta.url).href;
const echo = fileURLToPath(new URL("../fixtures/transport/echo.mjs", import.meta.url));

/** A small generator, so that a failure can be repeated. */
function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** In the bells: the state of the thread at the other end. */
const THEIR_STATE = 2 * 16 + 1;
const AWAKE = 0;

interface Pair {
  readonly worker: Worker;
  readonly inbox: Inbox;
  readonly channel: RingChannel;
  /** The other end pauses before it handles a message with `pause`, until `goOn`. */
  readonly send: (
    n: number,
    length: number,
    options?: { pause?: boolean; shared?: SharedArrayBuffer },
  ) => number;
  /** Ends all pauses that were asked for. */
  readonly goOn: () => void;
  /** Keeps this thread from reading until the other one, which must not pause, sleeps. */
  readonly holdOff: () => void;
}

let pairs: Pair[] = [];

function pair(
  ringBytes: number,
  onMessage: (message: Back, attachments: readonly Attachment[]) => void,
): Pair {
  const bells = makeBells();
  const [mine, theirs] = makeChannelEnds(ringBytes);
  const states = new Int32Array(bells);
  const opened = new SharedArrayBuffer(4);
  const over = new Int32Array(opened);
  let pauses = 0;
  const worker = new Worker(echo, {
    workerData: { dist, bells, end: theirs, opened },
    transferList: [theirs.port],
  });
  const inbox = new Inbox({ bells, slot: 1 });
  const channel = new RingChannel({
    end: mine,
    inbox,
    remoteSlot: 2,
    isJoined: false,
    onMessage: (message, attachments) => onMessage(message as Back, attachments),
  });
  const send: Pair["send"] = (n, length, { pause = false, shared } = {}) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (n * 13 + i * 7) & 255);
    const sum = bytes.reduce((all, byte) => (all * 31 + byte) >>> 0, 0);
    if (pause) pauses++;
    const message = { t: "there", n, bytes, sum, pause: pause ? pauses : 0 };
    channel.send(message, shared === undefined ? undefined : [shared]);
    return sum;
  };
  const goOn = (): void => {
    Atomics.store(over, 0, pauses);
    Atomics.notify(over, 0);
  };
  const holdOff = (): void => {
    if (Atomics.load(over, 0) < pauses) return;
    while ((Atomics.load(states, THEIR_STATE) & 3) === AWAKE);
  };
  const made = { worker, inbox, channel, send, goOn, holdOff };
  pairs.push(made);
  return made;
}

afterEach(async () => {
  for (const { worker, channel } of pairs) {
    channel.close();
    await worker.terminate();
  }
  pairs = [];
});

describe("a channel", () => {
  it.each([
    [1024, 4000, 3000],
    [64 * 1024, 20_000, 500],
  ])(
    "with a ring of %i bytes brings %i messages of up to %i bytes there and back, with pauses at both ends",
    async (ringBytes, count, longest) => {
      const random = generator(7);
      const holdsOff = generator(11); // of its own: what is sent does not depend on what has come
      const sums: number[] = [];
      let back = 0;
      const done = new Promise<void>((resolve, reject) => {
        const { worker, send, goOn, holdOff } = pair(ringBytes, (message) => {
          try {
            if (holdsOff() < 0.002) holdOff();
            expect(message.n).toBe(back);
            expect(message.sum).toBe(sums[back]);
          } catch (error) {
            reject(error);
          }
          if (++back === count) resolve();
        });
        worker.on("error", reject);
        const burst = (from: number): void => {
          goOn();
          const until = Math.min(count, from + Math.ceil(random() * 200));
          for (let n = from; n < until; n++) {
            const length = Math.floor(random() ** 3 * longest);
            sums.push(send(n, length, { pause: random() < 0.002 }));
          }
          setImmediate(until < count ? () => burst(until) : goOn);
        };
        burst(0);
      });
      await done;
    },
    60_000,
  );

  it("hands attachments over with their messages, however late the ring shows them", async () => {
    const seen: number[] = [];
    const done = new Promise<void>((resolve) => {
      const { send } = pair(256, ({ n }, attachments) => {
        const [shared] = attachments;
        seen.push(shared instanceof SharedArrayBuffer ? (new Int32Array(shared)[0] ?? -1) : -1);
        if (n === 99) resolve();
      });
      for (let n = 0; n < 100; n++) {
        const shared = new SharedArrayBuffer(4);
        new Int32Array(shared)[0] = n;
        send(n, 60, n % 3 === 0 ? { shared } : {});
      }
    });
    await done;
    expect(seen).toEqual(Array.from({ length: 100 }, (_, n) => (n % 3 === 0 ? n : -1)));
  });

  it("serves a thread that blocks", async () => {
    let got: Back | undefined;
    const { worker, inbox, channel, send } = pair(1024, (message) => (got = message));
    await once(worker, "online");
    send(0, 10);
    channel.flush();
    expect(inbox.waitSync(() => got !== undefined)).toBe(true);
    expect(inbox.waitSync(() => false, now() + 1)).toBe(false);
  });

  it("survives the death of the other end at any moment: what came is a part from the beginning, whole", async () => {
    for (let round = 0; round < 10; round++) {
      const sums: number[] = [];
      let back = 0;
      const random = generator(round + 1);
      const deadline = Math.ceil(random() * 300);
      let enough: () => void = () => undefined;
      const reached = new Promise<void>((resolve) => (enough = resolve));
      const { worker, channel, send } = pair(512, (message) => {
        expect(message.n).toBe(back);
        expect(message.sum).toBe(sums[back]);
        if (++back === deadline) enough();
      });
      for (let n = 0; n < 500; n++) sums.push(send(n, Math.floor(random() * 700)));
      await reached;
      await worker.terminate();
      channel.drain();
      expect(back).toBeGreaterThanOrEqual(deadline);
      channel.wake(); // into the void: nothing happens
      channel.close();
      channel.send({ t: "late" });
    }
  });
});

describe("a channel that is never empty", () => {
  it("keeps neither the promises nor the timers of its reader waiting, and lets another channel speak", async () => {
    const bells = makeBells();
    const inbox = new Inbox({ bells, slot: 1 });
    const order: string[] = [];
    const flood = {
      flush: (): void => undefined,
      drain: (most?: number): boolean => {
        expect(most).toBeLessThan(1000);
        order.push("flood");
        queueMicrotask(() => order.push("promise"));
        return true;
      },
    };
    const other = { flush: (): void => undefined, drain: (): boolean => (order.push("other"), false) };
    inbox.add(flood);
    inbox.add(other);
    new RemoteBell(bells, 1, () => undefined).ring(true);
    await new Promise((resolve) => setTimeout(resolve, 0));
    inbox.remove(flood);
    inbox.remove(other);
    expect(order.slice(0, 5)).toEqual(["flood", "other", "promise", "flood", "other"]);
  });
});

describe("a sleeping thread", () => {
  it("is called once, and again after a call that it may not hear", () => {
    const bells = makeBells();
    const own = new OwnBell(bells, 2);
    own.awake();
    own.asleep();
    const calls: string[] = [];
    const stranger = new RemoteBell(bells, 2, () => calls.push("stranger"));
    const node = new RemoteBell(bells, 2, () => calls.push("node"));
    stranger.ring(false); // over a channel whose other end the thread does not have yet
    node.ring(true);
    node.ring(true);
    expect(calls).toEqual(["stranger", "node"]);
    own.awake();
    node.ring(true);
    expect(calls).toEqual(["stranger", "node"]);
    own.asleep();
    node.ring(true);
    expect(calls).toEqual(["stranger", "node", "node"]);
    expect(own.count).toBe(5);
  });
});
