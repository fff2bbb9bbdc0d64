/** One end of a channel dies at any moment: what came is a part from the beginning, whole, and nobody waits for ever. */
import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { MessagePort, Worker } from "node:worker_threads";

import { describe, expect, it } from "vitest";

import { makeBells, OwnBell, RemoteBell, retireBell } from "../../packages/runtime/dist/transport/bells.js";
import type { Attachment, Message } from "../../packages/runtime/dist/transport/channel.js";
import { makeChannelEnds, type ChannelEnd } from "../../packages/runtime/dist/transport/channel-ends.js";
import { Inbox } from "../../packages/runtime/dist/transport/inbox.js";
import { RingChannel } from "../../packages/runtime/dist/transport/ring-channel.js";

interface Sent extends Message {
  readonly n: number;
  readonly sum: number;
  readonly bytes: Uint8Array;
}

const fixtures = new URL("../fixtures/transport/", import.meta.url);
const dist = new URL("../../packages/runtime/dist", import.meta.url).href;
const sender = fileURLToPath(new URL("sender.mjs", fixtures));
const undertaker = fileURLToPath(new URL("undertaker.mjs", fixtures));

/** Words of the bells: each thread's state, and how many are awake. */
const stateOf = (words: Int32Array, slot: number): number => Atomics.load(words, 16 * slot + 1) & 3;
const AWAKE_THREADS = 2;
const AWAKE = 0;
const BLOCKED = 3;

type Dies = "in its turn" | "blocked" | "when ended";

/** The end that survives, in this thread: checks what comes. */
class Survivor {
  readonly bells = makeBells();
  readonly words = new Int32Array(this.bells);
  readonly inbox = new Inbox({ bells: this.bells, slot: 1 });
  readonly go = new SharedArrayBuffer(4);
  readonly channel: RingChannel;
  readonly #theirs: ChannelEnd;
  came = 0;
  onMessage: () => void = () => undefined;

  constructor() {
    const [mine, theirs] = makeChannelEnds(512);
    this.#theirs = theirs;
    this.channel = new RingChannel({
      end: mine,
      inbox: this.inbox,
      remoteSlot: 2,
      isJoined: false,
      onMessage: (message, attachments) => this.#check(message as Sent, attachments), // the fixture sends these
    });
  }

  senderData(dies: Dies, seed: number, count: number) {
    const { bells, go } = this;
    return { dist, bells, go, end: this.#theirs, dies, seed, count };
  }

  start(dies: Dies, seed: number, count: number): Worker {
    const workerData = this.senderData(dies, seed, count);
    return new Worker(sender, { workerData, transferList: [workerData.end.port] });
  }

  letGo(): void {
    Atomics.store(new Int32Array(this.go), 0, 1);
    Atomics.notify(new Int32Array(this.go), 0);
  }

  /** Afterwards nobody is awake. */
  async rest(): Promise<void> {
    this.channel.wake(); // into the void: nothing happens
    this.channel.close();
    this.channel.send({ t: "late" });
    while (stateOf(this.words, 1) === AWAKE) await setImmediate();
    expect(this.words[AWAKE_THREADS]).toBe(0);
  }

  #check({ n, sum, bytes }: Sent, attachments: readonly Attachment[]): void {
    expect(n).toBe(this.came++);
    expect(bytes.reduce((all, byte) => (all * 31 + byte) >>> 0, 0)).toBe(sum);
    const [shared, port] = attachments;
    if (n % 3 === 0) {
      expect(shared instanceof SharedArrayBuffer && new Int32Array(shared)[0]).toBe(n);
      expect(port).toBeInstanceOf(MessagePort);
      if (port instanceof MessagePort) port.close();
    } else expect(attachments).toHaveLength(0);
    this.onMessage();
  }
}

const seeds = Array.from({ length: 12 }, (_, n) => n + 1);
/** Moments spread over the first few hundred messages. */
const moment = (seed: number): number => 1 + ((seed * 48_271) % 397);

describe("a channel whose other end dies", () => {
  it("in the middle of a turn, with a backlog", async () => {
    let came = 0;
    for (const seed of seeds) {
      const survivor = new Survivor();
      const worker = survivor.start("in its turn", seed, moment(seed));
      survivor.letGo();
      await once(worker, "exit");
      retireBell(survivor.bells, 2);
      survivor.channel.drain();
      expect(survivor.came).toBeLessThanOrEqual(moment(seed));
      came += survivor.came;
      await survivor.rest();
    }
    expect(came).toBeGreaterThan(0); // a ring that was full has been shown
  });

  it("blocked on a full ring", async () => {
    for (const seed of seeds) {
      const survivor = new Survivor();
      const worker = survivor.start("blocked", seed, 50 + moment(seed));
      await once(worker, "online");
      survivor.letGo();
      while (stateOf(survivor.words, 2) !== BLOCKED); // this thread reads nothing meanwhile
      await worker.terminate();
      retireBell(survivor.bells, 2);
      survivor.channel.drain();
      expect(survivor.came).toBeLessThan(50 + moment(seed));
      await survivor.rest();
    }
  });

  it("while it sends and is read from", async () => {
    for (const seed of seeds) {
      const survivor = new Survivor();
      const worker = survivor.start("when ended", seed, Infinity);
      const ended = new Promise<void>((resolve) => {
        survivor.onMessage = () => {
          if (survivor.came === moment(seed)) resolve(worker.terminate().then(() => undefined));
        };
      });
      survivor.letGo();
      await ended;
      retireBell(survivor.bells, 2);
      survivor.channel.drain();
      expect(survivor.came).toBeGreaterThanOrEqual(moment(seed));
      await survivor.rest();
    }
  });

  it("while this one blocks: the thread that hears of the death wakes it", async () => {
    for (const seed of seeds.slice(0, 6)) {
      const survivor = new Survivor();
      const { bells, inbox } = survivor;
      const [mine, theirs] = makeChannelEnds();
      let hasDied = false;
      const onMessage = (): void => void (hasDied = true);
      const news = new RingChannel({ end: mine, inbox, remoteSlot: 3, isJoined: false, onMessage });
      const senderData = survivor.senderData("in its turn", seed, moment(seed));
      const third = new Worker(undertaker, {
        workerData: { dist, bells, end: theirs, sender, senderData },
        transferList: [theirs.port, senderData.end.port],
      });
      await once(third, "online");
      survivor.letGo();
      expect(inbox.waitSync(() => hasDied)).toBe(true);
      await third.terminate();
      retireBell(bells, 3);
      news.close();
      survivor.channel.drain();
      await survivor.rest();
    }
  });
});

describe("the bell of a thread that has died", () => {
  it.each([
    ["awake", (own: OwnBell) => own.awake()],
    ["asleep", (own: OwnBell) => (own.awake(), own.asleep())],
    ["never awake", () => undefined],
  ])("is not counted any more (%s)", (_state, live) => {
    const bells = makeBells();
    const other = new OwnBell(bells, 1);
    other.awake();
    live(new OwnBell(bells, 2));
    retireBell(bells, 2);
    expect(other.awakeThreads).toBe(1);
    retireBell(bells, 2);
    expect(other.awakeThreads).toBe(1);
  });

  it("may have called nobody and noted that it did: whoever insists is heard", () => {
    const bells = makeBells();
    const own = new OwnBell(bells, 2);
    own.awake();
    own.asleep();
    new RemoteBell(bells, 2, () => undefined).ring(true); // the call was lost with the thread
    let calls = 0;
    const bell = new RemoteBell(bells, 2, () => calls++);
    bell.ring(true);
    expect(calls).toBe(0);
    bell.insist();
    expect(calls).toBe(1);
    expect(own.count).toBe(3);
  });
});
