/**
 * What Manta's workers run, under Ray's names: functions and classes of a module, so that they travel by reference.
 * Nothing here measures.
 */
import * as ray from "@mantajs/runtime";

import { OK } from "./payload.ts";

export function smallValue(): string {
  return OK;
}

/** Calls `one` `count` times. */
export function times<T>(count: number, one: () => T): T[] {
  return Array.from({ length: count }, one);
}

/** Ray's `Actor`. */
export class Server {
  smallValue(): string {
    return OK;
  }
  smallValueArg(_value: unknown): string {
    return OK;
  }
}

/** Ray's `AsyncActor`. */
export class AsyncServer {
  async smallValue(): Promise<string> {
    return OK;
  }
  async smallValueWithArg(_value: unknown): Promise<string> {
    return OK;
  }
}

type SmallValueHandle = ray.ActorHandle<{ smallValue(): unknown }>;

/** Ray's `Client`: an actor that calls other actors. */
export class Client {
  readonly #servers: readonly SmallValueHandle[];

  constructor(servers: readonly SmallValueHandle[]) {
    this.#servers = servers;
  }

  /** `count` calls on each server, one get at the end. */
  async smallValueBatch(count: number): Promise<void> {
    await ray.get(this.#servers.flatMap((server) => times(count, () => server.smallValue.remote())));
  }
}

/** Ray's `Client` with a ref to an object of its own as the argument of each call. */
export class ArgClient {
  readonly #server: ray.ActorHandle<Server>;

  constructor(server: ray.ActorHandle<Server>) {
    this.#server = server;
  }

  async smallValueBatchArg(count: number): Promise<void> {
    const arg = ray.put(0);
    await ray.get(times(count, () => this.#server.smallValueArg.remote(arg)));
  }
}

/** An actor that submits tasks. */
export class TaskClient {
  async smallValueBatch(count: number): Promise<void> {
    const task = ray.remote(smallValue);
    await ray.get(times(count, () => task.remote()));
  }
}

/** A task that calls actors in turn. */
export async function work(servers: readonly SmallValueHandle[], count: number): Promise<void> {
  const refs: ray.ObjectRef[] = [];
  for (let i = 0; i < count; i++) {
    const server = servers[i % servers.length];
    if (server === undefined) throw new RangeError("work() needs at least one actor");
    refs.push(server.smallValue.remote());
  }
  await ray.get(refs);
}

/** A task that puts small values. */
export function putSmall(count: number): void {
  for (let i = 0; i < count; i++) ray.put(0);
}

/** A task that puts arrays of `bytes` zeros. */
export function putLarge(count: number, bytes: number): void {
  const zeros = new Uint8Array(bytes);
  for (let i = 0; i < count; i++) {
    using ref = ray.put(zeros);
    void ref.id;
  }
}

/** A task whose result holds many refs. */
export function refsInside(count: number): ray.ObjectRef<number>[] {
  return times(count, () => ray.put(1));
}

/** A task that reads one byte of a large argument. */
export function firstByte(bytes: Uint8Array): number {
  return bytes[0] ?? -1;
}

/** Ray's list of ones, the argument and result of its envelope tests. */
export const LIST_LENGTH = 10_000;
export function ones(): number[] {
  return Array.from({ length: LIST_LENGTH }, () => 1);
}

/** A task with many list arguments. */
export function sumLists(...lists: number[][]): number {
  let total = 0;
  for (const list of lists) for (const value of list) total += value;
  return total;
}

/** A task with many list results. */
export function manyLists(count: number): number[][] {
  return times(count, ones);
}

/** A task that depends on many others. */
export function sum(...values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** A task that holds its worker until word 0 becomes 1. Counts itself in word 1. */
export function hold(gate: Int32Array): void {
  Atomics.add(gate, 1, 1);
  Atomics.notify(gate, 1);
  Atomics.wait(gate, 0, 0);
}

/** Milliseconds that importing the tuner takes inside a worker. */
export async function importTuneMs(): Promise<number> {
  const start = performance.now();
  await import("@mantajs/tune");
  return performance.now() - start;
}

/** An actor that is sent refs. */
export class Looker {
  async look({ ref }: { readonly ref: ray.ObjectRef<Uint8Array> }, really: boolean): Promise<number> {
    return really ? (await ray.get(ref)).length : 0;
  }
}

export function bytesOf(count: number): Uint8Array {
  return new Uint8Array(count);
}
