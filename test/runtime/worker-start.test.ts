/** What a worker does at its start besides taking its seat: compiled code is passed on, and work is rehearsed. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { newPeerId } from "../../packages/runtime/dist/core/ids.js";
import { StoreUsage } from "../../packages/runtime/dist/objects/store-usage.js";
import { Peer, type PeerHooks } from "../../packages/runtime/dist/peer/peer.js";
import { makeBells } from "../../packages/runtime/dist/transport/bells.js";
import type { Message } from "../../packages/runtime/dist/transport/channel.js";
import { Inbox } from "../../packages/runtime/dist/transport/inbox.js";
import { makeLeaseBoard } from "../../packages/runtime/dist/transport/lease-board.js";
import { makeChannelEnds } from "../../packages/runtime/dist/transport/channel-ends.js";
import { RingChannel } from "../../packages/runtime/dist/transport/ring-channel.js";
import {
  loadCompiled,
  makeCompiledCode,
  writeCode,
} from "../../packages/runtime/dist/worker/compiled-code.js";
import { rehearse } from "../../packages/runtime/dist/worker/rehearsal.js";

const require = createRequire(import.meta.url);

describe("compiled code", () => {
  let folder: string;
  let files: string[];
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "manta-compiled-"));
    files = ["base.js", "main.js"].map((name) => path.join(folder, name));
    writeFileSync(path.join(folder, "base.js"), "exports.base = 2; exports.names = [__filename, module.id];");
    writeFileSync(
      path.join(folder, "main.js"),
      'const { base } = require("./base.js");\nexports.twice = (x) => base * x;\nexports.fails = () => { throw new Error("here"); };',
    );
  });
  afterEach(() => {
    for (const file of files) delete require.cache[file];
    rmSync(folder, { recursive: true });
  });

  /** Loads both files and says whether V8 took the code that it was given. */
  const load = (code: SharedArrayBuffer) => {
    for (const file of files) delete require.cache[file];
    return loadCompiled(files, code);
  };
  const taken = (scripts: ReturnType<typeof load>) => scripts.map((script) => script.cachedDataRejected);

  it("loads files as require does", () => {
    load(makeCompiledCode());
    const base = require(path.join(folder, "base.js")) as { names: string[] };
    const main = require(path.join(folder, "main.js")) as { twice: (x: number) => number; fails: () => void };
    expect(base.names).toEqual([files[0], files[0]]);
    expect(main.twice(3)).toBe(6);
    expect(main.fails).toThrow("here");
    let stack = "";
    try {
      main.fails();
    } catch (error) {
      stack = (error as Error).stack ?? "";
    }
    expect(stack).toContain("main.js:3:31");
  });

  it("is used once it was written, and written once", () => {
    const code = makeCompiledCode();
    const first = load(code);
    expect(taken(first)).toEqual([undefined, undefined]);
    writeCode(code, first);
    expect(taken(load(code))).toEqual([false, false]);
    const before = Buffer.from(code).toString("base64");
    writeCode(code, load(code).toReversed());
    expect(Buffer.from(code).toString("base64") === before).toBe(true);
  });
});

describe("a rehearsal", () => {
  const bells = makeBells();
  const [workerEnd, nodeEnd] = makeChannelEnds();
  const usage = StoreUsage.create(1024 * 1024, tmpdir());
  const said: Message[] = [];
  const node = new Inbox({ bells, slot: 0 });
  const channel = new RingChannel({
    end: nodeEnd,
    inbox: node,
    remoteSlot: 2,
    isJoined: true,
    onMessage: (message) => said.push(message),
  });
  const unexpected = (): never => {
    throw new Error("the rehearsal asked for something");
  };
  const hooks: PeerHooks = {
    onPeerMessage: unexpected,
    onNodeMessage: unexpected,
    onPeerDied: unexpected,
    onWait: unexpected,
    taskSignal: () => undefined,
    submitCall: unexpected,
    onLog: unexpected,
    onWarning: unexpected,
  };
  const ids = { sessionId: "session_1", nodeId: "node_1", namespace: "here" };
  const seat = { ...ids, peerId: newPeerId("worker", 2), bells, leases: makeLeaseBoard(16), pollUs: 0 };
  const peer = new Peer({ ...seat, usage: usage.forSlot(2), isNodeUp: true }, workerEnd, hooks);

  it("makes all its steps, says nothing to anybody and keeps nothing", async () => {
    const module = "data:text/javascript,globalThis.rehearsed = true";
    expect(await rehearse(peer, () => false, module)).toBe(true);
    expect(Reflect.get(globalThis, "rehearsed")).toBe(true);
    Reflect.deleteProperty(globalThis, "rehearsed");
    peer.inbox.flush();
    node.drain();
    expect(said).toEqual([]);
    expect(usage.usedBytes).toBe(0);
    expect(peer.objects.isOwner).toBe(false);
  });

  it("ends when there is work", async () => {
    let turns = 0;
    expect(await rehearse(peer, () => ++turns > 2, "data:,never")).toBe(false);
    expect(turns).toBe(3);
    peer.close();
    channel.close();
  });
});
