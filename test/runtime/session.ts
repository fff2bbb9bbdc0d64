/** One session for each test, and the runtime's invariant after it: everything free, the store empty, no thread left. */
import * as ray from "@mantajs/runtime";
import { expectNothingLeft } from "@mantajs/runtime/testing";
import { afterEach, beforeEach, expect } from "vitest";

export function useSession(options: ray.InitOptions = { numCpus: 2 }): void {
  beforeEach(async () => {
    await ray.init({ logToDriver: false, ...options });
  });
  afterEach(async () => {
    if (!ray.isInitialized()) return;
    for (const { actorId, state } of ray.listActors()) if (state !== "DEAD") killById(actorId);
    await expectNothingLeft();
    expect(ray.availableResources()).toEqual(ray.clusterResources());
    await ray.shutdown();
    expect(ray.isInitialized()).toBe(false);
  });
}

const handles = new Map<string, ray.ActorHandle>();

/** Lets the invariant be checked although actors are still held by the test's variables. */
export function owned<T extends ray.ActorHandle>(handle: T): T {
  handles.set(String(handle), handle);
  return handle;
}

function killById(actorId: string): void {
  for (const [text, handle] of handles) {
    if (!text.includes(actorId)) continue;
    ray.kill(handle);
    handles.delete(text);
  }
}

/** The error that a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<ray.MantaError & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return error as ray.MantaError & Record<string, unknown>;
  }
  throw new Error("expected a rejection");
}

/** The error that a call throws. */
export function thrown(call: () => unknown): Error & Record<string, unknown> {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return error as Error & Record<string, unknown>;
  }
  throw new Error("expected an exception");
}
