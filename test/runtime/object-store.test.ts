import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import * as ray from "@mantajs/runtime";
import { collectGarbage, expectNothingLeft, terminateWorker, workers } from "@mantajs/runtime/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { installedRuntime } from "../../packages/runtime/dist/api/current-runtime.js";
import { failure, thrown, useSession } from "./session.ts";
import { SmallDisk } from "./small-disk.ts";

const MIB = 1024 * 1024;
const filled = (value: number, bytes = MIB): Uint8Array => new Uint8Array(bytes).fill(value);
const isFilled = (array: Uint8Array | undefined, value: number): boolean =>
  array !== undefined && array.every((byte) => byte === value);

/** Bytes of shared memory that the threads keep, free segments included. */
function residentBytes(): number {
  return installedRuntime()?.peer.usage.residentBytes ?? 0;
}

/** The session's spill files, by path. */
function spillFiles(directory: string): string[] {
  return fs
    .readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

const HEADER_BYTES = 24;

function overwrite(file: string, position: number): void {
  const open = fs.openSync(file, "r+");
  fs.writeSync(open, "?", position);
  fs.closeSync(open);
}

function replaceByDirectory(file: string): void {
  fs.rmSync(file);
  fs.mkdirSync(file);
}

describe("segments", () => {
  useSession();

  it("are used again once nobody can reach them", () => {
    for (let round = 0; round < 50; round++) {
      using ref = ray.put(filled(round));
      expect(ray.objectStoreBytes()).toBe(MIB);
      expect(ref.id).toBeTypeOf("string");
    }
    expect(residentBytes()).toBe(MIB);
  });

  it("are left alone while user code looks at them, by whatever it derived", async () => {
    const tail = await (async () => {
      using ref = ray.put(filled(1));
      return new Uint8Array((await ray.get(ref)).subarray(MIB / 2).buffer, 0, MIB);
    })();
    for (let round = 0; round < 5; round++) {
      await collectGarbage();
      using ref = ray.put(filled(2));
      expect(ref.id).toBeTypeOf("string");
    }
    expect(isFilled(tail, 1)).toBe(true);
  });

  it("are left alone while another thread looks at them", async () => {
    class Holder {
      #array: Uint8Array | undefined;
      hold(array: Uint8Array): void {
        this.#array = array;
      }
      isFilled(value: number): boolean {
        return this.#array?.every((byte) => byte === value) ?? false;
      }
    }
    const holder = ray.remote(Holder).remote();
    {
      using ref = ray.put(filled(1));
      await ray.get(holder.hold.remote(ref));
    }
    for (let round = 0; round < 5; round++) {
      await collectGarbage();
      using ref = ray.put(filled(2));
      expect(ref.id).toBeTypeOf("string");
    }
    expect(await ray.get(holder.isFilled.remote(1))).toBe(true);
    ray.kill(holder);
  });

  it("outlive a `using` while a get is under way", async () => {
    let waiting: Promise<Uint8Array>;
    {
      using ref = ray.put(filled(3));
      waiting = ray.get(ref);
    }
    expect(isFilled(await waiting, 3)).toBe(true);
  });
});

describe("what is put", () => {
  useSession();

  it("is copied: what the caller does with it later shows in later puts only", async () => {
    for (const bytes of [100, MIB]) {
      const array = filled(1, bytes);
      const first = ray.put(array);
      array.fill(2);
      const second = ray.put(array);
      array.fill(3);
      expect(isFilled(await ray.get(first), 1)).toBe(true);
      expect(isFilled(await ray.get(second), 2)).toBe(true);
    }
  });

  it("is not copied when it is a whole view that came out of the store, and counts once", async () => {
    const first = ray.put(filled(1));
    const view = await ray.get(first);
    const second = ray.put({ view, again: view });
    expect(ray.objectStoreBytes()).toBe(MIB);
    expect(residentBytes()).toBe(MIB);
    view[0] = 9; // never to be done, but shows that it is the same memory
    expect((await ray.get(second)).again[0]).toBe(9);
    first[Symbol.dispose]();
    expect(ray.objectStoreBytes()).toBe(MIB);
    second[Symbol.dispose]();
    expect(ray.objectStoreBytes()).toBe(0);
  });

  it("counts once also when the first object with the memory outlives the others", async () => {
    const first = ray.put(filled(1));
    const second = ray.put(await ray.get(first));
    second[Symbol.dispose]();
    expect(ray.objectStoreBytes()).toBe(MIB);
    first[Symbol.dispose]();
    expect(ray.objectStoreBytes()).toBe(0);
  });

  it("is copied when it is a small part of such a view, so that the whole can go", async () => {
    const parts = await (async () => {
      using whole = ray.put(Uint8Array.from({ length: MIB }, (_, index) => index >> 12));
      const view = await ray.get(whole);
      return [
        ray.put(view.subarray(5000, 5100)),
        ray.put({ a: view.subarray(MIB / 2, MIB / 2 + 1000), b: view.subarray(MIB / 2 + 500, MIB - 8) }),
        ray.put(view.subarray(100, 100)),
      ] as const;
    })();
    await collectGarbage();
    const [small, large, empty] = parts;
    expect(ray.objectStoreBytes()).toBe(MIB / 2 - 8);
    expect(await ray.get(small)).toEqual(filled(1, 100));
    expect(await ray.get(empty)).toHaveLength(0);
    const { a, b } = await ray.get(large);
    expect(a).toEqual(filled(128, 1000));
    expect([b.length, b[0], b.at(-1)]).toEqual([MIB / 2 - 508, 128, 255]);
    expect(b.buffer).toBe(a.buffer); // they overlap, as they did
  });

  it("keeps a view together with its memory when both are parts of one value", async () => {
    const view = await ray.get(ray.put(filled(1)));
    for (const value of [
      { part: view.subarray(0, 10), buffer: view.buffer },
      { buffer: view.buffer, part: view.subarray(0, 10) },
    ]) {
      const got = await ray.get(ray.put(value));
      expect(got.part.buffer).toBe(got.buffer);
      expect(got.part).toHaveLength(10);
    }
  });

  it("is copied when it is a small part of an argument", async () => {
    const keep = ray.remote(function Keeper(part: Uint8Array, half: Uint8Array): [number, number] {
      return [part.buffer.byteLength, half.buffer.byteLength];
    });
    const view = await ray.get(ray.put(filled(1)));
    expect(await ray.get(keep.remote(view.subarray(0, 100), view))).toEqual([MIB, MIB]);
    expect(await ray.get(keep.remote(view.subarray(0, 100), filled(0, 10)))).toEqual([100, 10]);
    const shared = new Uint8Array(new SharedArrayBuffer(MIB));
    expect(await ray.get(keep.remote(shared.subarray(0, 100), filled(0, 10)))).toEqual([MIB, 10]);
  });
});

describe("dropped refs", () => {
  useSession({ numCpus: 1, objectStoreMemory: 64 * MIB });
  const collections = (): number => installedRuntime()?.peer.store.memory.period ?? 0;

  it("that are freed at once need no collection", () => {
    const before = collections();
    for (let round = 0; round < 500; round++) ray.put(filled(round))[Symbol.dispose]();
    expect(collections()).toBe(before);
    ray.put(filled(0));
    for (let round = 0; round < 500; round++) ray.put(filled(round));
    expect(collections()).toBeGreaterThan(before);
  });

  it("are collected in time when as many old ones are freed meanwhile", async () => {
    const old = Array.from({ length: 30 }, (_, index) => ray.put(filled(index)));
    await collectGarbage();
    const before = collections();
    for (const ref of old) {
      ray.put(filled(0));
      ref[Symbol.dispose]();
    }
    expect(collections()).toBeGreaterThan(before);
  });

  it("give their memory back within one turn, without help of finalizers and disk", () => {
    for (let round = 0; round < 500; round++) ray.put(filled(round));
    expect(residentBytes()).toBeLessThan(40 * MIB);
    expect(installedRuntime()?.peer.usage.spilledBytes).toBe(0);
  });
});

/** A store of 8 MiB for each test, which spills into a directory of its own and leaves nothing in it. */
function useSmallStore(numCpus: number, onDirectory: (directory: string) => void): void {
  let directory: string;

  beforeEach(async () => {
    directory = fs.mkdtempSync(path.join(os.tmpdir(), "spill-test-"));
    onDirectory(directory);
    await ray.init({ numCpus, objectStoreMemory: 8 * MIB, spillDirectory: directory, logToDriver: false });
  });
  afterEach(async () => {
    await expectNothingLeft();
    await ray.shutdown();
    expect(fs.readdirSync(directory)).toEqual([]);
    fs.rmSync(directory, { recursive: true });
  });
}

describe("a store of 8 MiB", () => {
  let directory: string;
  useSmallStore(2, (made) => (directory = made));

  it("moves what was used least recently to disk, and brings it back", async () => {
    const refs = Array.from({ length: 20 }, (_, index) => ray.put(filled(index)));
    expect(residentBytes()).toBeLessThanOrEqual(8 * MIB);
    const files = spillFiles(directory);
    expect(files.length).toBeGreaterThanOrEqual(12);
    for (const file of files) expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    for (const [index, ref] of refs.entries()) expect(isFilled(await ray.get(ref), index)).toBe(true);
    for (const ref of refs) ref[Symbol.dispose]();
    await expectNothingLeft();
    expect(spillFiles(directory)).toEqual([]);
  });

  it("passes spilled objects to tasks, and takes results that do not fit", async () => {
    const refs = Array.from({ length: 20 }, (_, index) => ray.put(filled(index)));
    const plusOne = ray.remote((array: Uint8Array) => array.map((byte) => byte + 1));
    const results = refs.map((ref) => plusOne.remote(ref));
    for (const [index, ref] of results.entries())
      expect(isFilled(await ray.get(ref), index + 1), `result ${index}`).toBe(true);
    const fetch = ray.remote(async (box: { ref: ray.ObjectRef<Uint8Array> }) => (await ray.get(box.ref))[0]);
    expect(await ray.get(refs.map((ref) => fetch.remote({ ref })))).toEqual([...refs.keys()]);
  });

  it("puts an object on disk at once when all memory is looked at", async () => {
    const views = await ray.get(Array.from({ length: 8 }, (_, index) => ray.put(filled(index))));
    const ref = ray.put(filled(9));
    const error = await failure(ray.get(ref));
    expect(error).toBeInstanceOf(ray.ObjectStoreFullError);
    expect(error.message).toContain(ref.id);
    for (const [index, view] of views.entries()) expect(isFilled(view, index)).toBe(true);
    views.length = 0;
    await collectGarbage();
    expect(isFilled(await ray.get(ref), 9)).toBe(true);
  });

  it("refuses an object that is larger than all of it", () => {
    const error = thrown(() => ray.put(new Uint8Array(9 * MIB)));
    expect(error).toBeInstanceOf(ray.ObjectStoreFullError);
    expect(error).toMatchObject({ limitBytes: 8 * MIB });
    expect(error.message).toContain("objectStoreMemory");
  });

  it.each([
    ["damaged at its begin", (file: string) => overwrite(file, 0)],
    ["damaged in its length", (file: string) => overwrite(file, 9)],
    ["damaged in its first byte", (file: string) => overwrite(file, HEADER_BYTES)],
    ["damaged in its middle", (file: string) => overwrite(file, MIB / 2)],
    ["damaged at its end", (file: string) => overwrite(file, HEADER_BYTES + MIB - 1)],
    ["cut short", (file: string) => fs.truncateSync(file, 1000)],
    ["cut short by a byte", (file: string) => fs.truncateSync(file, HEADER_BYTES + MIB - 1)],
    ["cut short in its header", (file: string) => fs.truncateSync(file, 10)],
    ["empty", (file: string) => fs.truncateSync(file, 0)],
    ["missing", (file: string) => fs.rmSync(file)],
    ["no file", replaceByDirectory],
  ])("says which file is %s, and loses that object only", async (_, harm) => {
    const refs = Array.from({ length: 9 }, (__, index) => ray.put(filled(index)));
    const [file] = spillFiles(directory);
    const [first, second] = refs;
    if (file === undefined || first === undefined || second === undefined) throw new Error("nothing spilled");
    harm(file);
    const error = await failure(ray.get(first));
    expect(error).toBeInstanceOf(ray.ObjectLostError);
    expect(error).toMatchObject({ objectId: first.id, path: file });
    expect(error.message).toContain(file);
    const size = ray.remote((array: Uint8Array) => array.length);
    const failed = await failure(ray.get(size.remote(first)));
    expect(failed.cause).toBeInstanceOf(ray.ObjectLostError);
    expect(isFilled(await ray.get(second), 1)).toBe(true);
  });

  it("says so when the disk does not take an object, and goes on", async () => {
    const session = path.basename(installedRuntime()?.peer.usage.handle.spillDirectory ?? "");
    expect(session).toContain(ray.getRuntimeContext().sessionId);
    const refs = Array.from({ length: 8 }, (_, index) => ray.put(filled(index)));
    fs.writeFileSync(path.join(directory, session), "a file in the way");
    const error = thrown(() => ray.put(filled(9)));
    expect(error).toBeInstanceOf(ray.ObjectStoreFullError);
    expect(error).toMatchObject({ path: expect.stringContaining(session) });
    expect(error.cause).toBeInstanceOf(Error);
    for (const [index, ref] of refs.entries()) expect(isFilled(await ray.get(ref), index)).toBe(true);
    fs.rmSync(path.join(directory, session));
    refs.push(ray.put(filled(8)));
    for (const [index, ref] of refs.entries()) expect(isFilled(await ray.get(ref), index)).toBe(true);
  });

  it("removes the files of a worker that ends", async () => {
    class Owner {
      #refs: ray.ObjectRef<Uint8Array>[] = [];
      fill(count: number): number {
        for (let i = 0; i < count; i++) this.#refs.push(ray.put(new Uint8Array(1024 * 1024).fill(i)));
        return this.#refs.length;
      }
      workerId(): string {
        return ray.getRuntimeContext().workerId;
      }
    }
    const owner = ray.remote(Owner).remote();
    expect(await ray.get(owner.fill.remote(20))).toBe(20);
    const thread = await ray.get(owner.workerId.remote());
    expect(spillFiles(directory).length).toBeGreaterThan(0);
    ray.kill(owner);
    while (workers().some(({ workerId }) => workerId === thread)); // each look asks the node
    expect(spillFiles(directory)).toEqual([]);
  });

  it("keeps results whose worker is gone", async () => {
    const make = ray.remote((value: number) => new Uint8Array(1024 * 1024).fill(value));
    const refs = Array.from({ length: 20 }, (_, index) => make.remote(index));
    await ray.wait(refs, { numReturns: refs.length });
    for (const { workerId } of workers()) terminateWorker(workerId);
    for (const [index, ref] of refs.entries()) expect(isFilled(await ray.get(ref), index)).toBe(true);
  });
});

describe("a full disk", () => {
  let directory: string;
  useSmallStore(1, (made) => (directory = made));

  /** Puts objects until the disk takes no more. */
  function fill(make: (index: number) => Uint8Array): ray.ObjectRef<Uint8Array>[] {
    const refs: ray.ObjectRef<Uint8Array>[] = [];
    const error = thrown(() => {
      while (refs.length < 40) refs.push(ray.put(make(refs.length)));
    });
    expect(error).toBeInstanceOf(ray.ObjectStoreFullError);
    expect(error.cause).toMatchObject({ code: "ENOSPC" });
    return refs;
  }

  it("leaves no part of what it did not take", () => {
    using disk = new SmallDisk(directory, 5.5 * MIB);
    expect(fill((index) => filled(index))).toHaveLength(8 + 5);
    const sizes = spillFiles(directory).map((file) => fs.statSync(file).size);
    expect(sizes).toEqual(Array.from({ length: 5 }, () => MIB + 24));
    expect(installedRuntime()?.peer.usage.spilledBytes).toBe(5 * MIB);
    expect(disk.freeBytes).toBeLessThan(MIB);
  });

  it("keeps no object from being read", async () => {
    using disk = new SmallDisk(directory, 5.5 * MIB);
    const refs = fill((index) => filled(index));
    for (let round = 0; round < 3; round++) {
      for (const [index, ref] of refs.entries())
        expect(isFilled(await ray.get(ref), index), `object ${index} in round ${round}`).toBe(true);
      await collectGarbage();
    }
    expect(residentBytes()).toBeLessThanOrEqual(9 * MIB);
    expect(disk.freeBytes).toBeLessThan(MIB);
  });

  it("keeps no object from being read when what is in memory is larger than what is on disk", async () => {
    using disk = new SmallDisk(directory, 2.2 * MIB);
    const small = Array.from({ length: 8 }, (_, index) => ray.put(filled(index, MIB / 4)));
    const large = Array.from({ length: 2 }, (_, index) => ray.put(filled(index, 4 * MIB)));
    expect(disk.freeBytes).toBeLessThan(MIB / 4);
    for (let round = 0; round < 3; round++) {
      for (const refs of [small, large]) {
        for (const [index, ref] of refs.entries()) expect(isFilled(await ray.get(ref), index)).toBe(true);
      }
      await collectGarbage();
    }
  });

  it("still takes out of memory what has a file there", async () => {
    using disk = new SmallDisk(directory, 5.5 * MIB);
    const refs = Array.from({ length: 13 }, (_, index) => ray.put(filled(index)));
    const [first] = refs;
    if (first === undefined) throw new Error("nothing was put");
    for (const ref of refs.splice(8)) ref[Symbol.dispose](); // of memory
    expect(isFilled(await ray.get(first), 0)).toBe(true);
    disk.sizeBytes = 0;
    await collectGarbage();
    for (let index = 0; index < 4; index++) refs.push(ray.put(filled(8 + index)));
    expect(residentBytes()).toBe(8 * MIB);
    refs.push(ray.put(filled(12)));
    for (const [index, ref] of refs.entries()) expect(isFilled(await ray.get(ref), index)).toBe(true);
  });

  it("keeps no object from being sent, also when it does not even take a name", async () => {
    using disk = new SmallDisk(directory, 5.5 * MIB);
    const refs = fill((index) => filled(index));
    disk.takesNames = false;
    const first = ray.remote((array: Uint8Array) => array[0]);
    for (const [index, ref] of refs.entries()) expect(await ray.get(first.remote(ref))).toBe(index);
  });

  it("names the object that cannot be had", async () => {
    using disk = new SmallDisk(directory, 40 * MIB);
    const refs = Array.from({ length: 24 }, (_, index) => ray.put(filled(index)));
    disk.sizeBytes = 0;
    const views: Uint8Array[] = [];
    let asked: string | undefined;
    const error = await failure(
      (async () => {
        for (const ref of refs) {
          asked = ref.id;
          views.push(await ray.get(ref));
        }
      })(),
    );
    expect(error).toBeInstanceOf(ray.ObjectStoreFullError);
    expect(error).toMatchObject({ objectId: asked });
    expect(error.message).toContain(asked);
    for (const [index, view] of views.entries()) expect(isFilled(view, index)).toBe(true);
  });
});

describe("memory()", () => {
  useSession();

  it("lists objects with size, owner, place and holders", async () => {
    class Keeper {
      refs: unknown[] = [];
      keep(box: { ref: ray.ObjectRef<Uint8Array> }): void {
        this.refs.push(box.ref);
      }
    }
    const keeper = ray.remote(Keeper).remote();
    const ref = ray.put(filled(1));
    const view = await ray.get(ref);
    await ray.get(keeper.keep.remote({ ref }));
    const { workerId } = ray.getRuntimeContext();
    const listed = (await ray.memory()).filter((object) => object.objectId === ref.id);
    const own = listed.find((object) => object.workerId === workerId);
    expect(own).toMatchObject({ label: "put", ownerId: workerId, where: "memory", liveViews: 1 });
    expect(own?.sizeBytes).toBeGreaterThanOrEqual(view.byteLength);
    const [borrower] = Object.keys(own?.borrowers ?? {});
    expect(listed.find((object) => object.workerId === borrower)).toMatchObject({ ownerId: workerId });
    ray.kill(keeper);
  });

  it("tells refs of unfinished work and of other objects from those of the program", async () => {
    const word = new Int32Array(new SharedArrayBuffer(4));
    const held = ray.remote(async (flags: Int32Array, argument: unknown) => {
      await Atomics.waitAsync(flags, 0, 0).value;
      return typeof argument;
    });
    const ref = ray.put(filled(1));
    const box = ray.put({ ref, large: filled(2) });
    const works = [held.remote(word, ref), held.remote(word, { ref }), held.remote(word, { ref })];
    const { workerId } = ray.getRuntimeContext();
    const own = async (): Promise<ray.ObjectMemory | undefined> =>
      (await ray.memory()).find((object) => object.objectId === ref.id && object.workerId === workerId);
    expect(await own()).toMatchObject({ localRefs: 1, usedByPendingTasks: 3, capturedInObjects: 1 });
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
    await ray.get(works);
    box[Symbol.dispose]();
    expect(await own()).toMatchObject({ localRefs: 1, usedByPendingTasks: 0, capturedInObjects: 0 });
  });

  it("can be asked inside a task", async () => {
    const ref = ray.put(filled(1));
    const list = ray.remote(async () => (await ray.memory()).map((object) => object.objectId));
    expect(await ray.get(list.remote())).toContain(ref.id);
  });

  it("names the thread that does not answer in time", async () => {
    const word = new Int32Array(new SharedArrayBuffer(8));
    const busy = ray.remote((flags: Int32Array) => {
      Atomics.store(flags, 1, 1);
      Atomics.notify(flags, 1);
      Atomics.wait(flags, 0, 0);
    });
    const ref = busy.remote(word);
    await Atomics.waitAsync(word, 1, 0).value;
    const error = await failure(ray.memory({ timeoutMs: 1 }));
    expect(error).toBeInstanceOf(ray.GetTimeoutError);
    expect(error.message).toContain("worker_");
    Atomics.store(word, 0, 1);
    Atomics.notify(word, 0);
    await ray.get(ref);
  });
});

describe("spillDirectory", () => {
  it("must be a directory that can be written to", async () => {
    const error = await failure(ray.init({ spillDirectory: path.join(os.tmpdir(), "not", "there") }));
    expect(error).toBeInstanceOf(ray.InvalidArgumentError);
    expect(error.message).toContain("spillDirectory");
  });

  it("is left as it was when the process exits in the middle", () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "spill-test-"));
    const program = `
      import fs from "node:fs";
      import * as ray from ${JSON.stringify(import.meta.resolve("@mantajs/runtime"))};
      const spillDirectory = ${JSON.stringify(directory)};
      await ray.init({ numCpus: 1, objectStoreMemory: ${8 * MIB}, spillDirectory });
      const refs = Array.from({ length: 12 }, () => ray.put(new Uint8Array(${MIB})));
      console.log(refs.length, fs.readdirSync(spillDirectory).length);
      process.exit(0);`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      encoding: "utf8",
    });
    expect(printed).toBe("12 1\n");
    expect(fs.readdirSync(directory)).toEqual([]);
    fs.rmSync(directory, { recursive: true });
  });
});
